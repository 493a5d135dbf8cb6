//! Colours as devices know them are used only where something says what they look like: an output intent, a `Default`
//! space, in part 4 the blending space (part 1, 6.2.3.3; later ones, 6.2.4.3). Profiles of CMYK are not used where the
//! device colour would do (part 4, 6.2.4.2).

use std::collections::BTreeSet;

use lopdf::{Object, ObjectId};

use super::{
    drawn::Used,
    output_intents::{self, Target},
    profile::{Identity, Profile},
    transparency,
};
use crate::pdf::{
    object,
    profiles::Device,
    validate::{Part, Place, content, content::Kind, rule::Findings, subject::Subject},
};

/// Most steps from a page to what it draws, to what that draws and so on, that part 4 is checked by.
const STEPS_MAX: usize = 1 << 20;

/// What is in force where a piece of content is drawn.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Surroundings {
    /// The colours of the output intent.
    intent: Option<[u8; 4]>,
    /// The profile of the output intent.
    intent_profile: Option<(Option<ObjectId>, Identity)>,
    /// The blending space, where it does not depend on a device.
    blending: Option<Device>,
    /// The profile of the blending space.
    blending_profile: Option<(Option<ObjectId>, Identity)>,
}

impl Surroundings {
    fn new(target: Option<&Target>) -> Self {
        Self {
            intent: target.map(|target| target.profile.space),
            intent_profile: target.map(|target| (target.id, target.profile.identity)),
            ..Self::default()
        }
    }

    /// Whether a device colour is one that something describes.
    fn covers(&self, device: Device) -> bool {
        match device {
            Device::Gray => self.intent.is_some(),
            Device::Rgb => self.intent == Some(*b"RGB ") || self.blending == Some(Device::Rgb),
            Device::Cmyk => self.intent == Some(*b"CMYK") || self.blending == Some(Device::Cmyk),
        }
    }

    /// These, inside a transparency group with a colour space of its own.
    fn inside(&self, subject: &Subject<'_>, space: Option<&Object>) -> Self {
        let Some(space) = space else { return self.clone() };
        let document = subject.document;
        let items = space.as_array().map(Vec::as_slice).unwrap_or_default();
        let family = items.first().map_or(space, |family| object::resolve(document, family)).as_name();
        let mut inside = Self { blending: None, blending_profile: None, ..self.clone() };
        match family {
            Ok(b"CalRGB") => inside.blending = Some(Device::Rgb),
            Ok(b"CalGray") => inside.blending = Some(Device::Gray),
            Ok(b"ICCBased") => {
                let held = items.get(1);
                let stream = held.and_then(|held| object::resolve(document, held).as_stream().ok());
                let Some(profile) = stream.and_then(Profile::of) else { return inside };
                let id = held.and_then(|held| object::target(document, held));
                inside.blending_profile = Some((id, profile.identity));
                inside.blending = match &profile.space {
                    b"RGB " => Some(Device::Rgb),
                    b"CMYK" => Some(Device::Cmyk),
                    b"GRAY" => Some(Device::Gray),
                    _ => None,
                };
            }
            // A device space is the blending space of the same kind that is in force.
            Ok(name) if Device::named(name).is_some_and(|device| self.blending == Some(device)) => {
                return self.clone();
            }
            Ok(_) | Err(_) => {}
        }
        inside
    }

    /// Whether a profile is the one of the output intent or of the blending space.
    fn has_profile(&self, id: ObjectId, identity: Identity) -> bool {
        [&self.intent_profile, &self.blending_profile]
            .into_iter()
            .flatten()
            .any(|(known, known_identity)| *known == Some(id) || *known_identity == identity)
    }
}

/// Device colours are used only where something describes them (part 1, 6.2.3.3; later ones, 6.2.4.3).
pub(super) fn check_described(subject: &Subject<'_>, findings: &mut Findings) {
    let mut report = |place: Place, device: Device| {
        findings.add(place, || format!("{} is used, but nothing says what it looks like.", shown(device)));
    };
    if subject.flavour.part() == Part::Four {
        walk(subject, |used, inside, outside| {
            let content = used.devices.iter().filter(|device| !inside.covers(**device));
            let group = used.group_devices.iter().filter(|device| !outside.covers(**device));
            content.chain(group).for_each(|device| report(used.place, *device));
        });
        return;
    }
    let target = subject.catalog().and_then(|catalog| output_intents::target(subject, catalog));
    let here = Surroundings::new(target.as_ref());
    for used in subject.facts().graphics.pieces.values() {
        let devices = used.devices.union(&used.group_devices);
        devices.filter(|device| !here.covers(**device)).for_each(|device| report(used.place, *device));
    }
}

/// A CMYK profile is not used where it is the one of the output intent or of the blending space: `DeviceCMYK` is then
/// the same (part 4, 6.2.4.2).
pub(super) fn check_no_double_profile(subject: &Subject<'_>, findings: &mut Findings) {
    let identity = |id: &ObjectId| {
        let held = subject.document.objects.get(id)?.as_stream().ok()?;
        Some((*id, Profile::of(held)?.identity))
    };
    let all: BTreeSet<ObjectId> =
        subject.facts().graphics.pieces.values().flat_map(|used| used.cmyk.iter().copied()).collect();
    if all.is_empty() {
        return;
    }
    let identities: std::collections::BTreeMap<ObjectId, Identity> = all.iter().filter_map(identity).collect();
    walk(subject, |used, inside, _| {
        let doubled = |id: &&ObjectId| identities.get(id).is_some_and(|identity| inside.has_profile(**id, *identity));
        if used.cmyk.iter().any(|id| doubled(&id)) {
            findings.add(used.place, || {
                "An ICCBased CMYK space has the profile of the output intent or of the blending space.".to_owned()
            });
        }
    });
}

/// Visits what every page draws, once for each surroundings in which it is drawn: with those inside of its own group
/// and those outside.
fn walk<'a>(subject: &Subject<'a>, mut visit: impl FnMut(&Used<'a>, &Surroundings, &Surroundings)) {
    let pieces = &subject.facts().graphics.pieces;
    let of_document = subject.catalog().and_then(|catalog| output_intents::target(subject, catalog));
    let mut seen: BTreeSet<(ObjectId, Surroundings)> = BTreeSet::new();
    let mut steps = 0_usize;
    for page in subject.pages() {
        let of_page = output_intents::target(subject, page.held);
        let around = Surroundings::new(of_page.as_ref().or(of_document.as_ref()));
        let looks = subject.annotations(page).into_iter().flat_map(|(_, held)| content::looks(subject, held));
        let inside = around.inside(subject, transparency::blending_space(subject, page.held, Kind::Page));
        let mut open: Vec<(ObjectId, Surroundings)> = looks.map(|look| (look, inside.clone())).collect();
        open.push((page.id, around));
        while let Some((id, outside)) = open.pop() {
            steps += 1;
            let Some(used) = pieces.get(&id) else { continue };
            if steps > STEPS_MAX || !seen.insert((id, outside.clone())) {
                continue;
            }
            let inside = outside.inside(subject, transparency::blending_space(subject, used.held, used.kind));
            visit(used, &inside, &outside);
            open.extend(used.children.iter().map(|child| (*child, inside.clone())));
        }
    }
}

const fn shown(device: Device) -> &'static str {
    match device {
        Device::Gray => "DeviceGray",
        Device::Rgb => "DeviceRGB",
        Device::Cmyk => "DeviceCMYK",
    }
}
