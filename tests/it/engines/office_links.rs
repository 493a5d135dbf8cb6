//! What a document asks LibreOffice for besides its own content, and does not get.

use std::{io::ErrorKind, net::TcpListener};

use bindery::engines::settings::Settings;
use lopdf::Object;

use crate::support::{Document, bench::Bench, documents, office};

/// A file that no document may read, whose bytes show where they went.
fn canary(name: &str, bytes: &[u8]) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let url = format!("file://{}", path.display());
    (folder, url)
}

/// A server that nobody may call.
fn server() -> (TcpListener, String) {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    server.set_nonblocking(true).unwrap();
    let address = server.local_addr().unwrap();
    (server, format!("http://{address}"))
}

fn nobody_called(server: &TcpListener) -> bool {
    server.accept().is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

#[tokio::test]
async fn linked_pictures_are_not_loaded_and_the_text_around_them_is_converted() {
    let Document { bytes, .. } = documents::png("canary.png");
    let (_folder, file) = canary("canary.png", &bytes);
    let (server, address) = server();
    let document = office::linked_pictures(&[&file, &format!("{address}/a.png")]);
    let converted = Bench::with_office().office(&document, &Settings::default()).await;
    assert!(converted.words().contains("Own text"), "{}", converted.words());
    let is_the_canary = |object: &Object| {
        object.as_stream().is_ok_and(|stream| stream.dict.get(b"Width").and_then(Object::as_i64).is_ok_and(|w| w == 60))
    };
    assert!(!converted.pdf().objects.values().any(is_the_canary));
    assert!(nobody_called(&server));
}

#[tokio::test]
async fn linked_sections_and_cells_are_not_loaded_and_the_rest_is_converted() {
    let bench = Bench::with_office();
    let (_folder, text) = canary("canary.txt", b"Canary");
    let (_other, table) = canary("canary.csv", b"Canary\n");
    let (server, address) = server();
    for document in [
        office::linked_section(&text),
        office::linked_section(&format!("{address}/a.txt")),
        office::linked_cell(&table),
        office::linked_cell(&format!("{address}/a.csv")),
    ] {
        let converted = bench.office(&document, &Settings::default()).await;
        assert!(converted.words().contains("Own"), "{} {}", document.name, converted.words());
        assert!(!converted.words().contains("Canary"), "{}", document.name);
    }
    assert!(nobody_called(&server));
}

#[tokio::test]
async fn a_macro_of_a_document_never_runs() {
    let converted = Bench::with_office().office(&office::with_macro(), &Settings::default()).await;
    assert_eq!(converted.words(), "Own text");
}

#[tokio::test]
async fn what_libreoffice_makes_is_tagged_and_has_bookmarks() {
    let converted = Bench::with_office().office(&office::with_macro(), &Settings::default()).await;
    let catalog = converted.pdf().catalog().unwrap();
    assert!(catalog.has(b"StructTreeRoot"));
    let outlines = catalog.get_deref(b"Outlines", converted.pdf()).unwrap().as_dict().unwrap();
    let first = outlines.get_deref(b"First", converted.pdf()).unwrap().as_dict().unwrap();
    assert_eq!(lopdf::decode_text_string(first.get(b"Title").unwrap()).unwrap(), "Own text");
}

#[tokio::test]
async fn libreoffice_reads_a_document_as_what_it_is_and_not_as_what_its_name_says() {
    let rtf = Document { name: "letter.docx".to_owned(), ..documents::rtf("letter.rtf") };
    let converted = Bench::with_office().office(&rtf, &Settings::default()).await;
    assert_eq!(converted.words(), "Hello from an RTF document.");
    assert!(converted.events().iter().any(|event| event.contains("RTF")), "{:?}", converted.events());
}
