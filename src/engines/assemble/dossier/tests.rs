use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::Path,
};

use lopdf::{Object, Stream, dictionary, text_string};

use super::{super::assemble, *};
use crate::{
    domain::metadata::Metadata as Said,
    engines::{
        native::Tools,
        protocol::{Answer, Assemble, Input, Metadata, Step, Target},
        serve::Pdf,
    },
    pdf::{outline::Entry as Bookmark, text},
};

/// A document of some pages, with a title in it and a bookmark.
fn document(title: &str, pages: usize) -> Vec<u8> {
    let mut document = Document::new();
    let root = document.new_object_id();
    let kids: Vec<Object> = (0..pages)
        .map(|_| {
            let content = document.add_object(Stream::new(dictionary! {}, b"10 10 50 50 re f".to_vec()));
            let page = dictionary! {
                "Type" => "Page", "Parent" => root, "Contents" => content, "Resources" => dictionary! {},
                "MediaBox" => vec![0.into(), 0.into(), 300.into(), 400.into()],
            };
            document.add_object(page).into()
        })
        .collect();
    let place: Vec<Object> = vec![kids[pages - 1].clone(), "Fit".into()];
    let item = document.add_object(dictionary! { "Title" => text_string("Its end"), "Dest" => place });
    let items = document.add_object(dictionary! { "First" => item, "Last" => item, "Count" => 1 });
    let count = i64::try_from(pages).unwrap();
    document.objects.insert(root, dictionary! { "Type" => "Pages", "Count" => count, "Kids" => kids }.into());
    let labels = dictionary! { "Nums" => vec![0.into(), dictionary! { "S" => "r" }.into()] };
    let catalog = dictionary! { "Type" => "Catalog", "Pages" => root, "Outlines" => items, "PageLabels" => labels };
    let catalog = document.add_object(catalog);
    let info = document.add_object(dictionary! { "Title" => text_string(title) });
    document.trailer.set("Root", catalog);
    document.trailer.set("Info", info);
    pdf::write(&mut document, pdf::Shape::Packed).unwrap()
}

fn order() -> Dossier {
    Dossier {
        title: "The dossier".to_owned(),
        title_page: Some(TitlePage {
            title: "The dossier".to_owned(),
            subtitle: "And more".to_owned(),
            ..TitlePage::default()
        }),
        contents: Some(TableOfContents::default()),
        paper: Paper::A4,
        bookmarks: Bookmarks::default(),
        stamps: Vec::new(),
        stamp_contents: false,
        job_name: "job".to_owned(),
        custom: BTreeMap::new(),
        target: Target::Pdf,
        documents: Vec::new(),
    }
}

struct Made {
    document: Document,
    /// The lines of each page.
    lines: Vec<Vec<String>>,
}

/// Makes a dossier of documents with these titles and pages.
fn make(order: Dossier, documents: &[(&str, usize)]) -> Made {
    let folder = tempfile::tempdir().unwrap();
    let inputs = documents.iter().enumerate().map(|(index, (title, pages))| {
        let file = folder.path().join(format!("{index}.pdf"));
        fs::write(&file, document(title, *pages)).unwrap();
        Input { file, file_name: format!("file {index}.pdf"), words: Vec::new() }
    });
    let fonts = vec!["/usr/share/fonts".into()];
    let (tools, steps) = (Tools::new(&fonts), vec![Step::Dossier(Box::new(order))]);
    let assemble =
        Assemble { inputs: inputs.collect(), steps, made: Vec::new(), straighten: Default::default(), fonts, now: 0 };
    let mut bench = Bench {
        assemble: &assemble,
        tools: &tools,
        whole: None,
        parts: Vec::new(),
        files: Vec::new(),
        events: Vec::new(),
        requests: Vec::new(),
    };
    let Step::Dossier(order) = &assemble.steps[0] else { panic!("another step") };
    dossier(&mut bench, order).unwrap();
    assert_eq!(bench.events, []);
    let Some(Pdf::Document(mut document)) = bench.whole else { panic!("nothing was made") };
    let bytes = pdf::write(&mut document, pdf::Shape::Packed).unwrap();
    let count = pdf::page_count(&document);
    let lines = (0..count.min(12)).map(|page| {
        let page = text::extract(&bytes, page).unwrap();
        page.lines.iter().map(text::Line::text).collect()
    });
    let lines = lines.collect();
    Made { document: pdf::read(bytes, &[]).unwrap().document, lines }
}

