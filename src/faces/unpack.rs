//! The published models are packed: their weights are int8 in blocks with a scale each ("int8bq"), which the runtime
//! does not read. They are brought back to f32 in memory, once for each process that looks at faces.

use std::collections::{HashMap, HashSet};

use prost::Message;

use super::onnx::{Dimension, FLOAT, Graph, Model, Node, OperatorSet, Shape, Side, TensorType, ValueInfo, ValueType};
use super::tensor::{Flaw, Weights};

/// The version of the operators that is left once nothing is quantised any more: the newest of them that these models
/// use came with it.
const OPSET: i64 = 13;

/// What the model's one input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Input {
    /// The size that the file says.
    Fixed,
    /// Three planes of any height and width; the file says 640 x 640.
    AnySize,
}

/// A packed model as an ONNX file of f32.
///
/// - `DequantizeLinear` and `Reshape` of weights are worked out here.
/// - `Dropout`, which does nothing once a model is trained, becomes `Identity`.
/// - Weights that nothing takes any more are left out, also from the list of inputs.
///
/// # Errors
/// A flaw of the model. Any bytes can be handed in.
pub(super) fn unpack(packed: &[u8], input: Input) -> Result<Vec<u8>, Flaw> {
    let mut model = Model::decode(packed).map_err(|error| format!("it is no ONNX file: {error}"))?;
    let graph = model.graph.take().ok_or("it has no graph")?;
    let unpacked = unpack_graph(graph, input)?;
    model.graph = Some(unpacked);
    model.opset_import = vec![OperatorSet { domain: None, version: Some(OPSET) }];
    Ok(model.encode_to_vec())
}

fn unpack_graph(graph: Graph, input: Input) -> Result<Graph, Flaw> {
    let mut weights: HashMap<String, Weights> = HashMap::new();
    for tensor in &graph.initializer {
        weights.insert(tensor.name.clone().unwrap_or_default(), Weights::read(tensor)?);
    }
    // Room is given back as early as can be: the larger model takes 43 MB as f32.
    drop(graph.initializer);
    let mut nodes = Vec::with_capacity(graph.node.len());
    for node in graph.node {
        match worked_out(&node, &weights)? {
            Some((name, made)) => {
                weights.insert(name, made);
            }
            None if node.is("Dropout") => nodes.push(identity(&node)?),
            None => nodes.push(node),
        }
    }
    let mut unpacked = Graph { node: nodes, name: graph.name, output: graph.output, ..Graph::default() };
    let wanted = unpacked.wanted();
    unpacked.input = inputs(graph.input, &weights, &wanted);
    let mut kept: Vec<(String, Weights)> = weights.into_iter().filter(|(name, _)| wanted.contains(name)).collect();
    // The same model makes the same bytes.
    kept.sort_by(|(a, _), (b, _)| a.cmp(b));
    for (name, weights) in kept {
        unpacked.initializer.push(weights.write(name)?);
    }
    if input == Input::AnySize {
        let [only] = &mut unpacked.input[..] else { return Err("it has not exactly one input".to_owned()) };
        only.kind = Some(tensor_of_f32(Some(any_size())));
        for output in &mut unpacked.output {
            output.kind = Some(tensor_of_f32(None));
        }
    }
    Ok(unpacked)
}

/// What a node makes of weights alone, and its name.
fn worked_out(node: &Node, weights: &HashMap<String, Weights>) -> Result<Option<(String, Weights)>, Flaw> {
    let taken: Option<Vec<&Weights>> = node.input.iter().map(|name| weights.get(name)).collect();
    let Some(taken) = taken else { return Ok(None) };
    let made = match taken[..] {
        [values, scale] if node.is("DequantizeLinear") => dequantised(node, values, scale, None)?,
        [values, scale, zero] if node.is("DequantizeLinear") => dequantised(node, values, scale, Some(zero))?,
        [values, shape] if node.is("Reshape") => values.reshaped(shape)?,
        _ => return Ok(None),
    };
    let name = node.output.first().ok_or("a node makes nothing")?;
    Ok(Some((name.clone(), made)))
}

