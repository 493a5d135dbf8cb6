//! Colours as devices know them are used only where something says what they look like: an output intent, a `Default`
//! space, in part 4 the blending space (part 1, 6.2.3.3; later ones, 6.2.4.3). Profiles of CMYK are not used where the
//! device colour would do (part 4, 6.2.4.2).

use std::collections::BTreeSet;

use lopdf::{Object, ObjectId};

use super::{
    drawn::Used,
    output_intents::{Target, Targets},
    profile::Identity,
    transparency,
};
use crate::pdf::{
    object,
    profiles::Device,
    validate::{Part, Place, content::Kind, rule::Findings, subject::Subject},
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
                // The profile was read when the group was met.
                let id = items.get(1).and_then(|held| object::target(document, held));
                let embedded = subject.facts().graphics.profiles.get(&id);
                let Some(profile) = embedded.and_then(|embedded| embedded.profile.as_ref()) else { return inside };
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
    let here = Surroundings::new(Targets::default().of_document(subject).as_ref());
    for used in subject.facts().graphics.pieces.values() {
        let devices = used.devices.union(&used.group_devices);
        devices.filter(|device| !here.covers(**device)).for_each(|device| report(used.place, *device));
    }
}

/// A CMYK profile is not used where it is the one of the output intent or of the blending space: `DeviceCMYK` is then
/// the same (part 4, 6.2.4.2).
pub(super) fn check_no_double_profile(subject: &Subject<'_>, findings: &mut Findings) {
    let drawn = &subject.facts().graphics;
    if drawn.pieces.values().all(|used| used.cmyk.is_empty()) {
        return;
    }
    walk(subject, |used, inside, _| {
        let is_doubled = |id: &ObjectId| {
            let profile = drawn.profiles.get(&Some(*id)).and_then(|embedded| embedded.profile.as_ref());
            profile.is_some_and(|profile| inside.has_profile(*id, profile.identity))
        };
        if used.cmyk.iter().any(is_doubled) {
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
    let mut targets = Targets::default();
    let of_document = targets.of_document(subject);
    let mut seen: BTreeSet<(ObjectId, Surroundings)> = BTreeSet::new();
    let mut steps = 0_usize;
    for page in subject.pages() {
        let of_page = targets.of(subject, page.held);
        let around = Surroundings::new(of_page.as_ref().or(of_document.as_ref()));
        let looks = subject.annotations(page).iter().flat_map(|annotation| &annotation.looks);
        let inside = around.inside(subject, transparency::blending_space(subject, page.held, Kind::Page));
        let mut open: Vec<(ObjectId, Surroundings)> = looks.map(|look| (*look, inside.clone())).collect();
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

#[cfg(test)]
mod tests {
    use lopdf::{Dictionary, Object, dictionary};

    use crate::pdf::validate::{
        Flavour,
        graphics::testing::{Sample, icc, named},
    };

    const UNDESCRIBED: [&str; 1] = ["device-colour-described"];

    #[test]
    fn device_colours_need_an_output_intent_of_their_kind() {
        let broken = |content, flavour| Sample::drawing(content, dictionary! {}).in_rgb().broken(flavour);
        for flavour in [Flavour::A1B, Flavour::A2B, Flavour::A3B, Flavour::A4] {
            assert!(broken("1 0 0 rg 0 g 0 0 1 1 re f", flavour).is_empty());
            assert_eq!(broken("1 0 0 0 K", flavour), UNDESCRIBED);
            assert_eq!(Sample::drawing("0 0 1 1 re f", dictionary! {}).broken(flavour), UNDESCRIBED);
            assert!(Sample::drawing("0 0 1 1 re n BT 3 Tr (x) Tj ET", dictionary! {}).broken(flavour).is_empty());
        }
        assert_eq!(broken("BI /W 1 /H 1 /BPC 8 /CS /CMYK ID abcd EI", Flavour::A2B), UNDESCRIBED);
        assert_eq!(broken("BI /W 1 /H 1 /BPC 8 /CS [/I /DeviceCMYK 0 <00>] ID a EI", Flavour::A2B), UNDESCRIBED);
    }

    #[test]
    fn a_default_space_describes_a_device_colour() {
        let spaces = dictionary! { "DefaultGray" => vec![named("CalGray"), dictionary! {}.into()] };
        let sample = Sample::drawing("0 0 1 1 re f 0 G", dictionary! { "ColorSpace" => spaces });
        assert!(sample.broken(Flavour::A2B).is_empty());
    }

    #[test]
    fn patterns_shadings_glyphs_and_images_are_looked_into() {
        let shading = || dictionary! { "ShadingType" => 2, "ColorSpace" => "DeviceCMYK" };
        let in_resources = |kind: &str, held: Object, content: &str| {
            let mut resources = Dictionary::new();
            resources.set(kind, dictionary! { "X" => held });
            Sample::drawing(content, resources).in_rgb().broken(Flavour::A2B)
        };
        assert_eq!(in_resources("Shading", shading().into(), "/X sh"), UNDESCRIBED);
        let pattern = dictionary! { "PatternType" => 2, "Shading" => shading() };
        assert_eq!(in_resources("Pattern", pattern.into(), "/Pattern cs /X scn"), UNDESCRIBED);

        let mut sample = Sample::drawing("/Im Do", dictionary! {}).in_rgb();
        let image = sample.stream(dictionary! { "Subtype" => "Image", "ColorSpace" => "DeviceCMYK" }, b"");
        sample.set(sample.page, "Resources", dictionary! { "XObject" => dictionary! { "Im" => image } });
        assert_eq!(sample.broken(Flavour::A2B), UNDESCRIBED);

        for (glyph, is_right) in [("1 0 0 0 1 1 d1 1 0 0 0 k", true), ("1 0 d0 1 0 0 0 k", false)] {
            let mut sample = Sample::drawing("/T 1 Tf (a) Tj", dictionary! {}).in_rgb();
            let glyph = sample.stream(dictionary! {}, glyph.as_bytes());
            let font = dictionary! { "Subtype" => "Type3", "CharProcs" => dictionary! { "a" => glyph } };
            sample.set(sample.page, "Resources", dictionary! { "Font" => dictionary! { "T" => font } });
            assert_eq!(sample.broken(Flavour::A2B).is_empty(), is_right);
        }
    }

    #[test]
    fn the_space_below_a_pattern_is_used_by_a_stencil_only() {
        for (paint_type, is_right) in [(1, true), (2, false)] {
            let mut sample = Sample::drawing("/C cs 1 0 0 0 /P scn", dictionary! {}).in_rgb();
            let held = dictionary! { "PatternType" => 1, "PaintType" => paint_type, "Resources" => dictionary! {} };
            let pattern = sample.stream(held, b"0 0 1 1 re f");
            sample.set(
                sample.page,
                "Resources",
                dictionary! {
                    "Pattern" => dictionary! { "P" => pattern },
                    "ColorSpace" => dictionary! { "C" => vec![named("Pattern"), named("DeviceCMYK")] },
                },
            );
            assert_eq!(sample.broken(Flavour::A2B).is_empty(), is_right);
        }
    }

    #[test]
    fn in_part_4_a_blending_space_or_an_intent_of_the_page_describes_colours() {
        let mut sample = Sample::drawing("1 0 0 rg", dictionary! {});
        let group = dictionary! { "S" => "Transparency", "CS" => vec![named("CalRGB"), dictionary! {}.into()] };
        sample.set(sample.page, "Group", group);
        assert!(sample.broken(Flavour::A4).is_empty());
        assert_eq!(sample.broken(Flavour::A2B), UNDESCRIBED);

        let mut sample = Sample::drawing("1 0 0 rg", dictionary! {});
        let profile = sample.profile(&icc(b"mntr", b"RGB ", 2), 3);
        let intent = dictionary! { "S" => "GTS_PDFA1", "DestOutputProfile" => profile };
        sample.set(sample.page, "OutputIntents", vec![intent.into()]);
        assert!(sample.broken(Flavour::A4).is_empty());
        assert_eq!(sample.broken(Flavour::A2B), UNDESCRIBED);
    }

    #[test]
    fn in_part_4_a_cmyk_profile_is_not_that_of_the_output_intent() {
        for (other, is_right) in [(b"CMYK", false), (b"RGB ", true)] {
            let mut sample = Sample::drawing("/C cs", dictionary! {});
            let used = sample.profile(&icc(b"prtr", b"CMYK", 2), 4);
            let intended = sample.profile(&icc(b"prtr", other, 2), 4);
            sample.intend(&[("GTS_PDFA1", intended)]);
            let spaces = dictionary! { "C" => vec![named("ICCBased"), used.into()] };
            sample.set(sample.page, "Resources", dictionary! { "ColorSpace" => spaces });
            let expected: &[&str] = if is_right { &[] } else { &["icc-not-doubled"] };
            assert_eq!(sample.broken(Flavour::A4), expected);
            assert!(sample.broken(Flavour::A2B).is_empty());
        }
    }
}
