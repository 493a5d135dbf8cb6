//! The place for a signature in a document: a field that is not seen, and the dictionary that takes the signature.

use lopdf::{Document, ObjectId, text_string};

use super::{
    Error, Signing,
    base::{self, Base, Written},
    fields::{Field, Fields},
    update::Update,
};
use crate::pdf::{metadata, object};

/// Most characters of a reason and the like: PDF/A has no strings of more than 32,767 bytes (ISO 19005-2, 6.1.13).
const TEXT_CHARS_MAX: usize = 4_000;

/// What names of new fields begin with.
const FIELD: &str = "Signature";

/// The flags of the widget: printed, as PDF/A asks of every annotation, and locked (ISO 32000-1, table 165).
const FLAGS: i64 = 132;

/// The flags of the form: there are signatures, and the file may only be appended to (ISO 32000-1, table 219).
const FORM_FLAGS: i64 = 3;

/// Room for the four numbers of a `ByteRange`.
const RANGE_BYTES: usize = 48;

/// A place that waits for its signature.
#[derive(Debug)]
pub(super) struct Place {
    /// The object that holds the signature.
    pub(super) signature: ObjectId,
    /// Where `ByteRange` has its value in it.
    pub(super) range_at: usize,
    /// Where `Contents` has its value in it, brackets included.
    pub(super) contents_at: usize,
    /// The full name of the field.
    pub(super) field: String,
}

/// Adds a place for a signature to an update.
pub(super) fn make(
    base: &mut Base<'_>,
    update: &mut Update,
    catalog: &mut Written,
    signing: &Signing<'_>,
    contents_bytes: usize,
) -> Result<Place, Error> {
    let (field, existing) = choose(&base.document, signing.field.as_deref())?;
    let signature = base.document.new_object_id();
    let (value, range_at, contents_at) = dictionary(signing, contents_bytes);
    update.set(signature, value);
    if let Some(id) = existing {
        let mut held = base.dictionary(id)?;
        held.set("V", base::reference(signature));
        update.set(id, held.write());
        edit_form(base, update, catalog, None)?;
    } else {
        let id = add_field(base, update, &field, signature)?;
        edit_form(base, update, catalog, Some(id))?;
    }
    Ok(Place { signature, range_at, contents_at, field })
}

/// The name of the field to sign, and its number if it is there already.
fn choose(document: &Document, wanted: Option<&str>) -> Result<(String, Option<ObjectId>), Error> {
    let fields = Fields::read(document)?;
    let refuse = |name: &str, why: &str| Err(Error::Field { name: name.to_owned(), why: why.to_owned() });
    let Some(wanted) = wanted else {
        let mut names = (1_u32..).map(|number| format!("{FIELD}{number}"));
        let name = names.find(|name| !fields.names.contains(name)).unwrap_or_default();
        fields.allow(document, &name)?;
        return Ok((name, None));
    };
    fields.allow(document, wanted)?;
    if let Some(field) = fields.signatures.iter().find(|field| field.name == wanted) {
        return match field {
            Field { signature: Some(_), .. } => refuse(wanted, "it is signed already"),
            Field { id: None, .. } => refuse(wanted, "it is not an object of its own"),
            Field { held, .. } if held.has(b"SV") || held.has(b"Lock") => {
                refuse(wanted, "it has conditions for its signature, which are not supported")
            }
            Field { id: Some(id), .. } => Ok((wanted.to_owned(), Some(*id))),
        };
    }
    if fields.names.contains(wanted) {
        return refuse(wanted, "it is a field for something else");
    }
    if wanted.is_empty() || wanted.contains('.') || wanted.chars().count() > TEXT_CHARS_MAX {
        return refuse(wanted, "a new field takes a name that is not empty, not too long, and has no full stop");
    }
    Ok((wanted.to_owned(), None))
}

/// The dictionary of the signature, with room for its range and contents, and where these are.
fn dictionary(signing: &Signing<'_>, contents_bytes: usize) -> (Vec<u8>, usize, usize) {
    let mut value = b"<<\n/Type /Sig\n/Filter /Adobe.PPKLite\n/SubFilter /ETSI.CAdES.detached\n/ByteRange ".to_vec();
    let range_at = value.len();
    value.extend(std::iter::repeat_n(b' ', RANGE_BYTES));
    value.extend_from_slice(b"\n/Contents ");
    let contents_at = value.len();
    value.push(b'<');
    value.extend(std::iter::repeat_n(b'0', contents_bytes * 2));
    value.push(b'>');
    let texts = [("Reason", &signing.reason), ("Location", &signing.location), ("ContactInfo", &signing.contact)];
    let mut entries = vec![("M", metadata::date(signing.time))];
    for (key, text) in texts {
        if let Some(text) = text {
            entries.push((key, text_string(&text.chars().take(TEXT_CHARS_MAX).collect::<String>())));
        }
    }
    for (key, entry) in entries {
        value.extend_from_slice(format!("\n/{key} ").as_bytes());
        value.extend_from_slice(&base::bytes(&entry));
    }
    value.extend_from_slice(b"\n>>");
    (value, range_at, contents_at)
}

/// What `ByteRange` says: all but the contents, which stand from `hole.0` to `hole.1`; `None` when it does not fit.
pub(super) fn range(hole: (usize, usize), file_bytes: usize) -> Option<Vec<u8>> {
    let text = format!("[0 {} {} {}]", hole.0, hole.1, file_bytes.checked_sub(hole.1)?);
    (text.len() <= RANGE_BYTES).then(|| format!("{text:RANGE_BYTES$}").into_bytes())
}