fn dequantised(node: &Node, values: &Weights, scale: &Weights, zero: Option<&Weights>) -> Result<Weights, Flaw> {
    // Both defaults are ONNX's.
    values.dequantised(scale, zero, node.int("axis").unwrap_or(1), node.int("block_size").unwrap_or(0))
}

fn identity(dropout: &Node) -> Result<Node, Flaw> {
    let (Some(from), Some(to)) = (dropout.input.first(), dropout.output.first()) else {
        return Err("a Dropout takes or makes nothing".to_owned());
    };
    Ok(Node {
        input: vec![from.clone()],
        output: vec![to.clone()],
        name: dropout.name.clone(),
        op_type: Some("Identity".to_owned()),
        ..Node::default()
    })
}

/// Old files list their weights as inputs, too.
fn inputs(listed: Vec<ValueInfo>, weights: &HashMap<String, Weights>, wanted: &HashSet<String>) -> Vec<ValueInfo> {
    let real = |input: &ValueInfo| {
        input.name.as_ref().is_some_and(|name| wanted.contains(name) && !weights.contains_key(name))
    };
    listed.into_iter().filter(real).collect()
}

fn tensor_of_f32(shape: Option<Shape>) -> ValueType {
    ValueType { tensor: Some(TensorType { elem_type: Some(FLOAT), shape }) }
}

/// One picture of three planes.
fn any_size() -> Shape {
    let side = |side| Dimension { side: Some(side) };
    let named = |name: &str| side(Side::Param(name.to_owned()));
    Shape { dim: vec![side(Side::Value(1)), side(Side::Value(3)), named("height"), named("width")] }
}

#[cfg(test)]
mod tests {
    use super::super::models::DETECTOR;
    use super::*;

    #[test]
    fn the_detector_is_unpacked_to_floats_of_any_size() {
        let unpacked = unpack(DETECTOR.built_in(), Input::AnySize).expect("unpacks");
        assert_eq!(unpacked, unpack(DETECTOR.built_in(), Input::AnySize).expect("unpacks"));
        let graph = Model::decode(&unpacked[..]).expect("decodes").graph.expect("a graph");
        assert_eq!((graph.input.len(), graph.output.len()), (1, 12));
        assert!(graph.initializer.iter().all(|tensor| tensor.data_type != Some(super::super::onnx::INT8)));
        assert!(graph.node.iter().all(|node| !node.is("DequantizeLinear") && !node.is("Dropout")));
    }

    #[test]
    fn bytes_that_are_no_model_are_errors() {
        for bytes in [&b""[..], b"ONNX", &[0xff; 64], &[0x3a, 0xff, 0xff, 0xff, 0xff, 0x0f]] {
            assert!(unpack(bytes, Input::Fixed).is_err());
        }
    }

    /// Cut anywhere, and with bytes changed anywhere: an error or another model, but an answer.
    #[test]
    fn damaged_models_do_not_panic() {
        let whole = DETECTOR.built_in();
        for cut in (0..whole.len()).step_by(1009) {
            let _ = unpack(&whole[..cut], Input::AnySize);
        }
        // Marsaglia's xorshift: the same places in each run.
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state >> 16).unwrap_or(0)
        };
        // Most of a model are weights, which may be anything: headers and names stand at the start of tensors.
        let names: Vec<usize> = (0..whole.len() - 4).filter(|at| whole[*at..].starts_with(b"\x08")).collect();
        for round in 0..600 {
            let mut bytes = whole.to_vec();
            for _ in 0..1 + round % 5 {
                let at = if next() % 2 == 0 { names[next() % names.len()] + next() % 4 } else { next() % whole.len() };
                bytes[at] = u8::try_from(next() % 256).unwrap_or(0);
            }
            let _ = unpack(&bytes, Input::AnySize);
        }
    }
}
