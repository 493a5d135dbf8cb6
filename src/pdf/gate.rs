//! The gate before an archive: a document goes through as PDF/A that was validated, or not at all.
//!
//! ```text
//! document ─► [`archive`] ─► claim, [`write()`], [`validate()`] ─► conforms ─► through
//!                ▲                              │ does not
//!                └── next rung: another writer, the pages drawn anew, the whole document drawn anew
//! ```
//!
//! Each rung of the ladder ends at the validator, and which one was reached is told.

use std::collections::BTreeSet;

use lopdf::Document;
use time::OffsetDateTime;

use super::{
    Error, Shape, archive, attach,
    fonts::FontFolder,
    metadata, object, page_count, read, redraw,
    validate::{File, Flavour, Level, Part, Report, validate},
    write,
};
use crate::domain::{Event, EventCode, Rung, metadata::Metadata};

/// How often pages are drawn anew because of what is found on them, before all of them are: a form that several pages
/// share is found on one page at a time.
const ROUNDS_MAX: usize = 3;

/// What a document is to become.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The part of ISO 19005.
    pub part: Part,
    /// What its metadata are to say.
    pub metadata: &'a Metadata,
    /// Now, for the date of change.
    pub now: OffsetDateTime,
    /// Fonts for those that it lacks.
    pub fonts: &'a FontFolder,
    /// Another writer of PDF that may succeed where changing objects does not; gives a PDF for a PDF.
    pub writer: Option<&'a dyn Writer>,
}

/// Writes a PDF anew from what it shows.
pub trait Writer: std::fmt::Debug {
    /// A PDF of the same looks; `None` when it cannot be made.
    fn write_anew(&self, bytes: &[u8], part: Part) -> Option<Vec<u8>>;
}

/// A document that went through.
#[derive(Debug)]
pub struct Passed {
    /// The file.
    pub bytes: Vec<u8>,
    /// Its pages.
    pub pages: usize,
    /// What it conforms to, and claims.
    pub flavour: Flavour,
    /// How far it had to go.
    pub rung: Rung,
    /// What was changed that someone may miss.
    pub events: Vec<Event>,
}

/// The flavour of a file that is PDF/A of one of some parts already: it claims so, and is.
pub fn conforming(bytes: &[u8], parts: &[Part]) -> Option<Flavour> {
    let file = File::open(bytes);
    file.claimed().filter(|flavour| parts.contains(&flavour.part()) && file.validate(*flavour).is_compliant())
}

