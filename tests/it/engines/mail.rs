//! Mail and archives of many programs: a folder of documents, each with what is in it.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use bindery::{
    domain::Format,
    engines::{
        Error, detect, mail,
        unpack::{Budget, Store, Unpacked, unpack_zip},
    },
};

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
    let mut store = Store::new(folder, Budget::of_upload(bytes.len() as u64));
    let opened = if format == Format::Zip {
        unpack_zip(&bytes, &[], &mut store)
    } else {
        mail::unpack(&bytes, format, &[PathBuf::from("/usr/share/fonts")], &mut store)
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
            let archive = fs::read_to_string(place.path().join(bindery::engines::unpack::file_of(number))).unwrap();
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
