//! Output intents: what the colours of a document, and in part 4 of a page, are meant for (part 1, 6.2.2; later ones,
//! 6.2.3; ISO 32000-1, 14.11.5).

use std::collections::{BTreeMap, BTreeSet};

use lopdf::{Dictionary, Object, ObjectId};

use super::profile::{Profile, Reader};
use crate::pdf::{
    object,
    validate::{Part, Place, rule::Findings, subject::Subject},
};

/// The value of `S` by which an output intent is one for PDF/A.
const ARCHIVAL: &[u8] = b"GTS_PDFA1";

/// An output intent.
struct Intent<'a> {
    held: &'a Dictionary,
    place: Place,
    /// Its profile, not resolved.
    profile: Option<&'a Object>,
}

/// The profile for which the colours of a document or a page are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// The number of its stream.
    pub(super) id: Option<ObjectId>,
    /// What its head says.
    pub(super) profile: Profile,
}

/// The output intents of the catalog or of a page.
fn intents<'a>(subject: &Subject<'a>, holder: &'a Dictionary, fallback: Place) -> Vec<Intent<'a>> {
    let document = subject.document;
    let listed = object::array(document, holder, b"OutputIntents").unwrap_or_default();
    listed
        .iter()
        .filter_map(|intent| {
            let held = object::as_dictionary(object::resolve(document, intent))?;
            let place = object::target(document, intent).map_or(fallback, Place::from);
            Some(Intent { held, place, profile: held.get(b"DestOutputProfile").ok() })
        })
        .collect()
}

/// Every array of output intents: of the document and, in part 4, of its pages.
fn arrays<'a>(subject: &Subject<'a>) -> Vec<Vec<Intent<'a>>> {
    let of_document = subject.catalog().map(|catalog| intents(subject, catalog, Place::default()));
    let pages = if subject.flavour.part() == Part::Four { subject.pages() } else { &[] };
    let of_pages = pages.iter().filter(|page| page.held.has(b"OutputIntents"));
    let of_pages = of_pages.map(|page| {
        let place = Place { object: Some(page.id.0), page: Some(page.number) };
        intents(subject, page.held, place)
    });
    of_document.into_iter().chain(of_pages).collect()
}

/// Finds what colours are made for.
#[derive(Debug, Default)]
pub(super) struct Targets(Reader);

impl Targets {
    /// The profile of the output intent for PDF/A that a catalog or a page has.
    pub(super) fn of(&mut self, subject: &Subject<'_>, holder: &Dictionary) -> Option<Target> {
        let document = subject.document;
        let listed = object::array(document, holder, b"OutputIntents")?;
        listed.iter().find_map(|intent| {
            let held = object::as_dictionary(object::resolve(document, intent))?;
            if object::name(document, held, b"S") != Some(ARCHIVAL) {
                return None;
            }
            let profile = held.get(b"DestOutputProfile").ok()?;
            Some(Target { id: object::target(document, profile), profile: self.0.read(document, profile)? })
        })
    }

    /// That of the document.
    pub(super) fn of_document(&mut self, subject: &Subject<'_>) -> Option<Target> {
        subject.catalog().and_then(|catalog| self.of(subject, catalog))
    }
}

/// The profile of an output intent is one of a printer or a monitor, for grey, RGB or CMYK, in a version that the part
/// knows (part 1, 6.2.2; later ones, 6.2.3).
pub(super) fn check_profile(subject: &Subject<'_>, findings: &mut Findings) {
    let part = subject.flavour.part();
    for (intent, profile) in profiles(subject) {
        let fault = profile.map_or_else(
            || Some("does not exist, does not unpack or is too short".to_owned()),
            |profile| profile.output_fault(part),
        );
        if let Some(fault) = fault {
            findings.add(intent.place, || format!("The profile of an output intent {fault}."));
        }
    }
}

/// The output intents with a profile, each profile once, and what it says.
fn profiles<'a>(subject: &Subject<'a>) -> impl Iterator<Item = (Intent<'a>, Option<Profile>)> {
    let document = subject.document;
    let mut reader = Reader::default();
    let mut seen = BTreeSet::new();
    arrays(subject).into_iter().flatten().filter_map(move |intent| {
        let profile = intent.profile?;
        let id = object::target(document, profile);
        (id.is_none() || seen.insert(id)).then(|| (intent, reader.read(document, profile)))
    })
}

/// The profile of an output intent says in `N` how many components its colours have (part 1, 6.2.3.2, by PDF Reference
/// 1.4, table 4.16).
pub(super) fn check_components(subject: &Subject<'_>, findings: &mut Findings) {
    for (intent, profile) in profiles(subject) {
        let held = intent.profile.map(|held| object::resolve(subject.document, held)).and_then(object::as_dictionary);
        let said = held.and_then(|held| object::integer(subject.document, held, b"N"));
        let meant = profile.and_then(|profile| profile.components());
        findings.add_if(meant.is_some() && said != meant, intent.place, || {
            let said = said.map_or("nothing".to_owned(), |said| said.to_string());
            format!("The profile of an output intent has {} components, but its N says {said}.", meant.unwrap_or(0))
        });
    }
}

