//! Mail and archives of many programs: a folder of documents, each with what is in it.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use bindery::{
    domain::Format,
    engines::{
        Error,
        children::{Children, Judge, Parent},
        detect, mail,
        native::typesetting::Faces,
        settings::Settings,
        unpack::{Budget, Store, Unpacked, file_of, unpack_zip},
    },
};

use crate::support::bench::{Bench, Made};

/// A row of a `MANIFEST.tsv`.
struct Row {
    path: PathBuf,
    expected: String,
    /// Documents directly in it.
    children: Option<usize>,
}

fn rows(folder: &Path) -> Vec<Row> {
    let manifest = fs::read_to_string(folder.join("MANIFEST.tsv")).unwrap();
    let mut lines = manifest.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let head = lines.next().unwrap();
    let column = |name: &str| head.iter().position(|column| *column == name).unwrap();
    let (file, expected, children) = (column("file"), column("expected"), column("children"));
    lines
        .map(|line| Row {
            path: folder.join(line[file]),
            expected: line[expected].to_owned(),
            children: line[children].parse().ok(),
        })
        .collect()
}

fn open(path: &Path, folder: &Path) -> (Format, Result<Unpacked, Error>) {
    let bytes = fs::read(path).unwrap();
    let format = detect::detect(&bytes, &path.file_name().unwrap().to_string_lossy(), None).unwrap().format;
    let children = Children::default();
    let judge = Judge::new(&children.rules, &[Parent::Mail]).unwrap();
    let mut store = Store::new(folder, Budget::of_upload(bytes.len() as u64));
    let opened = if format == Format::Zip {
        unpack_zip(&bytes, &[], &mut store)
    } else {
        mail::unpack(&bytes, format, &judge, &Faces::new(&["/usr/share/fonts".into()]), &mut store)
    };
    (format, opened.map(|()| store.finish()))
}

/// Opens every document of a folder and counts what comes out, with what was left out and with the pictures of a sheet.
fn check(folder: &Path) {
    for row in rows(folder) {
        let extension = row.path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        if !matches!(extension.as_str(), "eml" | "msg" | "mbox" | "dat" | "zip") {
            continue;
        }
        let name = row.path.display();
        let place = tempfile::tempdir().unwrap();
        let (format, opened) = open(&row.path, place.path());
        let opened = match (row.expected.as_str(), opened) {
            ("container" | "converts", Err(error)) => panic!("{name}: {error}"),
            (_, Err(_)) => continue,
            (_, Ok(opened)) => opened,
        };
        let Some(children) = row.children.or((row.expected == "converts").then_some(0)) else { continue };
        let left_out = opened.events.iter().filter(|event| event.message.contains("left out")).count();
        let sheets = opened.names.iter().filter(|name| name.starts_with("message.")).count();
        let shown = opened.names.iter().position(|name| name == "message.mhtml").map_or(0, |number| {
            let archive = fs::read_to_string(place.path().join(file_of(number))).unwrap();
            archive.matches("\r\nContent-ID: ").count()
        });
        let found = opened.names.len() - sheets + left_out + shown;
        // What Outlook wrapped up is one file to the list and several to a reader.
        let wrapped = row.path.ends_with("tnef-rich-text.eml").then_some(3);
        assert_eq!(found, wrapped.unwrap_or(children), "{name}: {:?}", opened.names);
        let has_sheet = !matches!(format, Format::Zip | Format::Mbox);
        assert_eq!(sheets > 0, has_sheet, "{name}");
    }
}

#[test]
fn documents_of_a_corpus_hold_what_its_lists_say() {
    #[expect(clippy::disallowed_methods, reason = "`make corpus` says where the documents are")]
    let Some(corpus) = env::var_os("BINDERY_CORPUS") else { return };
    for folder in ["mail", "archives", "hostile"] {
        check(&Path::new(&corpus).join(folder));
    }
}

/// Shows the sheet of a message with an HTML body and a picture.
async fn sheet(body: &str) -> Made {
    let mail = format!(
        "From: Ann <ann@example.org>\r\nSubject: honest subject\r\nContent-Type: multipart/related; boundary=x\r\n\r\n\
         --x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{body}\r\n\
         --x\r\nContent-Type: image/gif\r\nContent-ID: <dot@x>\r\nContent-Transfer-Encoding: base64\r\n\r\n\
         R0lGODlhAQABAIAAAP8AAP///yH5BAAAAAAALAAAAAABAAEAAAICRAEAOw==\r\n--x--\r\n"
    );
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::new(folder.path(), Budget::of_upload(0));
    let judge = Judge::new(&[], &[]).unwrap();
    mail::unpack(mail.as_bytes(), Format::Eml, &judge, &Faces::new(&[]), &mut store).unwrap();
    assert_eq!(store.finish().names[0], "message.mhtml");
    let archive = fs::read(folder.path().join(file_of(0))).unwrap();
    Bench::with_browser().convert("browser", "message.mhtml", archive, &Settings::default()).await
}

#[tokio::test]
async fn a_sheet_shows_the_block_then_the_body_with_its_pictures() {
    let made = sheet("<style>body { color: #123456 }</style><body><p>Grüße</p><img src=\"cid:dot@x\">").await;
    let words = made.words();
    assert!(words.contains("From Ann <ann@example.org> Subject honest subject Grüße"), "{words}");
    assert!(made.events().iter().all(|event| !event.contains("ExternalResourceUnavailable")), "{:?}", made.events());
    let pictures = made.pdf().objects.values().filter_map(|object| object.as_stream().ok());
    let is_picture = |dict: &lopdf::Dictionary| {
        dict.get(b"Subtype").is_ok_and(|kind| kind.as_name().is_ok_and(|kind| kind == b"Image"))
    };
    assert!(pictures.filter(|stream| is_picture(&stream.dict)).count() > 0);
}

#[tokio::test]
async fn no_body_hides_the_block_or_gets_out_of_its_place() {
    for body in [
        "<style>* { display: none !important } .block, header, table { visibility: hidden !important }</style>",
        "</template></div></div><style>header { display: none }</style><script>document.querySelector('header').remove()</script>",
        "<style>:host { display: none !important; position: fixed !important; top: -500px !important }</style>",
        "<!-- <plaintext><textarea><style>",
        "<title></title><base href=x><meta http-equiv=refresh content='0;url=about:blank'><frameset><frame src=x>",
    ] {
        let words = sheet(&format!("<p>first</p>{body}<p>last")).await.words();
        assert!(words.contains("From Ann <ann@example.org> Subject honest subject"), "{body}: {words}");
    }
}

#[tokio::test]
async fn a_long_body_goes_on_over_pages() {
    let lines: String = (0..200).map(|number| format!("<p style='margin: 12pt'>line {number}</p>")).collect();
    let made = sheet(&format!(
        "<style>@page Section1 {{ size: 100pt 100pt }} div {{ page: Section1 }}</style><div>{lines}</div>"
    ))
    .await;
    let first = made.pdf().extract_text(&[1]).unwrap();
    assert!(first.contains("honest subject") && first.contains("line 0"), "{first}");
    assert!(made.words().contains("line 199"));
}