/// Brings a document through the gate.
///
/// # Errors
/// `NotConformant` when no rung leads through, and what archiving and drawing fail with.
pub fn pass(mut document: Document, wanted: &Wanted<'_>) -> Result<Passed, Error> {
    let mut events = Vec::new();
    let mut rung = Rung::Archived;
    let mut drawn = BTreeSet::new();
    if wanted.part == Part::One && !archive::pages_beyond_pdf14(&document).is_empty() {
        let bytes = write(&mut document, Shape::Packed)?;
        events = archive::flatten(&mut document, &bytes);
        let which = archive::pages_beyond_pdf14(&document);
        if !which.is_empty() {
            let reason = "It has transparency, hidden layers or JPEG 2000, which PDF/A-1 does not have.";
            add(&mut events, redraw::pages(&mut document, &bytes, &which, reason)?);
            rung = Rung::PagesRedrawn;
            drawn = which;
        }
    }
    add(&mut events, archive::to_pdfa(&mut document, wanted.part, wanted.fonts)?);
    let mut refused = match claim(&mut document, wanted)? {
        Claimed::Conforms { bytes, flavour } => return Ok(passed(&document, bytes, flavour, rung, events)),
        Claimed::Fails { report, bytes } => Refused { report, bytes },
    };
    let told = archive::rewrite(&mut document, wanted.part)?;
    if !told.is_empty() {
        add(&mut events, told);
        match claim(&mut document, wanted)? {
            Claimed::Conforms { bytes, flavour } => return Ok(passed(&document, bytes, flavour, rung, events)),
            Claimed::Fails { report, bytes } => refused = Refused { report, bytes },
        }
    }
    if let Some(passed) = rewritten(&document, &refused, wanted, &events) {
        return Ok(passed);
    }
    for round in 0..=ROUNDS_MAX {
        let named = if round < ROUNDS_MAX { refused.pages() } else { BTreeSet::new() };
        let named: BTreeSet<usize> = named.difference(&drawn).copied().collect();
        let others = || (0..page_count(&document)).filter(|page| !drawn.contains(page)).collect();
        let which = if named.is_empty() { others() } else { named };
        // What is wrong with pages that hold nothing but their picture is not on them.
        if which.is_empty() {
            break;
        }
        let redrawn = redraw::pages(&mut document, &refused.bytes, &which, &refused.reason());
        let Ok(told) = redrawn else { break };
        drawn.extend(which);
        let told = [told, archive::to_pdfa(&mut document, wanted.part, wanted.fonts)?].concat();
        add(&mut events, told);
        match claim(&mut document, wanted)? {
            Claimed::Conforms { bytes, flavour } => {
                return Ok(passed(&document, bytes, flavour, Rung::PagesRedrawn, events));
            }
            Claimed::Fails { report, bytes } => refused = Refused { report, bytes },
        }
    }
    let before = document;
    let (mut document, told) = redraw::document(&refused.bytes, &refused.reason())?;
    add(&mut events, told);
    add(&mut events, lost_files(&before, &document));
    add(&mut events, archive::to_pdfa(&mut document, wanted.part, wanted.fonts)?);
    match claim(&mut document, wanted)? {
        Claimed::Conforms { bytes, flavour } => Ok(passed(&document, bytes, flavour, Rung::Redrawn, events)),
        Claimed::Fails { report, .. } => Err(not_conformant(&report)),
    }
}

fn passed(document: &Document, bytes: Vec<u8>, flavour: Flavour, rung: Rung, mut events: Vec<Event>) -> Passed {
    // The levels are tried from the highest, so a file of the lowest failed what the one above asks for besides: Unicode values.
    // PDF/A-1 has no level for them alone.
    if flavour.level() == Level::B && flavour.part() != Part::One {
        let message =
            format!("Some text has no Unicode values, so the result is {flavour}: it may not be found by searching.");
        add(&mut events, vec![Event::info(EventCode::UnicodesIncomplete, message)]);
    }
    Passed { bytes, pages: page_count(document), flavour, rung, events }
}

/// Tells of the files of a document that are no longer in what was made of it.
fn lost_files(before: &Document, after: &Document) -> Vec<Event> {
    let names = |document| -> Vec<String> {
        attach::list(document).unwrap_or_default().into_iter().map(|file| file.name).collect()
    };
    let after = names(after);
    let lost = names(before).into_iter().filter(|name| !after.contains(name));
    lost.map(|name| Event::warning(EventCode::EmbeddedFileRemoved, archive::file_removed(&name))).collect()
}

/// Adds events that were not told before.
fn add(events: &mut Vec<Event>, told: Vec<Event>) {
    for event in told {
        if !events.contains(&event) {
            events.push(event);
        }
    }
}

fn not_conformant(report: &Report) -> Error {
    let what = report.failed.first().map_or_else(String::new, |failure| {
        format!("{} (ISO 19005, clause {} for {})", failure.message, failure.clause, report.flavour)
    });
    Error::NotConformant { what }
}

/// What the validator does not let through.
struct Refused {
    report: Report,
    bytes: Vec<u8>,
}

impl Refused {
    /// The pages, from 0, on which drawing anew may help; none when it is not known of every failure where it is.
    fn pages(&self) -> BTreeSet<usize> {
        let lowest = lowest(self.report.flavour.part());
        let binding = || self.report.failed.iter().filter(|failure| failure.binds(lowest));
        if binding().any(|failure| failure.pages.is_empty()) {
            return BTreeSet::new();
        }
        let pages = binding().flat_map(|failure| &failure.pages);
        pages.filter_map(|page| usize::try_from(*page).ok()?.checked_sub(1)).collect()
    }

