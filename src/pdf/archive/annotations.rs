//! Annotations: allowed types, flags, and an appearance for each (6.3).

use std::collections::BTreeSet;

use lopdf::{Dictionary, Document, Object, ObjectId};

use super::{Log, appearance};
use crate::{
    domain::EventCode,
    pdf::{fonts::FontFolder, object, pages, validate::Part},
};

/// The types that PDF/A-2 takes (ISO 19005-2, 6.3.1), but for file attachments, which depend on what they attach.
const ALLOWED: [&[u8]; 18] = [
    b"Text",
    b"Link",
    b"FreeText",
    b"Line",
    b"Square",
    b"Circle",
    b"Polygon",
    b"PolyLine",
    b"Highlight",
    b"Underline",
    b"Squiggly",
    b"StrikeOut",
    b"Stamp",
    b"Caret",
    b"Ink",
    b"Popup",
    b"PrinterMark",
    b"Watermark",
];

/// Those of them that came with PDF 1.5 or later.
const BEYOND_PDF14: [&[u8]; 4] = [b"Polygon", b"PolyLine", b"Caret", b"Watermark"];

/// Annotation flags by their bits.
pub(crate) mod flag {
    pub(crate) const INVISIBLE: i64 = 1;
    pub(crate) const HIDDEN: i64 = 2;
    pub(crate) const PRINT: i64 = 4;
    pub(crate) const NO_ZOOM: i64 = 8;
    pub(crate) const NO_ROTATE: i64 = 16;
    pub(crate) const NO_VIEW: i64 = 32;
    pub(crate) const TOGGLE_NO_VIEW: i64 = 256;
}

/// Mends the annotations of every page.
pub(super) fn mend(document: &mut Document, part: Part, fonts: &FontFolder, log: &mut Log) {
    let mut work = Work {
        part,
        is_asked: appearance::take_request(document),
        removed: BTreeSet::new(),
        pens: appearance::Pens::new(part, fonts),
    };
    let all: Vec<(ObjectId, Vec<ObjectId>)> =
        pages::list(document).into_iter().map(|page| (page, of_page(document, page))).collect();
    for (page, annotations) in all {
        let count = annotations.len();
        let kept: Vec<ObjectId> = annotations.into_iter().filter(|id| work.keep(document, *id, log)).collect();
        if let Some(page) = object::at_mut(document, page) {
            if kept.is_empty() {
                page.remove(b"Annots");
            } else if kept.len() != count || page.get(b"Annots").is_ok_and(|held| !matches!(held, Object::Array(_))) {
                page.set("Annots", kept.into_iter().map(Object::Reference).collect::<Vec<_>>());
            }
        }
    }
    work.pens.finish(document, log);
    forget(document, &work.removed);
}

/// What is known while annotations are mended.
struct Work<'a> {
    part: Part,
    /// Whether the form asks readers to draw its fields.
    is_asked: bool,
    removed: BTreeSet<ObjectId>,
    pens: appearance::Pens<'a>,
}

/// Whether a type of annotation may stay. What attaches a file stays while the file does.
fn is_allowed(document: &Document, annotation: &Dictionary, kind: &[u8], part: Part) -> bool {
    if kind == b"FileAttachment" {
        let file = object::dictionary(document, annotation, b"FS");
        return part != Part::One && file.is_some_and(|file| object::dictionary(document, file, b"EF").is_some());
    }
    ALLOWED.contains(&kind) && !(part == Part::One && BEYOND_PDF14.contains(&kind))
}

/// The annotations of a page that exist, each once.
pub(crate) fn of_page(document: &Document, page: ObjectId) -> Vec<ObjectId> {
    let mut seen = BTreeSet::new();
    object::at(document, page)
        .and_then(|page| object::array(document, page, b"Annots"))
        .unwrap_or_default()
        .iter()
        .filter_map(|annotation| object::target(document, annotation))
        .filter(|id| object::at(document, *id).is_some() && seen.insert(*id))
        .collect()
}