/// Adds a field that is its own widget, on the first page.
fn add_field(base: &mut Base<'_>, update: &mut Update, name: &str, signature: ObjectId) -> Result<ObjectId, Error> {
    let page = base.first_page()?;
    let id = base.document.new_object_id();
    let appearance = base.document.new_object_id();
    // PDF/A-1 asks for an appearance of every field (ISO 19005-1, 6.9), also of one without an area.
    let empty =
        b"<<\n/Type /XObject\n/Subtype /Form\n/BBox [0 0 0 0]\n/Resources <<>>\n/Length 0\n>>\nstream\n\nendstream";
    update.set(appearance, empty.to_vec());
    let mut field = Written::default();
    field.set("Type", *b"/Annot");
    field.set("Subtype", *b"/Widget");
    field.set("FT", *b"/Sig");
    field.set("T", base::bytes(&text_string(name)));
    field.set("V", base::reference(signature));
    field.set("F", FLAGS.to_string());
    field.set("Rect", *b"[0 0 0 0]");
    field.set("P", base::reference(page));
    field.set("AP", [b"<</N ", base::reference(appearance).as_slice(), b">>"].concat());
    update.set(id, field.write());
    let mut held = base.dictionary(page)?;
    if let Some(annotations) = appended(base, update, held.get(b"Annots"), id)? {
        held.set("Annots", annotations);
        update.set(page, held.write());
    }
    Ok(id)
}

/// Says in the form that there are signatures, and adds a field to it; makes a form where there is none.
fn edit_form(
    base: &mut Base<'_>,
    update: &mut Update,
    catalog: &mut Written,
    field: Option<ObjectId>,
) -> Result<(), Error> {
    let document = &base.document;
    let place = base.catalog()?.1.get(b"AcroForm").ok().and_then(|form| object::target(document, form));
    let form = object::dictionary(document, base.catalog()?.1, b"AcroForm");
    let flags = form.and_then(|form| object::integer(document, form, b"SigFlags")).unwrap_or(0);
    let mut held = match (place, form) {
        (Some(id), Some(_)) => base.dictionary(id)?,
        (None, Some(_)) => catalog
            .get(b"AcroForm")
            .and_then(Written::read)
            .ok_or_else(|| Error::damaged("its form is not a dictionary"))?,
        (Some(_) | None, None) => Written::default(),
    };
    if let Some(field) = field
        && let Some(fields) = appended(base, update, held.get(b"Fields"), field)?
    {
        held.set("Fields", fields);
    }
    held.set("SigFlags", (flags | FORM_FLAGS).to_string());
    match (place, form.is_some()) {
        (Some(id), true) => update.set(id, held.write()),
        (None, true) => catalog.set("AcroForm", held.write()),
        (Some(_) | None, false) => {
            let id = base.document.new_object_id();
            update.set(id, held.write());
            catalog.set("AcroForm", base::reference(id));
        }
    }
    Ok(())
}

/// Adds a reference to a list. Gives the list anew when it stands in its holder; one that is an object of its own is
/// written here, and its holder stays as it is.
fn appended(
    base: &Base<'_>,
    update: &mut Update,
    list: Option<&[u8]>,
    item: ObjectId,
) -> Result<Option<Vec<u8>>, Error> {
    let extended = |list: &[u8]| {
        let head = list.strip_suffix(b"]").filter(|_| list.starts_with(b"["));
        head.map(|head| [head, b" ", &base::reference(item), b"]"].concat())
    };
    let fresh = || [b"[", base::reference(item).as_slice(), b"]"].concat();
    let Some(list) = list.filter(|list| *list != b"null") else { return Ok(Some(fresh())) };
    if let Some(list) = extended(list) {
        return Ok(Some(list));
    }
    let id = referenced(list).ok_or_else(|| Error::damaged("a list in it is not an array"))?;
    // A reference that leads nowhere counts as nothing (ISO 32000-1, 7.3.10).
    if !base.document.has_object(id) {
        return Ok(Some(fresh()));
    }
    let list = base.written(id)?;
    let list = extended(&list).ok_or_else(|| Error::damaged(format!("the object {} is not an array", id.0)))?;
    update.set(id, list);
    Ok(None)
}

/// The number that a reference is to.
fn referenced(value: &[u8]) -> Option<ObjectId> {
    let text = std::str::from_utf8(value).ok()?;
    let mut parts = text.split_ascii_whitespace();
    let id = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    (parts.next() == Some("R")).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_fits_every_file() {
        assert_eq!(range((10, 20), 50).unwrap().trim_ascii_end(), b"[0 10 20 30]");
        let largest = range((u32::MAX as usize, u32::MAX as usize), 2 * u32::MAX as usize).unwrap();
        assert_eq!(largest.len(), RANGE_BYTES);
        assert_eq!(range((0, 20), 10), None);
    }

    #[test]
    fn a_reference_is_told_from_other_values() {
        assert_eq!(referenced(b"12 0 R"), Some((12, 0)));
        assert_eq!(referenced(b"12\n0  R"), Some((12, 0)));
        assert_eq!((referenced(b"12 0"), referenced(b"(12 0 R)"), referenced(b"-1 0 R")), (None, None, None));
    }
}
