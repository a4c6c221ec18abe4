//! Files made while the tests run: RAW containers around real JPEGs, and headers that mean harm.

use photoctl::imaging::Format;
use turbojpeg::{Compressor, Image, PixelFormat, Subsamp};

/// A picture with structure everywhere: three bytes a pixel.
pub fn scene(width: usize, height: usize) -> Vec<u8> {
    let mut rgb = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            let disc = (x * 2 % width).abs_diff(width / 2).pow(2) + y.abs_diff(height / 2).pow(2) < (height / 4).pow(2);
            rgb.push(if disc { 220 } else { (x * 200 / width) as u8 });
            rgb.push((y * 200 / height) as u8 + 20);
            rgb.push(if disc { 60 } else { ((x + y) * 120 / (width + height)) as u8 + 60 });
        }
    }
    rgb
}

/// The scene as an ordinary camera JPEG, 4:2:0.
pub fn scene_jpeg(width: usize, height: usize) -> Vec<u8> {
    let rgb = scene(width, height);
    let mut compressor = Compressor::new().expect("compressor");
    compressor.set_quality(92).expect("quality");
    compressor.set_subsamp(Subsamp::Sub2x2).expect("subsampling");
    compressor
        .compress_to_vec(Image { pixels: &rgb[..], width, pitch: width * 3, height, format: PixelFormat::RGB })
        .expect("encodes")
}

/// A JPEG with one more segment right behind its first two bytes.
pub fn with_segment(jpeg: &[u8], marker: u8, body: &[u8]) -> Vec<u8> {
    let len = u16::try_from(body.len() + 2).expect("fits a segment");
    [&jpeg[..2], &[0xff, marker], &len.to_be_bytes(), body, &jpeg[2..]].concat()
}

/// A tag with its values.
#[derive(Clone)]
pub enum Value {
    Text(&'static str),
    Short(Vec<u16>),
    Long(Vec<u32>),
    Rational(Vec<(u32, u32)>),
    Bytes(Vec<u8>),
    /// Points to a table, or to several.
    Tables(Vec<Vec<(u16, Value)>>),
    /// Points to bytes that lie in the file on their own: the offset of them.
    Blob(Vec<u8>),
}

/// Writes a TIFF structure (little-endian) with the tables chained, as `head` begins it.
pub fn tiff(head: [u8; 4], tables: &[Vec<(u16, Value)>]) -> Vec<u8> {
    let mut out = head.to_vec();
    out.extend(8_u32.to_le_bytes());
    for (index, table) in tables.iter().enumerate() {
        let next_at = put_table(&mut out, table);
        if index + 1 < tables.len() {
            let next = out.len() as u32;
            out[next_at..next_at + 4].copy_from_slice(&next.to_le_bytes());
        }
    }
    out
}

/// Appends a table and everything it points to; answers where its link to the next table is.
fn put_table(out: &mut Vec<u8>, table: &[(u16, Value)]) -> usize {
    let start = out.len();
    let next_at = start + 2 + 12 * table.len();
    out.resize(next_at + 4, 0);
    out[start..start + 2].copy_from_slice(&(table.len() as u16).to_le_bytes());
    for (index, (tag, value)) in table.iter().enumerate() {
        let (kind, count, bytes): (u16, usize, Vec<u8>) = match value {
            Value::Text(text) => (2, text.len() + 1, [text.as_bytes(), &[0]].concat()),
            Value::Short(values) => (3, values.len(), values.iter().flat_map(|v| v.to_le_bytes()).collect()),
            Value::Long(values) => (4, values.len(), values.iter().flat_map(|v| v.to_le_bytes()).collect()),
            Value::Rational(values) => (
                5,
                values.len(),
                values.iter().flat_map(|(a, b)| [a.to_le_bytes(), b.to_le_bytes()].concat()).collect(),
            ),
            Value::Bytes(bytes) => (7, bytes.len(), bytes.clone()),
            Value::Tables(tables) => {
                let offsets = tables.iter().map(|table| {
                    let at = out.len() as u32;
                    put_table(out, table);
                    at.to_le_bytes()
                });
                let offsets: Vec<u8> = offsets.collect::<Vec<_>>().concat();
                (4, tables.len(), offsets)
            }
            Value::Blob(bytes) => {
                let at = out.len() as u32;
                out.extend(bytes);
                (4, 1, at.to_le_bytes().to_vec())
            }
        };
        let entry = start + 2 + 12 * index;
        out[entry..entry + 2].copy_from_slice(&tag.to_le_bytes());
        out[entry + 2..entry + 4].copy_from_slice(&kind.to_le_bytes());
        out[entry + 4..entry + 8].copy_from_slice(&(count as u32).to_le_bytes());
        if bytes.len() <= 4 {
            out[entry + 8..entry + 8 + bytes.len()].copy_from_slice(&bytes);
        } else {
            let at = out.len() as u32;
            out[entry + 8..entry + 12].copy_from_slice(&at.to_le_bytes());
            out.extend(bytes);
        }
    }
    next_at
}

/// What a camera writes about a shot.
#[derive(Default)]
pub struct Exif {
    pub make: &'static str,
    pub orientation: u16,
    pub gps: bool,
    pub adobe_rgb: bool,
}

impl Exif {
    pub fn first(&self) -> Vec<(u16, Value)> {
        let mut first = vec![
            (0x010f, Value::Text(if self.make.is_empty() { "Maker" } else { self.make })),
            (0x0110, Value::Text("Model X  ")),
            (0x0112, Value::Short(vec![self.orientation.max(1)])),
            (0x8769, Value::Tables(vec![self.exif()])),
        ];
        if self.gps {
            first.push((0x8825, Value::Tables(vec![gps()])));
        }
        first
    }

