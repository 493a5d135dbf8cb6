//! Value types: how they are named, and whether a value fits one.

use std::{collections::BTreeMap, rc::Rc};

use super::{
    dates,
    schemas::{self, Edition, Structure},
    xmp::{Form, List, Model, Node},
};

/// Most lists in lists that the name of a value type may stand for.
const LISTS_MAX: usize = 16;

/// A value type as it is named: `seq ProperName` is a list in order of `propername`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    /// The lists around it, the outermost first.
    lists: Vec<List>,
    /// What is in them, in small letters.
    base: String,
}

impl Named {
    /// Reads a name. Case does not matter, nor do the words for a choice; a list of nothing is one of text.
    pub(super) fn read(written: &str) -> Self {
        let lower = written.to_lowercase();
        let mut words: Vec<&str> = Vec::new();
        let mut after_choice = false;
        for word in lower.split_whitespace() {
            if word == "choice" {
                if matches!(words.last(), Some(&"open" | &"closed")) {
                    words.pop();
                }
            } else if !(after_choice && word == "of") {
                words.push(word);
            }
            after_choice = word == "choice";
        }
        let mut words = words.as_slice();
        let mut lists = Vec::new();
        while let Some((first, rest)) = words.split_first()
            && let Some(list) = list(first)
            && lists.len() < LISTS_MAX
        {
            lists.push(list);
            words = rest;
        }
        let base = if words.is_empty() { "text".to_owned() } else { words.join(" ") };
        Self { lists, base }
    }
}

fn list(word: &str) -> Option<List> {
    match word {
        "bag" => Some(List::Bag),
        "seq" => Some(List::Seq),
        "alt" => Some(List::Alt),
        _ => None,
    }
}

/// The value types of a schema: those of the specification, and those that the schema describes.
#[derive(Debug)]
pub(super) struct Types {
    edition: Edition,
    own: BTreeMap<String, Own>,
    /// Those that the same schema has elsewhere.
    elsewhere: Option<Rc<Types>>,
}

/// A value type that a schema describes.
#[derive(Debug)]
pub(super) enum Own {
    /// One without fields.
    Text,
    /// A structure: the namespace of its fields, and their names and types.
    Structure(String, BTreeMap<String, String>),
}

/// A value type that is known.
enum Known<'a> {
    Any,
    Simple(fn(&str, Edition) -> bool),
    Languages,
    Predefined(&'static Structure),
    Own(&'a Own),
}

impl Types {
    /// Those of the specification, and those that the same schema has elsewhere.
    pub(super) const fn new(edition: Edition, elsewhere: Option<Rc<Self>>) -> Self {
        Self { edition, own: BTreeMap::new(), elsewhere }
    }

    /// Adds one that a schema describes.
    pub(super) fn add(&mut self, name: &str, own: Own) {
        self.own.insert(Named::read(name).base, own);
    }

    /// Whether a schema may name it.
    pub(super) fn knows(&self, written: &str) -> bool {
        self.known(&Named::read(written).base).is_some_and(|known| !matches!(known, Known::Any))
    }

    fn known(&self, base: &str) -> Option<Known<'_>> {
        let elsewhere = || self.elsewhere.as_ref().and_then(|elsewhere| elsewhere.own.get(base));
        if let Some(own) = self.own.get(base).or_else(elsewhere) {
            return Some(Known::Own(own));
        }
        if let Some(structure) = schemas::structure(self.edition, base) {
            return Some(Known::Predefined(structure));
        }
        Some(match base {
            "any" => Known::Any,
            "lang alt" => Known::Languages,
            "boolean" => Known::Simple(|text, _| matches!(text, "True" | "False")),
            "integer" => Known::Simple(|text, _| is_integer(text)),
            "real" => Known::Simple(|text, _| is_real(text)),
            "mimetype" => Known::Simple(|text, _| is_mime_type(text)),
            "date" => Known::Simple(|text, _| dates::is_xmp_date(text)),
            "gpscoordinate" => Known::Simple(is_coordinate),
            "text" | "propername" | "agentname" | "rational" | "renditionclass" | "locale" | "uri" | "url"
            | "xpath" => Known::Simple(|_, _| true),
            _ => return None,
        })
    }

    /// Whether a value fits a type. One of a type that is not known does not.
    pub(super) fn fits(&self, model: &Model, node: &Node, written: &str) -> bool {
        let mut open = vec![(node, Named::read(written))];
        while let Some((node, mut named)) = open.pop() {
            if named.lists.is_empty() {
                let Some(fields) = self.fits_base(model, node, &named.base) else { return false };
                open.extend(fields);
                continue;
            }
            let wanted = named.lists.remove(0);
            let Form::List(list, _) = node.form else { return false };
            if list != wanted {
                return false;
            }
            open.extend(model.held(node).map(|item| (item, named.clone())));
        }
        true
    }

    /// Whether a value fits a type that is no list, and the fields that are still to be checked.
    fn fits_base<'m>(&self, model: &'m Model, node: &'m Node, base: &str) -> Option<Vec<(&'m Node, Named)>> {
        let nothing = Some(Vec::new());
        match self.known(base)? {
            Known::Any => nothing,
            Known::Simple(check) => node.text().filter(|text| check(text, self.edition)).and(nothing),
            Known::Own(Own::Text) => node.text().and(nothing),
            Known::Languages => is_languages(model, node).then(Vec::new),
            Known::Predefined(structure) => fields(model, node, |field| structure.field(&field.namespace, &field.name)),
            Known::Own(Own::Structure(namespace, types)) => fields(model, node, |field| {
                types.get(&field.name).filter(|_| *field.namespace == **namespace).map(String::as_str)
            }),
        }
    }
}