/// All output intents of an array that have a profile have the same one (part 1, 6.2.2; later ones, 6.2.3).
pub(super) fn check_same_profile(subject: &Subject<'_>, findings: &mut Findings) {
    for intents in arrays(subject) {
        let mut by_profile: BTreeMap<Option<ObjectId>, Place> = BTreeMap::new();
        for intent in &intents {
            if let Some(profile) = intent.profile {
                by_profile.entry(object::target(subject.document, profile)).or_insert(intent.place);
            }
        }
        let places = by_profile.into_values().skip(1);
        for place in places {
            findings.add(place, || "Output intents in one array have different profiles.".to_owned());
        }
    }
}

/// The profile of an output intent is not elsewhere: `DestOutputProfileRef` is not in an output intent for PDF/X (parts
/// 2 and 3, 6.2.3), nor in any (part 4, 6.2.3).
pub(super) fn check_no_reference(subject: &Subject<'_>, findings: &mut Findings) {
    let is_any = subject.flavour.part() == Part::Four;
    for intent in arrays(subject).into_iter().flatten().filter(|intent| intent.held.has(b"DestOutputProfileRef")) {
        let kind = object::name(subject.document, intent.held, b"S").unwrap_or_default();
        findings.add_if(is_any || kind == b"GTS_PDFX", intent.place, || {
            format!("An output intent of the kind {} has a DestOutputProfileRef.", object::shown(kind))
        });
    }
}

#[cfg(test)]
mod tests {
    use lopdf::{Object, dictionary};

    use crate::pdf::validate::{
        Flavour,
        graphics::testing::{Sample, icc},
    };

    fn broken(profile: &[u8], components: i64, flavour: Flavour) -> Vec<&'static str> {
        let mut sample = Sample::new();
        let profile = sample.profile(profile, components);
        sample.intend(&[("GTS_PDFA1", profile)]);
        sample.broken(flavour)
    }

    #[test]
    fn the_profile_is_of_a_printer_or_monitor_in_a_version_of_the_part() {
        assert!(broken(&icc(b"mntr", b"RGB ", 2), 3, Flavour::A1B).is_empty());
        assert_eq!(broken(&icc(b"mntr", b"RGB ", 4), 3, Flavour::A1B), ["output-intent-profile"]);
        assert!(broken(&icc(b"mntr", b"RGB ", 4), 3, Flavour::A2B).is_empty());
        assert_eq!(broken(&icc(b"prtr", b"CMYK", 5), 4, Flavour::A4), ["output-intent-profile"]);
        assert_eq!(broken(&icc(b"scnr", b"RGB ", 2), 3, Flavour::A2B), ["output-intent-profile"]);
        assert_eq!(broken(&icc(b"prtr", b"Lab ", 2), 3, Flavour::A2B), ["output-intent-profile"]);
        assert_eq!(broken(b"no profile", 3, Flavour::A2B), ["output-intent-profile"]);
    }

    #[test]
    fn in_part_1_its_number_of_components_is_right() {
        assert_eq!(broken(&icc(b"mntr", b"GRAY", 2), 3, Flavour::A1B), ["output-intent-components"]);
        assert!(broken(&icc(b"mntr", b"GRAY", 2), 3, Flavour::A2B).is_empty());
    }

    #[test]
    fn several_output_intents_share_one_profile() {
        let mut sample = Sample::new();
        let first = sample.profile(&icc(b"prtr", b"CMYK", 2), 4);
        let second = sample.profile(&icc(b"prtr", b"CMYK", 2), 4);
        sample.intend(&[("GTS_PDFA1", first), ("GTS_PDFX", first)]);
        assert!(sample.broken(Flavour::A1B).is_empty());
        sample.intend(&[("GTS_PDFA1", first), ("GTS_PDFX", second)]);
        assert_eq!(sample.broken(Flavour::A3B), ["output-intents-same"]);
    }

    #[test]
    fn the_profile_is_not_elsewhere_and_pages_count_in_part_4() {
        let mut sample = Sample::new();
        let intent = |kind: &str| dictionary! { "S" => kind, "DestOutputProfileRef" => dictionary! {} };
        sample.set(sample.page, "OutputIntents", vec![Object::Dictionary(intent("GTS_PDFA1"))]);
        assert_eq!(sample.broken(Flavour::A4), ["output-intent-embedded"]);
        assert!(sample.broken(Flavour::A2B).is_empty());
        sample.intend_with(intent("GTS_PDFX"));
        assert_eq!(sample.broken(Flavour::A2B), ["output-intent-embedded"]);
        sample.intend_with(intent("GTS_PDFA1"));
        assert!(sample.broken(Flavour::A2B).is_empty());
    }
}
