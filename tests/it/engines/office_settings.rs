//! What the settings of a profile change in what LibreOffice makes.

use bindery::engines::settings::{Comments, Office, PageFit, Settings, TrackedChanges};

use crate::support::{bench::Bench, office, pdf};

fn with(office: Office) -> Settings {
    Settings { office, ..Settings::default() }
}

#[tokio::test]
async fn comments_become_annotations_or_are_left_out() {
    let bench = Bench::with_office();
    let by_default = bench.office(&office::commented(), &Settings::default()).await;
    assert_eq!(by_default.annotations("Text"), 1, "{:?}", by_default.events());
    let hidden = Office { comments: Comments::Hidden, ..Office::default() };
    let hidden = bench.office(&office::commented(), &with(hidden)).await;
    assert_eq!(hidden.annotations("Text"), 0);
    assert_eq!(hidden.text(), by_default.text());
}

#[tokio::test]
async fn comments_that_cannot_be_put_in_the_margin_become_annotations_and_the_client_is_told() {
    let bench = Bench::with_office();
    let margin = with(Office { comments: Comments::Margin, ..Office::default() });
    let commented = bench.office(&office::commented(), &margin).await;
    assert_eq!(commented.annotations("Text"), 1);
    let told = "VisualDifferences: Comments cannot be put in the margin; they became annotations.";
    assert_eq!(commented.events(), [told]);
    let without = bench.office(&office::tracked(true), &margin).await;
    assert!(without.events().is_empty(), "{:?}", without.events());
}

#[tokio::test]
async fn notes_get_pages_and_hidden_slides_are_shown_when_asked_for() {
    let bench = Bench::with_office();
    let by_default = bench.office(&office::slides(), &Settings::default()).await;
    assert_eq!((pdf::page_count(by_default.pdf()), by_default.words().as_str()), (1, "Shown"));
    let notes = bench.office(&office::slides(), &with(Office { notes_pages: true, ..Office::default() })).await;
    assert_eq!(pdf::page_count(notes.pdf()), 2);
    assert!(notes.text().contains("Aside"), "{}", notes.text());
    let hidden = bench.office(&office::slides(), &with(Office { hidden_slides: true, ..Office::default() })).await;
    assert_eq!((pdf::page_count(hidden.pdf()), hidden.words().as_str()), (2, "Shown Secret"));
}

#[tokio::test]
async fn tracked_changes_are_as_saved_shown_or_accepted() {
    let bench = Bench::with_office();
    let (all, accepted) = ("Webuycheesebread", "Webuybread");
    for (saved_as_shown, setting, expected) in [
        (true, TrackedChanges::AsSaved, all),
        (false, TrackedChanges::AsSaved, accepted),
        (false, TrackedChanges::Shown, all),
        (true, TrackedChanges::Accepted, accepted),
    ] {
        let settings = with(Office { tracked_changes: setting, ..Office::default() });
        let converted = bench.office(&office::tracked(saved_as_shown), &settings).await;
        assert_eq!(converted.words().replace(' ', ""), expected, "{setting:?}");
        assert!(converted.events().is_empty(), "{:?}", converted.events());
    }
}

#[tokio::test]
async fn hidden_sheets_are_shown_when_asked_for() {
    let bench = Bench::with_office();
    let book = office::workbook(&[("Open", "visible", 1, 1), ("Hid", "hidden", 1, 1), ("Deep", "veryHidden", 1, 1)]);
    let by_default = bench.office(&book, &Settings::default()).await;
    assert_eq!(by_default.words(), "Open");
    let shown = bench.office(&book, &with(Office { hidden_sheets: true, ..Office::default() })).await;
    assert_eq!((pdf::page_count(shown.pdf()), shown.words().as_str()), (3, "Open Hid Deep"));
    assert!(shown.events().is_empty(), "{:?}", shown.events());
}

#[tokio::test]
async fn sheets_fit_the_width_of_a_page_or_a_page_each() {
    let bench = Bench::with_office();
    let book = office::workbook(&[("Wide", "visible", 30, 90), ("Small", "visible", 1, 1)]);
    let pages = async |page_fit| {
        let converted = bench.office(&book, &with(Office { page_fit, ..Office::default() })).await;
        assert!(converted.events().is_empty(), "{:?}", converted.events());
        pdf::page_count(converted.pdf())
    };
    let as_set = pages(PageFit::AsSet).await;
    let wide = pages(PageFit::OnePageWide).await;
    let each = pages(PageFit::OnePageEach).await;
    assert!(as_set > wide && wide >= 2, "{as_set} {wide}");
    assert_eq!(each, 2);
}

#[tokio::test]
async fn a_long_sheet_made_one_page_wide_goes_on_over_many_pages() {
    let bench = Bench::with_office();
    let book = office::workbook(&[("Long", "visible", 12, 400)]);
    let converted = bench.office(&book, &with(Office { page_fit: PageFit::OnePageWide, ..Office::default() })).await;
    assert!(pdf::page_count(converted.pdf()) > 3, "{}", pdf::page_count(converted.pdf()));
    assert_eq!(converted.text().matches("Long").count(), 12 * 400);
}
