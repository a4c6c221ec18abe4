//! Weights: read from a model's tensors, brought from blocks of int8 to f32, and written back.

use std::ops::Range;

use super::onnx::{FLOAT, INT8, INT64, Tensor};

/// What is wrong with a model, as the end of a sentence.
pub(super) type Flaw = String;

/// A tensor with values that fit its shape.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Weights {
    pub shape: Vec<usize>,
    pub values: Values,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Values {
    Float(Vec<f32>),
    Int8(Vec<i8>),
    Int64(Vec<i64>),
}

impl Values {
    fn len(&self) -> usize {
        match self {
            Values::Float(values) => values.len(),
            Values::Int8(values) => values.len(),
            Values::Int64(values) => values.len(),
        }
    }
}

impl Weights {
    /// Of a tensor of one of the three types that the models have.
    pub fn read(tensor: &Tensor) -> Result<Self, Flaw> {
        let name = tensor.name.as_deref().unwrap_or_default();
        let values = match (tensor.data_type, &tensor.raw_data) {
            (Some(FLOAT), Some(raw)) => Values::Float(little_endian(raw, name, f32::from_le_bytes)?),
            (Some(FLOAT), None) => Values::Float(tensor.float_data.clone()),
            (Some(INT8), Some(raw)) => Values::Int8(raw.iter().map(|byte| byte.cast_signed()).collect()),
            (Some(INT8), None) => {
                let small = tensor.int32_data.iter().map(|value| i8::try_from(*value));
                Values::Int8(small.collect::<Result<_, _>>().map_err(|_| format!("a value of {name} is no int8"))?)
            }
            (Some(INT64), Some(raw)) => Values::Int64(little_endian(raw, name, i64::from_le_bytes)?),
            (Some(INT64), None) => Values::Int64(tensor.int64_data.clone()),
            (other, _) => return Err(format!("{name} is of the type {other:?}, which is not expected")),
        };
        let shape = tensor.dims.iter().map(|side| usize::try_from(*side));
        let shape: Vec<usize> = shape.collect::<Result<_, _>>().map_err(|_| format!("a side of {name} is negative"))?;
        if product(&shape) != Some(values.len()) {
            return Err(format!("{name} has {} values, which do not fit its shape {shape:?}", values.len()));
        }
        Ok(Self { shape, values })
    }

    /// As a tensor of a file. Weights that are int8 still are none that a file may keep.
    pub fn write(self, name: String) -> Result<Tensor, Flaw> {
        let (data_type, raw) = match self.values {
            Values::Float(values) => (FLOAT, bytes(&values, f32::to_le_bytes)),
            Values::Int64(values) => (INT64, bytes(&values, i64::to_le_bytes)),
            Values::Int8(_) => return Err(format!("{name} is used without being brought to f32")),
        };
        let dims = self.shape.iter().map(|side| i64::try_from(*side));
        let dims = dims.collect::<Result<_, _>>().map_err(|_| format!("a side of {name} is too long"))?;
        Ok(Tensor { dims, data_type: Some(data_type), name: Some(name), raw_data: Some(raw), ..Tensor::default() })
    }

    /// In another shape: 0 keeps a side, one -1 takes what is left (ONNX `Reshape`).
    pub fn reshaped(&self, shape: &Weights) -> Result<Self, Flaw> {
        let Values::Int64(sides) = &shape.values else { return Err("a shape is not of int64".to_owned()) };
        let mut known: Vec<Option<usize>> = Vec::with_capacity(sides.len());
        for (at, side) in sides.iter().enumerate() {
            known.push(match side {
                0 => Some(*self.shape.get(at).ok_or("a shape keeps a side that is not there")?),
                -1 => None,
                side => Some(usize::try_from(*side).map_err(|_| "a shape has a negative side")?),
            });
        }
        let given: Vec<usize> = known.iter().copied().flatten().collect();
        let left = match (product(&given), known.len() - given.len()) {
            (Some(_), 0) => 1,
            (Some(given), 1) if given > 0 => self.values.len() / given,
            _ => return Err("a shape is not one".to_owned()),
        };
        let shape: Vec<usize> = known.into_iter().map(|side| side.unwrap_or(left)).collect();
        if product(&shape) != Some(self.values.len()) {
            return Err(format!("weights do not fit the shape {shape:?}"));
        }
        Ok(Self { shape, values: self.values.clone() })
    }

