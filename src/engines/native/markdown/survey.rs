//! What must be known of a Markdown text before its first line is set: what links and references can point to.

use std::collections::{HashMap, HashSet};

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

/// What there is to point to.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// Names of the headings in their order; one whose name was taken has none.
    pub(super) anchors: Vec<Option<String>>,
    /// All of these names.
    pub(super) names: HashSet<String>,
    /// Names of footnotes that are defined.
    pub(super) notes: HashSet<String>,
    /// The text of the first heading.
    pub(super) title: Option<String>,
}

impl Survey {
    /// Reads a text to its end.
    pub(super) fn of(parser: Parser<'_>) -> Self {
        let mut survey = Self::default();
        let mut taken = HashMap::new();
        let mut heading: Option<(Option<String>, String)> = None;
        for event in parser {
            match (event, &mut heading) {
                (Event::Start(Tag::Heading { id, .. }), _) => {
                    heading = Some((id.map(|id| id.into_string()), String::new()));
                }
                (Event::Start(Tag::FootnoteDefinition(name)), _) => {
                    survey.notes.insert(name.into_string());
                }
                (Event::Text(text) | Event::Code(text), Some((_, words))) => words.push_str(&text),
                (Event::SoftBreak | Event::HardBreak, Some((_, words))) => words.push(' '),
                (Event::End(TagEnd::Heading(_)), heading) => {
                    let (id, words) = heading.take().unwrap_or_default();
                    survey.add(id.unwrap_or_else(|| anchor(&words)), &mut taken);
                    survey.title.get_or_insert(words);
                }
                _ => {}
            }
        }
        survey
    }

    fn add(&mut self, name: String, taken: &mut HashMap<String, usize>) {
        let count = taken.entry(name.clone()).or_default();
        let unique = if *count == 0 { name } else { format!("{name}-{count}") };
        *count += 1;
        // What was made unique may be the name of another heading.
        let is_free = !unique.is_empty() && self.names.insert(unique.clone());
        self.anchors.push(is_free.then_some(unique));
    }
}

/// How links name a heading, by the habit of those who show Markdown on the web.
fn anchor(words: &str) -> String {
    let kept = words.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survey(text: &str) -> Survey {
        Survey::of(super::super::parser(text))
    }

    #[test]
    fn headings_are_named_as_links_name_them_and_each_once() {
        let survey = survey("# The `first`, *really*!\n\n## Other {#own}\n\n# Same\n\n# Same\n\n# Same 1\n");
        let names: Vec<_> = survey.anchors.iter().map(|name| name.as_deref()).collect();
        assert_eq!(names, [Some("the-first-really"), Some("own"), Some("same"), Some("same-1"), None]);
        assert_eq!(survey.title.as_deref(), Some("The first, really!"));
    }

    #[test]
    fn footnotes_that_are_defined_are_known() {
        assert!(survey("Text[^a].\n\n[^a]: Note.\n").notes.contains("a"));
    }
}
