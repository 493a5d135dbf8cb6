//! HTML, SVG and the XML formats of Office programs, by their prolog and root element.

use crate::domain::Format;

use super::agreement;

/// Elements that begin a piece of HTML without its frame.
const HTML_STARTS: &[&str] = &[
    "head", "body", "title", "meta", "script", "style", "table", "div", "p", "h1", "h2", "font", "center", "br", "a",
    "b", "span", "link", "base", "frameset", "ul", "ol", "pre", "img", "form",
];

/// What stands before the root element, and its start tag.
#[derive(Debug, Default)]
struct Prolog<'a> {
    has_declaration: bool,
    /// The program that Office wrote into a processing instruction.
    office_program: Option<&'a str>,
    doctype: Option<&'a str>,
    /// The start tag of the root, without its brackets.
    root: Option<&'a str>,
}

/// Finds a format by the head of a text.
pub(super) fn format(head: &str, expected: Option<Format>) -> Option<Format> {
    let prolog = Prolog::read(head);
    let Some(root) = prolog.root else { return unrooted(head, &prolog, expected) };
    let name = root.split([' ', '\t', '\r', '\n', '/']).next().unwrap_or_default();
    let local = name.rsplit(':').next().unwrap_or_default();
    if local.eq_ignore_ascii_case("html") || prolog.is_html() {
        return Some(Format::Html);
    }
    match local {
        "svg" => Some(Format::Svg),
        "document" if root.contains("urn:oasis:names:tc:opendocument:xmlns:office") => Some(flat_document(root)),
        "wordDocument" => Some(Format::WordXml),
        "Workbook" if root.contains("urn:schemas-microsoft-com:office:spreadsheet") => Some(Format::ExcelXml),
        "package" if root.contains("schemas.microsoft.com/office/2006/xmlPackage") => match prolog.office_program {
            Some("PowerPoint.Show" | "Excel.Sheet") => Some(Format::Xml),
            Some(_) | None => Some(Format::WordXml),
        },
        _ if prolog.office_program == Some("Word.Document") => Some(Format::WordXml),
        _ if prolog.office_program == Some("Excel.Sheet") => Some(Format::ExcelXml),
        _ => loose(local, &prolog, expected),
    }
}

/// Whether an Office program reads a format, whose XML parser expands what a document defines.
pub(super) fn is_office(format: Format) -> bool {
    matches!(format, Format::WordXml | Format::ExcelXml | Format::Fodt | Format::Fods | Format::Fodp | Format::Odg)
}

/// A head that ends, or does not begin, with the root element.
fn unrooted(head: &str, prolog: &Prolog<'_>, expected: Option<Format>) -> Option<Format> {
    if prolog.is_html() {
        return Some(Format::Html);
    }
    if prolog.has_declaration {
        return Some(Format::Xml);
    }
    // Pages of some programs begin with text that no browser minds, and so do exports under the name of a workbook.
    let says_text = expected.is_some_and(|expected| agreement::is_text(expected) || is_mail(expected));
    let has_root = || head.chars().take(1_024).collect::<String>().to_ascii_lowercase().contains("<html");
    (!says_text && !head.contains('\0') && has_root()).then_some(Format::Html)
}

/// A root that belongs to no known format. Text may begin with a bracket too, so a piece of a page or an undeclared XML
/// file is only taken for one when its name does not say text.
fn loose(local: &str, prolog: &Prolog<'_>, expected: Option<Format>) -> Option<Format> {
    if expected == Some(Format::Html) {
        return Some(Format::Html);
    }
    let says_text = expected.is_some_and(agreement::is_text);
    if prolog.has_declaration || prolog.doctype.is_some() {
        return if says_text { expected } else { Some(Format::Xml) };
    }
    if says_text {
        return None;
    }
    if HTML_STARTS.iter().any(|start| local.eq_ignore_ascii_case(start)) {
        return Some(Format::Html);
    }
    (expected == Some(Format::Xml)).then_some(Format::Xml)
}

fn is_mail(format: Format) -> bool {
    matches!(format, Format::Eml | Format::Mbox | Format::Mhtml)
}

fn flat_document(root: &str) -> Format {
    let is_kind = |kind: &str| root.contains(&format!("application/vnd.oasis.opendocument.{kind}"));
    if is_kind("spreadsheet") {
        Format::Fods
    } else if is_kind("presentation") {
        Format::Fodp
    } else if is_kind("graphics") {
        Format::Odg
    } else {
        Format::Fodt
    }
}

impl<'a> Prolog<'a> {
    fn read(head: &'a str) -> Self {
        let mut prolog = Self::default();
        let mut rest = head.trim_start_matches('\u{feff}').trim_start();
        loop {
            rest = if let Some(comment) = rest.strip_prefix("<!--") {
                after(comment, "-->")
            } else if let Some(instruction) = rest.strip_prefix("<?") {
                prolog.take_instruction(instruction);
                after(instruction, "?>")
            } else if let Some(doctype) = rest.strip_prefix("<!") {
                let end = doctype_end(doctype);
                prolog.doctype = doctype.get(..end);
                doctype.get(end..).unwrap_or_default().trim_start_matches('>')
            } else {
                prolog.root = rest
                    .strip_prefix('<')
                    .filter(|tag| tag.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_'))
                    .and_then(|tag| tag.split('>').next());
                return prolog;
            }
            .trim_start();
        }
    }

    fn take_instruction(&mut self, instruction: &'a str) {
        if instruction.starts_with("xml ") {
            self.has_declaration = true;
        } else if let Some(program) = instruction.strip_prefix("mso-application ") {
            self.office_program = program.split(['"', '\'']).nth(1);
        }
    }

    fn is_html(&self) -> bool {
        let mut words = self.doctype.unwrap_or_default().split_ascii_whitespace();
        let is_doctype = words.next().is_some_and(|word| word.eq_ignore_ascii_case("doctype"));
        is_doctype && words.next().is_some_and(|word| word.eq_ignore_ascii_case("html"))
    }
}

fn after<'a>(text: &'a str, mark: &str) -> &'a str {
    text.split_once(mark).map_or("", |(_, rest)| rest)
}

/// Where a document type ends; its own definitions stand in square brackets and hold angle brackets.
fn doctype_end(doctype: &str) -> usize {
    let plain = doctype.find('>').unwrap_or(doctype.len());
    match doctype.find('[') {
        Some(open) if open < plain => doctype.find("]>").map_or(doctype.len(), |end| end + 1),
        Some(_) | None => plain,
    }
}