    /// ONNX `DequantizeLinear` of opset 21: (value - zero) * scale, with one scale for all, one for each index of
    /// `axis`, or one for each `block` of indices of `axis`.
    pub fn dequantised(&self, scale: &Weights, zero: Option<&Weights>, axis: i64, block: i64) -> Result<Self, Flaw> {
        let (Values::Int8(values), Values::Float(scales)) = (&self.values, &scale.values) else {
            return Err("quantised weights are not int8 with scales of f32".to_owned());
        };
        let zeros = match zero.map(|zero| (&zero.values, &zero.shape)) {
            None => None,
            Some((Values::Int8(zeros), shape)) if *shape == scale.shape => Some(zeros.as_slice()),
            Some(_) => return Err("the zero points of quantised weights do not fit their scales".to_owned()),
        };
        let mut out = vec![0.0; values.len()];
        for run in Steps::new(&self.shape, &scale.shape, axis, block)?.runs(values.len()) {
            let missing = || "a scale of quantised weights is missing".to_owned();
            let given = values.get(run.values.clone()).zip(out.get_mut(run.values)).ok_or_else(missing)?;
            let scales = scales.get(run.scales.clone()).ok_or_else(missing)?;
            let zeros = zeros.map_or(&[][..], |zeros| &zeros[run.scales]);
            bring(given, scales, zeros);
        }
        Ok(Self { shape: self.shape.clone(), values: Values::Float(out) })
    }
}

/// Which scale holds for which value.
struct Steps {
    /// Values of one index of the axis, one after another.
    inner: usize,
    /// Indices of the axis.
    len: usize,
    of: Scales,
}

enum Scales {
    All,
    Axis,
    /// Indices that share a scale, and how many such blocks an axis has.
    Blocks {
        block: usize,
        count: usize,
    },
}

impl Steps {
    fn new(shape: &[usize], scales: &[usize], axis: i64, block: i64) -> Result<Self, Flaw> {
        let unfit = || format!("scales of the shape {scales:?} do not fit weights of the shape {shape:?}");
        if product(scales) == Some(1) && block == 0 {
            return Ok(Self { inner: product(shape).ok_or_else(unfit)?, len: 1, of: Scales::All });
        }
        let from_end = if axis < 0 { i64::try_from(shape.len()).map_err(|_| unfit())? } else { 0 };
        let axis = axis.checked_add(from_end).and_then(|axis| usize::try_from(axis).ok());
        let axis = axis.filter(|axis| *axis < shape.len()).ok_or_else(unfit)?;
        let (len, inner) = (shape[axis], product(&shape[axis + 1..]).ok_or_else(unfit)?);
        if block == 0 {
            let of = Scales::Axis;
            return if scales == [len] { Ok(Self { inner, len, of }) } else { Err(unfit()) };
        }
        let block = usize::try_from(block).map_err(|_| unfit())?;
        let mut expected = shape.to_vec();
        expected[axis] = len.div_ceil(block);
        if scales != expected {
            return Err(unfit());
        }
        Ok(Self { inner, len, of: Scales::Blocks { block, count: expected[axis] } })
    }

    /// All of so many values, in their order.
    fn runs(&self, values: usize) -> impl Iterator<Item = Run> + '_ {
        // Where an index has a single value, those that share a scale, or have one each, are taken together.
        let (len, one_each) = match self.of {
            Scales::All => (self.inner, false),
            Scales::Axis if self.inner == 1 => (self.len, true),
            Scales::Axis => (self.inner, false),
            Scales::Blocks { block, .. } if self.inner == 1 => (block, false),
            Scales::Blocks { .. } => (self.inner, true),
        };
        let of_outer = self.len.saturating_mul(self.inner).max(1);
        (0..values.div_ceil(of_outer)).flat_map(move |outer| {
            (0..of_outer).step_by(len.max(1)).map(move |within| {
                let index = within / self.inner.max(1);
                let first = match self.of {
                    Scales::All => 0,
                    Scales::Axis => index,
                    Scales::Blocks { block, count } => (outer * count + index / block) * self.inner,
                };
                let values = outer * of_outer + within..outer * of_outer + (within + len).min(of_outer);
                let many = if one_each { values.len() } else { 1 };
                Run { values, scales: first..first + many }
            })
        })
    }
}

/// Values that lie together: one scale is of all of them, or each has its own.
struct Run {
    values: Range<usize>,
    scales: Range<usize>,
}

/// Brings the values of a run to f32. Without zero points these are 0.
fn bring((values, out): (&[i8], &mut [f32]), scales: &[f32], zeros: &[i8]) {
    match (scales, zeros) {
        (&[scale], zeros) => {
            let zero = zeros.first().copied().map_or(0.0, f32::from);
            for (value, out) in values.iter().zip(out) {
                *out = (f32::from(*value) - zero) * scale;
            }
        }
        (scales, []) => {
            for ((value, out), scale) in values.iter().zip(out).zip(scales) {
                *out = f32::from(*value) * scale;
            }
        }
        (scales, zeros) => {
            for ((value, out), (scale, zero)) in values.iter().zip(out).zip(scales.iter().zip(zeros)) {
                *out = (f32::from(*value) - f32::from(*zero)) * scale;
            }
        }
    }
}