    /// Why, as a sentence.
    fn reason(&self) -> String {
        let lowest = lowest(self.report.flavour.part());
        let first = self.report.failed.iter().find(|failure| failure.binds(lowest));
        first.map(|failure| failure.message.clone()).unwrap_or_default()
    }
}

/// Lets another writer write what was refused, and tries again with that.
fn rewritten(before: &Document, refused: &Refused, wanted: &Wanted<'_>, events: &[Event]) -> Option<Passed> {
    let bytes = wanted.writer?.write_anew(&refused.bytes, wanted.part)?;
    let mut document = read(bytes, &[]).ok()?.document;
    archive::to_pdfa(&mut document, wanted.part, wanted.fonts).ok()?;
    match claim(&mut document, wanted).ok()? {
        Claimed::Conforms { bytes, flavour } => {
            let mut events = events.to_vec();
            add(&mut events, lost_files(before, &document));
            Some(passed(&document, bytes, flavour, Rung::Rewritten, events))
        }
        Claimed::Fails { .. } => None,
    }
}

/// What came of a claim.
enum Claimed {
    /// The file conforms to what it claims.
    Conforms { bytes: Vec<u8>, flavour: Flavour },
    /// It conforms to no level of the part.
    Fails { report: Report, bytes: Vec<u8> },
}

/// The level that every file of a part has to reach.
const fn lowest(part: Part) -> Level {
    match part {
        Part::One | Part::Two | Part::Three => Level::B,
        Part::Four => Level::Plain,
    }
}

/// What a document may come to conform to in a part, best first.
fn candidates(document: &Document, part: Part) -> impl Iterator<Item = Flavour> + use<> {
    let is_tagged = object::catalog(document).is_some_and(|catalog| catalog.has(b"StructTreeRoot"));
    let levels = [Level::A, Level::U, Level::B, Level::Plain].into_iter();
    levels.filter(move |level| is_tagged || *level != Level::A).filter_map(move |level| Flavour::of(part, level))
}

/// Has the document claim the best level that the validator finds true.
fn claim(document: &mut Document, wanted: &Wanted<'_>) -> Result<Claimed, Error> {
    let shape = if wanted.part == Part::One { Shape::Classic } else { Shape::Packed };
    let mut failed: Option<(Report, Vec<u8>)> = None;
    for flavour in candidates(document, wanted.part) {
        let stands = |(report, _): &(Report, _)| report.failed.iter().any(|failure| failure.binds(flavour.level()));
        if failed.as_ref().is_some_and(stands) {
            continue;
        }
        metadata::write(document, wanted.metadata, Some(flavour), wanted.now)?;
        let bytes = write(document, shape)?;
        let report = validate(&bytes, flavour);
        if report.is_compliant() {
            return Ok(Claimed::Conforms { bytes, flavour });
        }
        failed = Some((report, bytes));
    }
    let (report, bytes) = failed.ok_or_else(|| Error::corrupt("there is no level that it may claim"))?;
    Ok(Claimed::Fails { report, bytes })
}

/// The clauses that a document would break if it claimed a flavour, for tests.
#[cfg(test)]
pub(crate) fn refusals(document: &Document, flavour: Flavour) -> Vec<&'static str> {
    let mut document = document.clone();
    metadata::write(&mut document, &Metadata::default(), Some(flavour), OffsetDateTime::UNIX_EPOCH).unwrap();
    let bytes = write(&mut document, Shape::Packed).unwrap();
    validate(&bytes, flavour).failed.iter().map(|failure| failure.clause).collect()
}

#[cfg(test)]
mod tests {
    use lopdf::{Dictionary, Object, Stream, dictionary};

    use super::*;

