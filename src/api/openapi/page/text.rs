//! Text for HTML.

use super::super::document::VALUE;

/// Text that means nothing but itself.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A line of text in which `code` stands in backquotes; the name of an operation leads to it.
pub(super) fn inline(text: &str) -> String {
    let mut out = String::new();
    for (index, part) in text.split('`').enumerate() {
        let part = escaped(part);
        match index % 2 {
            0 => out += &part,
            _ if is_operation(&part) => out += &format!("<a href=\"#{part}\"><code>{part}</code></a>"),
            _ => out += &format!("<code>{part}</code>"),
        }
    }
    out
}

/// Paragraphs of such text, with an empty line between them.
pub(super) fn paragraphs(text: &str) -> String {
    text.split("\n\n").filter(|text| !text.is_empty()).map(|text| format!("<p>{}</p>", inline(text))).collect()
}

fn is_operation(name: &str) -> bool {
    let items = VALUE["paths"].as_object().into_iter().flatten().filter_map(|(_, item)| item.as_object());
    items.flatten().any(|(_, operation)| operation["operationId"] == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_stands_in_backquotes_and_the_rest_means_itself() {
        assert_eq!(inline("a < `b & \"c\"` > d"), "a &lt; <code>b &amp; &quot;c&quot;</code> &gt; d");
        assert_eq!(inline("see `getJobInfo`"), "see <a href=\"#getJobInfo\"><code>getJobInfo</code></a>");
        assert_eq!(paragraphs("one\n\ntwo"), "<p>one</p><p>two</p>");
    }
}