/// All sides multiplied; `None` where that is more than memory has addresses.
fn product(sides: &[usize]) -> Option<usize> {
    sides.iter().try_fold(1_usize, |product, side| product.checked_mul(*side))
}

fn little_endian<const N: usize, T>(raw: &[u8], name: &str, from: impl Fn([u8; N]) -> T) -> Result<Vec<T>, Flaw> {
    let (values, rest) = raw.as_chunks::<N>();
    if !rest.is_empty() {
        return Err(format!("the bytes of {name} are cut off"));
    }
    Ok(values.iter().map(|bytes| from(*bytes)).collect())
}

fn bytes<const N: usize, T: Copy>(values: &[T], to: impl Fn(T) -> [u8; N]) -> Vec<u8> {
    let mut bytes = vec![0; values.len() * N];
    for (bytes, value) in bytes.as_chunks_mut().0.iter_mut().zip(values) {
        *bytes = to(*value);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn int8(shape: &[usize], values: &[i8]) -> Weights {
        Weights { shape: shape.to_vec(), values: Values::Int8(values.to_vec()) }
    }

    fn float(shape: &[usize], values: &[f32]) -> Weights {
        Weights { shape: shape.to_vec(), values: Values::Float(values.to_vec()) }
    }

    #[test]
    fn scales_hold_for_all_for_an_axis_or_for_blocks_of_it() {
        let values = int8(&[2, 3], &[1, 2, 3, 4, 5, 6]);
        let all = values.dequantised(&float(&[], &[2.0]), Some(&int8(&[], &[1])), 1, 0);
        assert_eq!(all, Ok(float(&[2, 3], &[0.0, 2.0, 4.0, 6.0, 8.0, 10.0])));
        let rows = values.dequantised(&float(&[2], &[1.0, 10.0]), None, 0, 0);
        assert_eq!(rows, Ok(float(&[2, 3], &[1.0, 2.0, 3.0, 40.0, 50.0, 60.0])));
        let columns = values.dequantised(&float(&[3], &[1.0, 10.0, 100.0]), None, -1, 0);
        assert_eq!(columns, Ok(float(&[2, 3], &[1.0, 20.0, 300.0, 4.0, 50.0, 600.0])));
        let blocks = values.dequantised(&float(&[2, 2], &[1.0, 2.0, 3.0, 4.0]), None, 1, 2);
        assert_eq!(blocks, Ok(float(&[2, 3], &[1.0, 2.0, 6.0, 12.0, 15.0, 24.0])));
        let tall = values.dequantised(&float(&[1, 3], &[1.0, 2.0, 3.0]), None, 0, 2);
        assert_eq!(tall, Ok(float(&[2, 3], &[1.0, 4.0, 9.0, 4.0, 10.0, 18.0])));
    }

    #[test]
    fn scales_that_do_not_fit_are_refused() {
        let values = int8(&[2, 3], &[1, 2, 3, 4, 5, 6]);
        for (scale, axis, block) in [
            (float(&[2], &[1.0, 2.0]), 1, 0),
            (float(&[2, 2], &[1.0; 4]), 2, 2),
            (float(&[2, 2], &[1.0; 4]), 1, 3),
            (float(&[2, 2], &[1.0; 4]), i64::MIN, 2),
            (float(&[2, 2], &[1.0; 4]), 1, -1),
            (int8(&[2], &[1, 1]), 0, 0),
        ] {
            assert!(values.dequantised(&scale, None, axis, block).is_err(), "{scale:?} {axis} {block}");
        }
        let wrong_zero = int8(&[3], &[0; 3]);
        assert!(values.dequantised(&float(&[2], &[1.0; 2]), Some(&wrong_zero), 0, 0).is_err());
    }

    #[test]
    fn shapes_keep_and_infer_sides() {
        let values = int8(&[2, 3], &[1, 2, 3, 4, 5, 6]);
        let shape = |sides: &[i64]| Weights { shape: vec![sides.len()], values: Values::Int64(sides.to_vec()) };
        let reshaped = |sides: &[i64]| values.reshaped(&shape(sides)).map(|weights| weights.shape);
        assert_eq!(reshaped(&[3, 2]), Ok(vec![3, 2]));
        assert_eq!(reshaped(&[0, -1, 1]), Ok(vec![2, 3, 1]));
        assert_eq!(reshaped(&[-1]), Ok(vec![6]));
        for wrong in [&[4, 2][..], &[-1, -1], &[-2, 3], &[1, 1, 0], &[i64::MAX, i64::MAX], &[-1, i64::MAX]] {
            assert!(reshaped(wrong).is_err(), "{wrong:?}");
        }
    }
}