/// The fields of a structure with their types; `None` when it is none, or has a field that is not of the type.
fn fields<'m, 't>(
    model: &'m Model,
    node: &'m Node,
    type_of: impl Fn(&Node) -> Option<&'t str>,
) -> Option<Vec<(&'m Node, Named)>> {
    matches!(node.form, Form::Structure(_))
        .then(|| model.held(node).map(|field| Some((field, Named::read(type_of(field)?)))).collect())?
}

/// Whether it is a list of which one is chosen by language. It may be empty.
pub(super) fn is_languages(model: &Model, node: &Node) -> bool {
    let Form::List(List::Alt, items) = &node.form else { return false };
    items.is_empty() || model.held(node).any(|item| item.language.is_some())
}

fn without_sign(text: &str) -> &str {
    text.strip_prefix(['+', '-']).unwrap_or(text)
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_integer(text: &str) -> bool {
    let digits = without_sign(text);
    !digits.is_empty() && is_digits(digits)
}

fn is_real(text: &str) -> bool {
    let digits = without_sign(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    is_digits(whole) && is_digits(fraction) && !(whole.is_empty() && fraction.is_empty())
}

fn is_mime_type(text: &str) -> bool {
    let is_part = |part: &str| {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'+' | b'.');
        !part.is_empty() && part.bytes().all(is_allowed)
    };
    text.split_once('/').is_some_and(|(kind, subtype)| is_part(kind) && is_part(subtype))
}

/// Degrees, minutes, and seconds or a fraction of the minutes, and the direction. The edition of 2004 wants two digits
/// of each.
fn is_coordinate(text: &str, edition: Edition) -> bool {
    let Some(numbers) = text.strip_suffix(['N', 'S', 'E', 'W']) else { return false };
    let is_number = |part: &str, least: usize, most: usize| (least..=most).contains(&part.len()) && is_digits(part);
    let Some((degrees, minutes)) = numbers.split_once(',') else { return false };
    let Some(at) = minutes.find([',', '.']) else { return false };
    let (minutes, rest) = minutes.split_at(at);
    let is_fraction = rest.starts_with('.');
    let rest = rest.get(1..).unwrap_or_default();
    match edition {
        Edition::Of2004 => is_number(degrees, 2, 2) && is_number(minutes, 2, 2) && is_number(rest, 2, 2),
        Edition::Of2005 => {
            let most = if is_fraction { usize::MAX } else { 2 };
            is_number(degrees, 1, 3) && is_number(minutes, 1, 2) && is_number(rest, 1, most)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Edition, Named, Own, Types, is_coordinate, is_mime_type, is_real};

    #[test]
    fn a_value_type_is_known_by_any_of_its_spellings() {
        let mut types = Types::new(Edition::Of2004, None);
        types.add("Article Number", Own::Text);
        for name in [
            "Text",
            "bag Text",
            "Seq",
            "closed Choice of Integer",
            "Seq closed choice of text",
            "Open Choice",
            "Lang Alt",
            "ResourceRef",
            "alt article number",
        ] {
            assert!(types.knows(name), "{name}");
        }
        for name in ["Number", "bag of Text", "Any", "Marker", "Lang", "choice of nothing"] {
            assert!(!types.knows(name), "{name}");
        }
        assert!(Types::new(Edition::Of2005, None).knows("Marker"), "it came with the edition of 2005");
        assert_eq!(Named::read("Open Choice"), Named::read("Text"));
    }

    #[test]
    fn plain_values_have_their_own_syntax() {
        let all = |check: fn(&str) -> bool, good: &[&str], bad: &[&str]| {
            good.iter().for_each(|text| assert!(check(text), "{text}"));
            bad.iter().for_each(|text| assert!(!check(text), "{text}"));
        };
        all(is_real, &["1", "-1.5", ".5", "+5."], &["", ".", "1e5", "1,5", "--1"]);
        all(is_mime_type, &["application/pdf", "image/svg+xml"], &["pdf", "a/", "a/b/c", "a b/c"]);
        all(
            |text| is_coordinate(text, Edition::Of2004),
            &["48,08,12N", "48,08.12E"],
            &["8,08,12N", "48,08.123N", "48,08,12"],
        );
        all(
            |text| is_coordinate(text, Edition::Of2005),
            &["8,8,1W", "148,8.12345S"],
            &["8,8W", "1488,8,1N", "8,8,123N"],
        );
    }
}
