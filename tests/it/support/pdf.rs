//! What a result says of itself.

use std::io::Write as _;

use lopdf::{Document, Object};

use super::service::bare;

/// The widths of its pages in points, in order.
pub(crate) fn widths(document: &Document) -> Vec<i64> {
    document
        .get_pages()
        .values()
        .map(|page| {
            let page = document.get_dictionary(*page).unwrap();
            let area = document.dereference(page.get(b"MediaBox").unwrap()).unwrap().1.as_array().unwrap();
            number(document.dereference(&area[2]).unwrap().1)
        })
        .collect()
}

/// How many pages it has.
pub(crate) fn page_count(document: &Document) -> usize {
    document.get_pages().len()
}

/// The text of an entry of its information dictionary.
pub(crate) fn info(document: &Document, key: &str) -> Option<String> {
    let info = document.dereference(document.trailer.get(b"Info").ok()?).ok()?.1.as_dict().ok()?;
    lopdf::decode_text_string(info.get(key.as_bytes()).ok()?).ok()
}

/// Its XMP packet.
pub(crate) fn xmp(document: &Document) -> String {
    let metadata = document.catalog().unwrap().get(b"Metadata").unwrap();
    let stream = document.dereference(metadata).unwrap().1.as_stream().unwrap();
    let content = stream.decompressed_content().unwrap_or_else(|_| stream.content.clone());
    String::from_utf8(content).unwrap()
}

/// Whether it claims PDF/A-2, of any level.
pub(crate) fn claims_pdfa2(document: &Document) -> bool {
    let metadata = document.catalog().unwrap().get(b"Metadata");
    metadata.is_ok() && {
        let xmp = xmp(document);
        let has = |name: &str, value: &str| {
            xmp.contains(&format!("<pdfaid:{name}>{value}</pdfaid:{name}>"))
                || xmp.contains(&format!("pdfaid:{name}=\"{value}\""))
        };
        has("part", "2") && ["A", "U", "B"].iter().any(|level| has("conformance", level))
    }
}

/// The names of the files in it, as another reader lists them.
pub(crate) fn files(bytes: &[u8]) -> Vec<String> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let output = bare("pdfdetach").arg("-list").args(["-enc", "UTF-8"]).arg(file.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let mut lines = text.lines();
    let count = lines.next().and_then(|line| line.strip_suffix(" embedded files")).unwrap_or_else(|| panic!("{text}"));
    let names: Vec<_> = lines.filter_map(|line| Some(line.split_once(": ")?.1.to_owned())).collect();
    assert_eq!(count.parse(), Ok(names.len()), "{text}");
    names
}

fn number(object: &Object) -> i64 {
    object.as_i64().unwrap_or_else(|_| {
        let real = object.as_float().unwrap();
        // Page sizes of the tests are whole numbers.
        format!("{real:.0}").parse().unwrap()
    })
}
