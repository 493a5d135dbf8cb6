//! Output intents: what the colours of a document, and in part 4 of a page, are meant for (part 1, 6.2.2; later ones,
//! 6.2.3; ISO 32000-1, 14.11.5).

use std::collections::{BTreeMap, BTreeSet};

use lopdf::{Dictionary, ObjectId, Stream};

use super::profile::Profile;
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
    /// The number of its profile, where it has one.
    profile_id: Option<ObjectId>,
    profile: Option<&'a Stream>,
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
            let profile = held.get(b"DestOutputProfile").ok();
            Some(Intent {
                held,
                place: object::target(document, intent).map_or(fallback, Place::from),
                profile_id: profile.and_then(|profile| object::target(document, profile)),
                profile: profile.and_then(|profile| object::resolve(document, profile).as_stream().ok()),
            })
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

/// The profile of the output intent for PDF/A that a catalog or a page has.
pub(super) fn target(subject: &Subject<'_>, holder: &Dictionary) -> Option<Target> {
    let document = subject.document;
    let listed = object::array(document, holder, b"OutputIntents")?;
    listed.iter().find_map(|intent| {
        let held = object::as_dictionary(object::resolve(document, intent))?;
        if object::name(document, held, b"S") != Some(ARCHIVAL) {
            return None;
        }
        let profile = held.get(b"DestOutputProfile").ok()?;
        Some(Target {
            id: object::target(document, profile),
            profile: Profile::of(object::resolve(document, profile).as_stream().ok()?)?,
        })
    })
}

/// The profile of an output intent is one of a printer or a monitor, for grey, RGB or CMYK, in a version that the part
/// knows (part 1, 6.2.2; later ones, 6.2.3).
pub(super) fn check_profile(subject: &Subject<'_>, findings: &mut Findings) {
    let part = subject.flavour.part();
    let mut seen = BTreeSet::new();
    for intent in arrays(subject).into_iter().flatten().filter(|intent| intent.held.has(b"DestOutputProfile")) {
        if intent.profile_id.is_some_and(|id| !seen.insert(id)) {
            continue;
        }
        let fault = match intent.profile.map(Profile::of) {
            None => Some("is no stream".to_owned()),
            Some(None) => Some("does not unpack or is too short".to_owned()),
            Some(Some(profile)) => profile.output_fault(part),
        };
        if let Some(fault) = fault {
            findings.add(intent.place, || format!("The profile of an output intent {fault}."));
        }
    }
}

/// The profile of an output intent says in `N` how many components its colours have (part 1, 6.2.2, by PDF Reference
/// 1.4, table 4.16).
pub(super) fn check_components(subject: &Subject<'_>, findings: &mut Findings) {
    for intent in arrays(subject).into_iter().flatten() {
        let Some(held) = intent.profile else { continue };
        let said = object::integer(subject.document, &held.dict, b"N");
        let meant = Profile::of(held).and_then(|profile| profile.components());
        findings.add_if(meant.is_some() && said != meant, intent.place, || {
            let said = said.map_or("nothing".to_owned(), |said| said.to_string());
            format!("The profile of an output intent has {} components, but its N says {said}.", meant.unwrap_or(0))
        });
    }
}

/// All output intents of an array that have a profile have the same one (part 1, 6.2.2; later ones, 6.2.3).
pub(super) fn check_same_profile(subject: &Subject<'_>, findings: &mut Findings) {
    for intents in arrays(subject) {
        let with_profile: Vec<&Intent<'_>> =
            intents.iter().filter(|intent| intent.held.has(b"DestOutputProfile")).collect();
        let mut by_profile: BTreeMap<Option<ObjectId>, Place> = BTreeMap::new();
        for intent in &with_profile {
            by_profile.entry(intent.profile_id).or_insert(intent.place);
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
