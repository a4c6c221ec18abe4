//! The PDF file around the pages: fonts with only the letters that are used, no date, no random id.

use std::collections::BTreeMap;
use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr};
use rustybuzz::ttf_parser::{GlyphId, RawFace, Tag, name_id};
use subsetter::GlyphRemapper;

use super::fonts::{Fonts, Glyph};
use super::pdf::Drawing;
use super::sheet::{MM, Paper};
use crate::error::{Error, Kind, Result};
use crate::model::digest::Sha256;

const SYSTEM: SystemInfo<'static> = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// A document being written.
pub(super) struct Document<'f, 'a> {
    title: &'f str,
    paper: Paper,
    fonts: &'f Fonts<'a>,
    used: Vec<Used>,
    pages: Vec<Vec<u8>>,
}

/// What is used of a font.
#[derive(Default)]
struct Used {
    ids: GlyphRemapper,
    /// By new id: the old one, and what it stands for.
    glyphs: BTreeMap<u16, (u16, String)>,
}

/// Numbers of the objects.
struct Ids(i32);

impl Ids {
    fn next(&mut self) -> Ref {
        self.0 += 1;
        Ref::new(self.0)
    }
}

impl<'f, 'a> Document<'f, 'a> {
    pub fn new(title: &'f str, paper: Paper, fonts: &'f Fonts<'a>) -> Self {
        let used = (0..fonts.count()).map(|_| Used::default()).collect();
        Self { title, paper, fonts, used, pages: Vec::new() }
    }

    /// The name of a font within pages.
    pub fn font_name(font: usize) -> String {
        format!("F{font}")
    }

    /// The number that a glyph has in the document's own font.
    pub fn glyph(&mut self, glyph: &Glyph) -> u16 {
        let used = &mut self.used[glyph.font];
        let id = used.ids.remap(glyph.id);
        let (_, text) = used.glyphs.entry(id).or_insert_with(|| (glyph.id, String::new()));
        // The box that stands for a letter which no font has stands for none.
        if text.is_empty() && glyph.id != 0 {
            text.clone_from(&glyph.text);
        }
        id
    }

    pub fn page(&mut self, drawing: Drawing) {
        self.pages.push(compressed(&drawing.finish()));
    }

    /// The bytes of the file.
    ///
    /// # Errors
    /// [`Kind::BadFile`] when a font can not be cut to what is used.
    pub fn finish(self) -> Result<Vec<u8>> {
        let mut pdf = Pdf::new();
        let mut ids = Ids(0);
        let (catalog, tree, info) = (ids.next(), ids.next(), ids.next());
        pdf.catalog(catalog).pages(tree);
        pdf.document_info(info).title(TextStr(self.title)).producer(TextStr("photoctl"));
        let mut fonts = Vec::new();
        for (font, used) in self.used.iter().enumerate().filter(|(_, used)| !used.glyphs.is_empty()) {
            fonts.push((Self::font_name(font), self.write_font(&mut pdf, &mut ids, font, used)?));
        }
        let (width, height) = self.paper.size();
        let mut kids = Vec::new();
        let mut digest = Vec::new();
        for content in &self.pages {
            let (page_id, content_id) = (ids.next(), ids.next());
            let mut page = pdf.page(page_id);
            page.media_box(Rect::new(0.0, 0.0, width * MM, height * MM)).parent(tree).contents(content_id);
            let mut resources = page.resources();
            let mut named = resources.fonts();
            for (name, id) in &fonts {
                named.pair(Name(name.as_bytes()), *id);
            }
            named.finish();
            resources.finish();
            page.finish();
            pdf.stream(content_id, content).filter(Filter::FlateDecode);
            digest.extend_from_slice(Sha256::of(content).as_bytes());
            kids.push(page_id);
        }
        let count = i32::try_from(kids.len()).unwrap_or(i32::MAX);
        pdf.pages(tree).kids(kids).count(count);
        // Readers tell versions of a file apart by this: the same pages have the same.
        let id = Sha256::of(&digest).as_bytes()[..16].to_vec();
        pdf.set_file_id((id.clone(), id));
        Ok(pdf.finish())
    }

