use crate::support::{Site, documents, pdf};

const OPTIONS: [(&str, &str); 5] = [
    ("META.TITLE", "Schaden 4711 & <mehr>"),
    ("META.AUTHOR", "Ödön Müller"),
    ("META.SUBJECT", "claim"),
    ("META.KEYWORDS", "one, two"),
    ("META.EXT.DC.IDENTIFIER", "urn:example:4711"),
];

#[tokio::test]
async fn metadata_that_a_job_asks_for_are_in_the_information_dictionary_and_in_the_packet() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    for workflow in ["", "?workflow=Conversion"] {
        let done =
            client.convert_with(workflow, &OPTIONS, &[documents::text("a.txt"), documents::pdf("b.pdf", &[300])]).await;
        let document = done.pdf();
        for (key, value) in
            [("Title", OPTIONS[0].1), ("Author", OPTIONS[1].1), ("Subject", "claim"), ("Keywords", "one, two")]
        {
            assert_eq!(pdf::info(&document, key).as_deref(), Some(value), "{key}");
        }
        let packet = pdf::xmp(&document);
        for value in ["Schaden 4711 &amp; &lt;mehr", "Ödön Müller", "claim", "urn:example:4711"] {
            assert!(packet.contains(value), "{value} in {packet}");
        }
    }
}