impl Work<'_> {
    /// Mends one annotation, or says that it has to go.
    fn keep(&mut self, document: &mut Document, id: ObjectId, log: &mut Log) -> bool {
        let Some(annotation) = object::at(document, id) else { return false };
        let kind = object::name(document, annotation, b"Subtype").unwrap_or_default().to_vec();
        let flags = object::integer(document, annotation, b"F").unwrap_or(0);
        let is_widget = kind == b"Widget";
        if !is_widget && !is_allowed(document, annotation, &kind, self.part) {
            report(&kind, log);
            self.removed.insert(id);
            return false;
        }
        let orphan =
            annotation.get(b"Parent").and_then(Object::as_reference).is_ok_and(|parent| self.removed.contains(&parent));
        let mut wanted =
            (flags | flag::PRINT) & !(flag::INVISIBLE | flag::HIDDEN | flag::NO_VIEW | flag::TOGGLE_NO_VIEW);
        if kind == b"Popup" {
            // From part 2 on it needs no flags (ISO 19005-2, 6.3.2).
            if self.part == Part::One
                && let Some(annotation) = object::at_mut(document, id)
            {
                annotation.set("F", wanted);
            }
            return !orphan;
        }
        let is_unseen = flags & (flag::HIDDEN | flag::NO_VIEW) != 0;
        if is_unseen && !is_widget && kind != b"Link" {
            log.warn(
                EventCode::AnnotationRemoved,
                format!("A hidden annotation of the type {} was removed.", object::shown(&kind)),
            );
            self.removed.insert(id);
            return false;
        }
        if kind == b"Text" {
            wanted |= flag::NO_ZOOM | flag::NO_ROTATE;
        }
        let field_kind = field_kind(document, id);
        if let Some(annotation) = object::at_mut(document, id) {
            annotation.set("F", wanted);
            let opacities = if self.part == Part::One { 1.0..=1.0 } else { 0.0..=1.0 };
            if annotation.get(b"CA").and_then(Object::as_float).is_ok_and(|opacity| !opacities.contains(&opacity)) {
                annotation.remove(b"CA");
            }
        }
        let subject = appearance::Subject {
            id,
            kind: &kind,
            field_kind: field_kind.as_deref(),
            is_unseen,
            is_asked: self.is_asked,
        };
        appearance::mend(document, subject, &mut self.pens, log);
        true
    }
}

/// The type of the field that a widget belongs to, its own or inherited.
pub(super) fn field_kind(document: &Document, id: ObjectId) -> Option<Vec<u8>> {
    let kind = appearance::inherited(document, object::at(document, id)?, b"FT")?;
    kind.as_name().ok().map(<[u8]>::to_vec)
}

/// The file of one that attaches a file was removed before, and named.
fn report(kind: &[u8], log: &mut Log) {
    let shown = object::shown(kind);
    match kind {
        b"3D" | b"Sound" | b"Screen" | b"Movie" | b"RichMedia" => {
            log.warn(EventCode::MultimediaRemoved, format!("A multimedia annotation of the type {shown} was removed."));
        }
        _ => log.warn(EventCode::AnnotationRemoved, format!("An annotation of the type {shown} was removed.")),
    }
}

/// Takes removed annotations out of fields and popups, so that nothing keeps them alive.
pub(crate) fn forget(document: &mut Document, removed: &BTreeSet<ObjectId>) {
    if removed.is_empty() {
        return;
    }
    object::each_dictionary(document, |dictionary, _| {
        if dictionary.get(b"IRT").and_then(Object::as_reference).is_ok_and(|target| removed.contains(&target)) {
            dictionary.remove(b"IRT");
            dictionary.remove(b"RT");
        }
        let is_reference = dictionary.has_type(b"OBJR")
            && dictionary.get(b"Obj").and_then(Object::as_reference).is_ok_and(|target| removed.contains(&target));
        if is_reference {
            dictionary.remove(b"Obj");
        }
        for key in [&b"Kids"[..], b"Fields"] {
            if let Ok(Object::Array(kids)) = dictionary.get_mut(key) {
                kids.retain(|kid| kid.as_reference().map_or(true, |id| !removed.contains(&id)));
            }
        }
    });
    for id in removed {
        document.objects.insert(*id, Object::Dictionary(Dictionary::new()));
    }
}