    fn write_font(&self, pdf: &mut Pdf, ids: &mut Ids, font: usize, used: &Used) -> Result<Ref> {
        let face = self.fonts.face(font);
        let unusable = |error: &dyn std::fmt::Display| {
            Error::new(Kind::BadFile, format!("the font {} can not be embedded: {error}", name_of(face)))
        };
        let cut = subsetter::subset(self.fonts.file(font), 0, &used.ids).map_err(|error| unusable(&error))?;
        let is_cff = face.tables().cff.is_some() && face.tables().glyf.is_none();
        let name = format!("PHOTO{}+{}", char::from(b'A' + u8::try_from(font % 26).unwrap_or(0)), name_of(face));
        let base = Name(name.as_bytes());
        let [whole, cid, descriptor, unicode, file] = std::array::from_fn(|_| ids.next());
        pdf.type0_font(whole)
            .base_font(base)
            .encoding_predefined(Name(b"Identity-H"))
            .descendant_font(cid)
            .to_unicode(unicode);
        let share = |units: f32| units * 1000.0 / f32::from(face.units_per_em().max(1) as u16);
        let mut written = pdf.cid_font(cid);
        written.subtype(if is_cff { CidFontType::Type0 } else { CidFontType::Type2 });
        written.base_font(base).system_info(SYSTEM).font_descriptor(descriptor).default_width(0.0);
        if !is_cff {
            written.cid_to_gid_map_predefined(Name(b"Identity"));
        }
        let mut widths = written.widths();
        for (id, (old, _)) in &used.glyphs {
            let width = face.glyph_hor_advance(GlyphId(*old)).unwrap_or(0);
            widths.consecutive(*id, [share(f32::from(width))]);
        }
        widths.finish();
        written.finish();
        let bounds = face.global_bounding_box();
        let side = |units: i16| share(f32::from(units));
        let mut written = pdf.font_descriptor(descriptor);
        written.name(base).flags(FontFlags::SYMBOLIC).italic_angle(0.0).stem_v(120.0);
        written.bbox(Rect::new(side(bounds.x_min), side(bounds.y_min), side(bounds.x_max), side(bounds.y_max)));
        written.ascent(side(face.ascender())).descent(side(face.descender()));
        written.cap_height(side(face.capital_height().unwrap_or(face.ascender())));
        if is_cff {
            written.font_file3(file)
        } else {
            written.font_file2(file)
        };
        written.finish();
        let mut letters = UnicodeCmap::<u16>::new(Name(b"Letters"), SYSTEM);
        for (id, (_, text)) in used.glyphs.iter().filter(|(_, (_, text))| !text.is_empty()) {
            letters.pair_with_multiple(*id, text.chars());
        }
        pdf.cmap(unicode, &compressed(&letters.finish().into_vec())).filter(Filter::FlateDecode);
        let table = |error| unusable(&error);
        let bytes = if is_cff { cff_of(&cut).ok_or("it has no outlines").map_err(table)? } else { &cut };
        let packed = compressed(bytes);
        let mut stream = pdf.stream(file, &packed);
        stream.filter(Filter::FlateDecode);
        if is_cff {
            stream.pair(Name(b"Subtype"), Name(b"CIDFontType0C"));
        } else {
            stream.pair(Name(b"Length1"), i32::try_from(bytes.len()).unwrap_or(i32::MAX));
        }
        stream.finish();
        Ok(whole)
    }
}

fn cff_of(font: &[u8]) -> Option<&[u8]> {
    RawFace::parse(font, 0).ok()?.table(Tag::from_bytes(b"CFF "))
}

/// The PostScript name of a font, as PDF takes it.
fn name_of(face: &rustybuzz::Face<'_>) -> String {
    let names = face.names().into_iter();
    let name = names.filter(|name| name.name_id == name_id::POST_SCRIPT_NAME).find_map(|name| name.to_string());
    let name: String =
        name.unwrap_or_default().chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(60).collect();
    if name.is_empty() { "Font".to_owned() } else { name }
}

fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    // Writing into memory does not fail.
    let _infallible = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}