/// The pages to which the links of a page lead, counted from 1, each once.
fn led_to(document: &Document, page: usize) -> Vec<usize> {
    let numbers: HashMap<_, usize> = document.get_pages().values().copied().zip(1..).collect();
    let page = document.get_pages().into_values().nth(page).unwrap();
    let annotations = document.get_dictionary(page).unwrap().get(b"Annots").unwrap();
    let annotations = document.dereference(annotations).unwrap().1.as_array().unwrap();
    let target = |link: &Object| {
        let link = document.dereference(link).unwrap().1.as_dict().unwrap();
        assert!(!link.has(b"A"));
        numbers[&link.get(b"Dest").unwrap().as_array().unwrap()[0].as_reference().unwrap()]
    };
    let mut all: Vec<usize> = annotations.iter().map(target).collect();
    all.dedup();
    all
}

fn bookmarks(document: &Document) -> Vec<(String, usize, usize)> {
    let shown = |entry: Bookmark| (entry.title, entry.level, entry.page.unwrap() + 1);
    outline::read(document).into_iter().map(shown).collect()
}

const THREE: [(&str, usize); 3] = [("One", 2), ("Two", 3), ("Three", 1)];

#[test]
fn a_dossier_has_a_title_page_a_table_of_contents_and_its_documents() {
    let made = make(order(), &THREE);
    assert_eq!(pdf::page_count(&made.document), 8);
    assert_eq!(made.lines[0], ["The dossier", "And more"]);
    let entry = |line: &String| line.replace(['.', ' '], "");
    assert_eq!(made.lines[1].iter().map(entry).collect::<Vec<_>>(), ["Contents", "One3", "Two5", "Three8"]);
    assert_eq!(led_to(&made.document, 1), [3, 5, 8]);
    let expected = [("Contents", 0, 2), ("One", 0, 3), ("Its end", 1, 4), ("Two", 0, 5), ("Its end", 1, 7)];
    let found = bookmarks(&made.document);
    assert_eq!(
        found.iter().take(5).map(|(title, level, page)| (title.as_str(), *level, *page)).collect::<Vec<_>>(),
        expected
    );
    assert_eq!(found.len(), 7);
    let catalog = made.document.catalog().unwrap();
    assert!(!catalog.has(b"PageLabels"), "pages are counted as the table of contents does");
    assert_eq!(catalog.get(b"PageMode").unwrap().as_name().unwrap(), b"UseOutlines");
}

#[test]
fn what_is_switched_off_is_not_there() {
    let bookmarks_off = Bookmarks { parent_bookmarks: false, keep_existing: false, contents_title: String::new() };
    let bare = Dossier { title_page: None, contents: None, bookmarks: bookmarks_off, ..order() };
    let made = make(bare.clone(), &THREE);
    assert_eq!((pdf::page_count(&made.document), bookmarks(&made.document)), (6, Vec::new()));
    let made = make(bare.clone(), &THREE[..1]);
    assert_eq!((pdf::page_count(&made.document), bookmarks(&made.document)), (2, Vec::new()));
    let contents = Some(TableOfContents { page_numbers: false, title: String::new(), ..TableOfContents::default() });
    let made = make(Dossier { contents, ..bare }, &THREE);
    assert_eq!(made.lines[0], ["One", "Two", "Three"]);
    assert_eq!(led_to(&made.document, 0), [2, 4, 7]);
}