    pub fn exif(&self) -> Vec<(u16, Value)> {
        let mut exif = vec![
            (0x9003, Value::Text("2026:06:01 14:00:05")),
            (0x9011, Value::Text("+02:00")),
            (0x9291, Value::Text("25")),
            (0xa431, Value::Text("SN-0042")),
            (0xa434, Value::Text("50mm F1.4")),
        ];
        if self.adobe_rgb {
            exif.push((0xa005, Value::Tables(vec![vec![(1, Value::Text("R03"))]])));
        }
        exif
    }

    /// The body of an APP1 segment.
    pub fn app1(&self) -> Vec<u8> {
        [b"Exif\0\0".to_vec(), tiff(*b"II*\0", &[self.first()])].concat()
    }
}

/// Bodies of APP1 segments that are no Exif that could be read, with what is wrong with each.
pub fn broken_exif() -> Vec<(&'static str, Vec<u8>)> {
    let body = |bytes: &[u8]| [&b"Exif\0\0"[..], bytes].concat();
    // A table that is its own sub-table, its own successor, and its own place on earth.
    let mut circle = tiff(*b"II*\0", &[vec![(0x8769, Value::Long(vec![8])), (0x8825, Value::Long(vec![8]))]]);
    let next = circle.len() - 4;
    circle[next..].copy_from_slice(&8_u32.to_le_bytes());
    let mut far = tiff(*b"II*\0", &[vec![(0x010f, Value::Text("Some maker of cameras"))]]);
    far[18..22].copy_from_slice(&u32::MAX.to_le_bytes());
    let mut endless = tiff(*b"II*\0", &[vec![(0x010f, Value::Text("Some maker of cameras"))]]);
    endless[14..18].copy_from_slice(&u32::MAX.to_le_bytes());
    let many = tiff(*b"II*\0", &[vec![(0x0112, Value::Short(vec![6])); 3000]]);
    vec![
        ("nothing", body(b"")),
        ("noise", body(&[0xa5; 300])),
        ("a circle", body(&circle)),
        ("an offset far away", body(&far)),
        ("an endless text", body(&endless)),
        ("too many entries", body(&many)),
        ("a byte order only", body(b"II")),
    ]
}

pub fn gps() -> Vec<(u16, Value)> {
    vec![
        (1, Value::Text("N")),
        (2, Value::Rational(vec![(52, 1), (30, 1), (36, 1)])),
        (3, Value::Text("W")),
        (4, Value::Rational(vec![(13, 1), (24, 1), (0, 1)])),
    ]
}

/// A JPEG with all of it.
pub fn camera_jpeg(width: usize, height: usize, orientation: u16) -> Vec<u8> {
    with_segment(&scene_jpeg(width, height), 0xe1, &Exif { orientation, gps: true, ..Exif::default() }.app1())
}

/// A RAW file of a kind around a JPEG as its largest preview, with `sensor_bytes` of what would be the sensor's data.
/// The camera was held upright: orientation 6. Some have a smaller preview too, to be passed over. The sensor's data comes
/// last, as cameras write it.
pub fn raw_file(format: Format, jpeg: &[u8], sensor_bytes: usize) -> Vec<u8> {
    let small = scene_jpeg(160, 120);
    let sensor = vec![0x5a; sensor_bytes];
    let exif = |make| Exif { make, orientation: 6, gps: true, ..Exif::default() };
    let pointer =
        |jpeg: &[u8]| vec![(0x0201, Value::Blob(jpeg.to_vec())), (0x0202, Value::Long(vec![jpeg.len() as u32]))];
    let raw_table = || {
        vec![
            (0x0103, Value::Short(vec![34713])),
            (0x0106, Value::Short(vec![32803])),
            (0x0111, Value::Blob(sensor.clone())),
            (0x0117, Value::Long(vec![sensor.len() as u32])),
        ]
    };
    let strip = |jpeg: &[u8], compression| {
        vec![
            (0x0103, Value::Short(vec![compression])),
            (0x0111, Value::Blob(jpeg.to_vec())),
            (0x0117, Value::Long(vec![jpeg.len() as u32])),
        ]
    };
    match format {
        Format::Nef => {
            let first =
                [exif("NIKON CORPORATION").first(), vec![(0x014a, Value::Tables(vec![pointer(jpeg)]))]].concat();
            tiff(*b"II*\0", &[first, [pointer(&small), vec![(0x014a, Value::Tables(vec![raw_table()]))]].concat()])
        }
        Format::Arw => {
            let first = [exif("SONY").first(), pointer(jpeg)].concat();
            tiff(*b"II*\0", &[first, [pointer(&small), vec![(0x014a, Value::Tables(vec![raw_table()]))]].concat()])
        }
        Format::Dng => {
            let tables = Value::Tables(vec![strip(jpeg, 7), raw_table()]);
            let first = [exif("Leica").first(), vec![(0x014a, tables), (0xc612, Value::Bytes(vec![1, 4, 0, 0]))]];
            tiff(*b"II*\0", &[first.concat()])
        }
        Format::Cr2 => {
            let first = [exif("Canon").first(), strip(jpeg, 6)].concat();
            let mut file = tiff(*b"II*\0", &[first, pointer(&small), raw_table()]);
            // Canon's own mark stands where the first table would begin.
            shift_first_table(&mut file, b"CR\x02\0\0\0\0\0");
            file
        }
        Format::Orf => olympus(jpeg, &sensor),
        Format::Rw2 => {
            let first =
                [exif("Panasonic").first(), vec![(0x002e, Value::Bytes(jpeg.to_vec())), (0x0118, Value::Blob(sensor))]];
            tiff(*b"IIU\0", &[first.concat()])
        }
        Format::Raf => fujifilm(jpeg, &sensor),
        Format::Cr3 => canon_boxes(jpeg, &small, &sensor),
        other => panic!("{other} is no RAW"),
    }
}

/// Moves the first table to the end of the file and puts `mark` in its place. The table's values stay where they are.
fn shift_first_table(file: &mut Vec<u8>, mark: &[u8]) {
    let count = usize::from(u16::from_le_bytes([file[8], file[9]]));
    let table = file[8..8 + 2 + 12 * count + 4].to_vec();
    let at = file.len() as u32;
    file[4..8].copy_from_slice(&at.to_le_bytes());
    file[8..8 + mark.len()].copy_from_slice(mark);
    file.extend(table);
}

fn olympus(jpeg: &[u8], sensor: &[u8]) -> Vec<u8> {
    // The maker note is a structure of its own: offsets are counted from its first byte.
    let settings = vec![(0x0101, Value::Blob(jpeg.to_vec())), (0x0102, Value::Long(vec![jpeg.len() as u32]))];
    let mut note = b"OLYMPUS\0II\x03\0".to_vec();
    put_table(&mut note, &[(0x2020, Value::Tables(vec![settings]))]);
    let mut exif = Exif { make: "OLYMPUS", orientation: 6, ..Exif::default() };
    exif.gps = true;
    let mut first = exif.first();
    let mut inner = exif.exif();
    inner.push((0x927c, Value::Bytes(note)));
    first.retain(|(tag, _)| *tag != 0x8769);
    first.push((0x8769, Value::Tables(vec![inner])));
    first.push((0x0111, Value::Blob(sensor.to_vec())));
    first.push((0x0117, Value::Long(vec![sensor.len() as u32])));
    tiff(*b"IIRO", &[first])
}

fn fujifilm(jpeg: &[u8], sensor: &[u8]) -> Vec<u8> {
    let exif = Exif { make: "FUJIFILM", orientation: 6, gps: true, ..Exif::default() };
    let jpeg = with_segment(jpeg, 0xe1, &exif.app1());
    let mut file = b"FUJIFILMCCD-RAW 0201FF129502X-T3".to_vec();
    file.resize(84, 0);
    let at = 160_u32;
    for number in [at, jpeg.len() as u32, 0, 0, at + jpeg.len() as u32, sensor.len() as u32] {
        file.extend(number.to_be_bytes());
    }
    file.resize(at as usize, 0);
    [&file, &jpeg[..], sensor].concat()
}

fn part(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    [&(body.len() as u32 + 8).to_be_bytes()[..], kind, body].concat()
}

fn canon_boxes(jpeg: &[u8], small: &[u8], sensor: &[u8]) -> Vec<u8> {
    let exif = Exif { make: "Canon", orientation: 6, ..Exif::default() };
    let mut first = exif.first();
    first.retain(|(tag, _)| *tag != 0x8769);
    let tags = [
        part(b"CMT1", &tiff(*b"II*\0", &[first])),
        part(b"CMT2", &tiff(*b"II*\0", &[exif.exif()])),
        part(b"CMT4", &tiff(*b"II*\0", &[gps()])),
        part(b"THMB", &[&[0; 12][..], small].concat()),
    ];
    let uuid = [hex("85c0b687820f11e08111f4ce462b6a48"), tags.concat()].concat();
    let track = |offset: u64, size: u32| {
        let table = [
            part(b"stsz", &[&[0; 4][..], &size.to_be_bytes(), &1_u32.to_be_bytes()].concat()),
            part(b"co64", &[&[0; 4][..], &1_u32.to_be_bytes(), &offset.to_be_bytes()].concat()),
        ];
        part(b"trak", &part(b"mdia", &part(b"minf", &part(b"stbl", &table.concat()))))
    };
    let head = part(b"ftyp", b"crx \0\0\0\x01crx isom");
    let movie = |data_at: u64| {
        let tracks = [track(data_at, jpeg.len() as u32), track(data_at + jpeg.len() as u64, sensor.len() as u32)];
        part(b"moov", &[part(b"uuid", &uuid), tracks.concat()].concat())
    };
    let preview = [hex("eaf42b5e1c984b88b9fbb7dc406e4d16"), vec![0; 8], part(b"PRVW", &[&[0; 16][..], small].concat())];
    let preview = part(b"uuid", &preview.concat());
    let data_at = (head.len() + movie(0).len() + preview.len() + 8) as u64;
    [head, movie(data_at), preview, part(b"mdat", &[jpeg, sensor].concat())].concat()
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex")).collect()
}

/// A PNG chunk with its check sum.
pub fn chunk(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut crc = u32::MAX;
    for byte in kind.iter().chain(body) {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        }
    }
    [&(body.len() as u32).to_be_bytes()[..], kind, body, &(!crc).to_be_bytes()].concat()
}