    /// A page of some content with some resources.
    fn document(content: &str, resources: Dictionary) -> Document {
        let mut document = Document::new();
        let root = document.new_object_id();
        let content = document.add_object(Stream::new(dictionary! {}, content.as_bytes().to_vec()));
        let page = document.add_object(dictionary! {
            "Type" => "Page", "Parent" => root, "Contents" => content, "Resources" => resources,
            "MediaBox" => vec![0.into(), 0.into(), 100.into(), 100.into()],
        });
        let kids: Vec<Object> = vec![page.into()];
        document.objects.insert(root, dictionary! { "Type" => "Pages", "Count" => 1, "Kids" => kids }.into());
        let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => root });
        document.trailer.set("Root", catalog);
        document
    }

    fn passed(document: Document, part: Part) -> Passed {
        let fonts = FontFolder::open(&[]);
        let metadata = Metadata::default();
        let now = OffsetDateTime::UNIX_EPOCH;
        let passed = pass(document, &Wanted { part, metadata: &metadata, now, fonts: &fonts, writer: None }).unwrap();
        assert_eq!(validate(&passed.bytes, passed.flavour).failed, []);
        assert_eq!(conforming(&passed.bytes, &[part]), Some(passed.flavour));
        passed
    }

    fn text() -> Document {
        let font = dictionary! { "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica" };
        document("BT /F 12 Tf 20 50 Td (Words) Tj ET", dictionary! { "Font" => dictionary! { "F" => font } })
    }

    #[test]
    fn a_page_whose_font_cannot_be_had_is_drawn_anew_and_the_client_is_told() {
        let passed = passed(text(), Part::Two);
        assert_eq!((passed.rung, passed.pages), (Rung::PagesRedrawn, 1));
        assert!(passed.events.iter().any(|event| event.code == EventCode::ContentRasterized));
    }

    /// The same with a file pinned to the page.
    fn pinned(mut document: Document, bytes: Vec<u8>) -> Document {
        let file = document.add_object(Stream::new(dictionary! { "Type" => "EmbeddedFile" }, bytes));
        let name = || Object::string_literal("pinned.pdf");
        let specification = dictionary! {
            "Type" => "Filespec", "F" => name(), "UF" => name(), "EF" => dictionary! { "F" => file },
        };
        let pin = dictionary! {
            "Type" => "Annot", "Subtype" => "FileAttachment", "FS" => specification, "Contents" => name(),
            "Rect" => vec![80.into(), 80.into(), 90.into(), 90.into()],
        };
        let pin = document.add_object(pin);
        let page = super::super::pages::list(&document)[0];
        object::at_mut(&mut document, page).unwrap().set("Annots", vec![Object::Reference(pin)]);
        document
    }

    #[test]
    fn a_file_pinned_to_a_page_that_is_drawn_anew_stays_where_the_part_takes_it_else_the_client_is_told() {
        let archive = || passed(document("10 10 50 50 re f", dictionary! {}), Part::Two).bytes;
        let state = dictionary! { "Type" => "ExtGState", "ca" => Object::Real(0.5) };
        let faded = document("/G gs 10 10 50 50 re f", dictionary! { "ExtGState" => dictionary! { "G" => state } });
        for (document, part, bytes, stays) in [
            (text(), Part::Two, archive(), true),
            (text(), Part::Three, archive(), true),
            (text(), Part::Three, b"text".to_vec(), true),
            (text(), Part::Two, b"text".to_vec(), false),
            (text(), Part::One, archive(), false),
            (faded, Part::One, archive(), false),
        ] {
            let passed = passed(pinned(document, bytes.clone()), part);
            assert_eq!(passed.rung, Rung::PagesRedrawn);
            let after = read(passed.bytes, &[]).unwrap().document;
            let files = attach::list(&after).unwrap();
            assert_eq!(files.len(), usize::from(stays), "{part:?}");
            let is_told = passed.events.iter().any(|event| event.code == EventCode::EmbeddedFileRemoved);
            assert_eq!(is_told, !stays, "{part:?}: {:?}", passed.events);
            for file in files {
                assert_eq!((file.name.as_str(), file.place), ("pinned.pdf", pinned_to(part)));
                assert!(attach::read(&after, &file, 1 << 20).unwrap() == bytes);
            }
        }
    }

    /// In PDF/A-3 a file is tied to the document as well.
    fn pinned_to(part: Part) -> attach::Place {
        if part == Part::Two { attach::Place::Page(1) } else { attach::Place::Document }
    }

    #[test]
    fn files_that_are_lost_with_another_writer_or_a_new_document_are_named() {
        let bytes = passed(document("10 10 50 50 re f", dictionary! {}), Part::Two).bytes;
        let (fonts, metadata, now) = (FontFolder::open(&[]), Metadata::default(), OffsetDateTime::UNIX_EPOCH);
        let wanted = Wanted { part: Part::Two, metadata: &metadata, now, fonts: &fonts, writer: Some(&Always) };
        let passed = pass(pinned(text(), bytes.clone()), &wanted).unwrap();
        assert_eq!(passed.rung, Rung::Rewritten);
        let lost = "The embedded file \"pinned.pdf\" was removed.";
        assert!(passed.events.iter().any(|event| event.message == lost), "{:?}", passed.events);
        let mut before = pinned(text(), bytes);
        let bytes = write(&mut before, Shape::Packed).unwrap();
        let (after, _) = redraw::document(&bytes, "").unwrap();
        assert_eq!(lost_files(&before, &after), [Event::warning(EventCode::EmbeddedFileRemoved, lost)]);
        assert_eq!(lost_files(&before, &before), []);
    }

    #[test]
    fn a_page_with_transparency_is_drawn_anew_for_part_one_alone() {
        let state = dictionary! { "Type" => "ExtGState", "ca" => Object::Real(0.5) };
        let faded =
            || document("/G gs 10 10 50 50 re f", dictionary! { "ExtGState" => dictionary! { "G" => state.clone() } });
        assert_eq!(passed(faded(), Part::One).rung, Rung::PagesRedrawn);
        assert_eq!(passed(faded(), Part::Three).rung, Rung::Archived);
    }

    #[test]
    fn the_best_level_is_claimed_that_is_true() {
        let mut tagged = document("/Artifact BMC 10 10 50 50 re f EMC", dictionary! {});
        let structure = tagged.add_object(dictionary! { "Type" => "StructTreeRoot" });
        let catalog = object::catalog_mut(&mut tagged).unwrap();
        catalog.set("StructTreeRoot", structure);
        catalog.set("MarkInfo", dictionary! { "Marked" => true });
        catalog.set("Lang", Object::string_literal("en"));
        let plain = document("10 10 50 50 re f", dictionary! {});
        assert_eq!(passed(tagged.clone(), Part::Two).flavour, Flavour::A2A);
        assert_eq!(passed(tagged, Part::One).flavour, Flavour::A1A);
        assert_eq!(passed(plain.clone(), Part::Two).flavour, Flavour::A2U);
        assert_eq!(passed(plain, Part::One).flavour, Flavour::A1B);
    }

    /// Writes whatever it is given as one and the same page.
    #[derive(Debug)]
    struct Always;

    impl Writer for Always {
        fn write_anew(&self, _: &[u8], _: Part) -> Option<Vec<u8>> {
            write(&mut document("10 10 50 50 re f", dictionary! {}), Shape::Packed).ok()
        }
    }

    #[test]
    fn another_writer_is_asked_before_pages_are_drawn_anew() {
        let (fonts, metadata, now) = (FontFolder::open(&[]), Metadata::default(), OffsetDateTime::UNIX_EPOCH);
        let wanted = Wanted { part: Part::Two, metadata: &metadata, now, fonts: &fonts, writer: Some(&Always) };
        assert_eq!(pass(text(), &wanted).unwrap().rung, Rung::Rewritten);
        assert_eq!(pass(document("0 0 9 9 re f", dictionary! {}), &wanted).unwrap().rung, Rung::Archived);
    }
}