#[test]
fn titles_are_for_their_places_and_a_bookmark_can_be_refused_for_one_document() {
    let named = |place: &str| Some(format!("In the {place}"));
    let documents = vec![
        DocumentTitles {
            title: Some("Nowhere".to_owned()),
            contents: named("contents"),
            outline: named("outline"),
            stamp: named("stamp"),
            has_bookmark: None,
        },
        DocumentTitles { has_bookmark: Some(false), ..DocumentTitles::default() },
    ];
    let stamp = r#"{ "content": { "type": "text", "text": "[document.title]: [document.page]/[document.pages], [page]/[pages] [date] [job.name] [custom:x]" } }"#;
    let stamps = vec![serde_json::from_str(stamp).unwrap()];
    let custom = BTreeMap::from([("X".to_owned(), "custom".to_owned())]);
    let of_stamped = Dossier { documents, stamps, custom, ..order() };
    let made = make(of_stamped.clone(), &THREE);
    assert!(made.lines[1][1].starts_with("In the contents") && made.lines[1][2].starts_with("Two"));
    let titles: Vec<String> = bookmarks(&made.document).into_iter().map(|(title, ..)| title).collect();
    assert_eq!(titles, ["Contents", "In the outline", "Its end", "Its end", "Three", "Its end"]);
    assert_eq!(made.lines[3], ["In the stamp: 2/2, 4/8 1970-01-01 job custom"]);
    assert_eq!(made.lines[4], ["Two: 1/3, 5/8 1970-01-01 job custom"]);
    let is_stamped = |page: usize| made.lines[page].iter().any(|line| line.contains("1970"));
    assert_eq!((is_stamped(0), is_stamped(1)), (false, false));
    let made = make(Dossier { stamp_contents: true, ..of_stamped }, &THREE);
    let is_stamped = |page: usize| made.lines[page].iter().any(|line| line.contains("The dossier: 2/8, 2/8"));
    assert_eq!((is_stamped(0), is_stamped(1)), (false, true));
}

#[test]
fn the_numbers_of_two_hundred_documents_are_the_pages_to_which_their_links_lead() {
    let titles: Vec<String> = (0..200)
        .map(|index| match index % 10 {
            3 => format!("{index}: a title that is far longer than a line of the table is, so that it has to be set on more lines than one"),
            5 => format!("{index}: מסמך בעברית עם כותרת"),
            7 => format!("{index}_annual_report_of_the_board_of_a_company_with_a_long_name_as_the_name_of_a_file.final.pdf"),
            _ => format!("{index}: a document"),
        })
        .collect();
    let documents: Vec<(&str, usize)> = titles.iter().map(|title| (title.as_str(), 10)).collect();
    let made = make(order(), &documents);
    let front = pdf::page_count(&made.document) - 2000;
    assert!((6..=9).contains(&front), "{front}");
    let expected: Vec<usize> = (0..200).map(|index| front + index * 10 + 1).collect();
    let (mut led, mut told) = (Vec::new(), Vec::new());
    for page in 1..front {
        led.extend(led_to(&made.document, page));
        let number = |line: &String| {
            // What reads from right to left has its number in front of it.
            let mut words = line.split(['.', ' ']);
            words.next_back()?.parse::<usize>().or_else(|_| words.next().unwrap_or_default().parse()).ok()
        };
        told.extend(
            made.lines[page].iter().filter(|line| line.contains("..") || line.contains(". .")).filter_map(number),
        );
    }
    assert_eq!(led, expected);
    assert_eq!(told, expected);
}

#[test]
fn a_dossier_can_be_pdfa_and_keeps_its_links() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.pdf");
    fs::write(&file, document("One", 1)).unwrap();
    let fonts = vec!["/usr/share/fonts".into()];
    let finish = Step::Finish { target: Target::PdfA2, metadata: Metadata(Said::default()), linearise: false };
    let steps = vec![Step::Dossier(Box::new(Dossier { target: Target::PdfA2, ..order() })), finish];
    let inputs = vec![Input { file, file_name: "a.pdf".to_owned(), words: Vec::new() }];
    let tools = Tools::new(&fonts);
    let made =
        assemble(&Assemble { inputs, steps, made: Vec::new(), straighten: Default::default(), fonts, now: 0 }, &tools)
            .unwrap();
    let Answer::Assembled { files, .. } = made else { panic!("{made:?}") };
    assert_eq!(files[0].conformance.as_deref(), Some("PDF/A-2u"));
    let output = Path::new(&crate::engines::assemble::output_of(0)).to_owned();
    let written = fs::read(&output).unwrap();
    fs::remove_file(output).unwrap();
    assert_eq!(led_to(&pdf::read(written, &[]).unwrap().document, 1), [3]);
}
