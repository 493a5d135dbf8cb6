//! Graphics without fonts: output intents, colours, graphics states, images, forms and transparency (part 1, 6.2 and
//! 6.4; parts 2 and 3, 6.2.2 to 6.2.10; part 4, 6.2.2 to 6.2.9).
//!
//! Only what is drawn is looked at, as [`Drawn`] collects it.

mod colorants;
mod colour_profiles;
mod content_streams;
mod device_colours;
mod drawn;
mod forms;
mod graphics_state;
mod images;
mod jpeg2000;
mod objects;
mod operators;
mod output_intents;
mod profile;
mod spaces;
mod transparency;

#[cfg(test)]
mod testing;

pub(super) use drawn::Drawn;

use super::{
    Part,
    rule::{Clauses, Rule, Scope},
};

/// A rule of every level.
const fn rule(
    name: &'static str,
    clauses: Clauses,
    check: fn(&super::subject::Subject<'_>, &mut super::rule::Findings),
    remedy: &'static str,
) -> Rule {
    Rule { name, clauses, scope: Scope::Every, remedy, check }
}

/// The rules of this chapter.
pub(super) const RULES: &[Rule] = &[
    rule(
        "operators-defined",
        Clauses::all("6.2.10", "6.2.2", "6.2.2"),
        content_streams::check_operators,
        "Have the content written without operators that are not in the standard.",
    ),
    rule(
        "content-readable",
        Clauses::all("6.2.10", "6.2.2", "6.2.2"),
        content_streams::check_readable,
        "Have the document written anew, in smaller pieces.",
    ),
    rule(
        "resources-own",
        Clauses::from_two("6.2.2", "6.2.2"),
        content_streams::check_own_resources,
        "Give each page, form, pattern and Type 3 font a resource dictionary with all that its content names.",
    ),
    rule(
        "resources-defined",
        Clauses::only(Part::Four, "6.2.2"),
        content_streams::check_defined_resources,
        "Add the missing resource, or take out the operator that names it.",
    ),
    rule(
        "output-intent-profile",
        Clauses::all("6.2.2", "6.2.3", "6.2.3"),
        output_intents::check_profile,
        "Embed a printer or monitor profile for grey, RGB or CMYK in the output intent.",
    ),
    rule(
        "output-intent-components",
        Clauses::only(Part::One, "6.2.3.2"),
        output_intents::check_components,
        "Set N of the profile to the number of its components.",
    ),
    rule(
        "output-intents-same",
        Clauses::all("6.2.2", "6.2.3", "6.2.3"),
        output_intents::check_same_profile,
        "Let all output intents refer to the same profile object.",
    ),
    rule(
        "output-intent-embedded",
        Clauses::from_two("6.2.3", "6.2.3"),
        output_intents::check_no_reference,
        "Embed the profile instead of referring to one elsewhere.",
    ),
    rule(
        "icc-profile",
        Clauses::all("6.2.3.2", "6.2.4.2", "6.2.4.2"),
        colour_profiles::check_profile,
        "Replace the profile by a valid one of the right kind and version.",
    ),
    rule(
        "icc-components",
        Clauses::all("6.2.3.2", "6.2.4.2", "6.2.4.2"),
        colour_profiles::check_components,
        "Set N of the profile to the number of its components.",
    ),
    rule(
        "icc-overprint-mode",
        Clauses::from_two("6.2.4.2", "6.2.4.2"),
        colour_profiles::check_overprint_mode,
        "Set OPM to 0, or use DeviceCMYK with a CMYK output intent.",
    ),
    rule(
        "icc-not-doubled",
        Clauses::only(Part::Four, "6.2.4.2"),
        device_colours::check_no_double_profile,
        "Use DeviceCMYK instead: the output intent or the blending space says what it looks like.",
    ),
    rule(
        "device-colour-described",
        Clauses::all("6.2.3.3", "6.2.4.3", "6.2.4.3"),
        device_colours::check_described,
        "Add an output intent with a profile of these colours, or set the matching Default colour space.",
    ),
    rule(
        "colorants-present",
        Clauses::from_two("6.2.4.4", "6.2.4.4"),
        colorants::check_colorants,
        "Describe each spot colour in the Colorants dictionary of the DeviceN space.",
    ),
    rule(
        "separations-same",
        Clauses::from_two("6.2.4.4", "6.2.4.4"),
        colorants::check_same_inks,
        "Use one Separation space for each spot colour.",
    ),
    rule(
        "no-transfer-function",
        Clauses::all("6.2.8", "6.2.5", "6.2.5"),
        graphics_state::check_no_transfer,
        "Take TR out of the graphics state.",
    ),
    rule(
        "default-transfer-function",
        Clauses::all("6.2.8", "6.2.5", "6.2.5"),
        graphics_state::check_default_transfer,
        "Take TR2 out of the graphics state.",
    ),
    rule(
        "no-halftone-origin",
        Clauses::from_two("6.2.5", "6.2.5"),
        graphics_state::check_no_halftone_origin,
        "Take the halftone origin out of the graphics state.",
    ),
    rule(
        "halftone-type",
        Clauses::from_two("6.2.5", "6.2.5"),
        graphics_state::check_halftone_type,
        "Take the halftone out of the graphics state, or make it one of type 1 or 5.",
    ),
    rule(
        "no-halftone-name",
        Clauses::from_two("6.2.5", "6.2.5"),
        graphics_state::check_no_halftone_name,
        "Take HalftoneName out of the halftone.",
    ),
    rule(
        "halftone-transfer-function",
        Clauses::from_two("6.2.5", "6.2.5"),
        graphics_state::check_halftone_transfer,
        "Keep TransferFunction for inks other than the primary ones only.",
    ),
    rule(
        "rendering-intent",
        Clauses::to_three("6.2.9", "6.2.6"),
        graphics_state::check_intents,
        "Use RelativeColorimetric, AbsoluteColorimetric, Saturation or Perceptual.",
    ),
    rule(
        "image-no-alternates",
        Clauses::all("6.2.4", "6.2.8", "6.2.7.1"),
        images::check_no_alternates,
        "Take Alternates out of the image.",
    ),
    rule("image-no-opi", Clauses::all("6.2.4", "6.2.8", "6.2.7.1"), images::check_no_opi, "Take OPI out of the image."),
    rule(
        "image-not-interpolated",
        Clauses::all("6.2.4", "6.2.8", "6.2.7.1"),
        images::check_not_interpolated,
        "Take Interpolate out of the image, or set it to false.",
    ),
    rule(
        "image-depth",
        Clauses::all("6.2.4", "6.2.8", "6.2.7.1"),
        images::check_depth,
        "Have the image written anew with 1, 2, 4 or 8 bits a component.",
    ),
    rule(
        "jpeg2000-channels",
        Clauses::from_two("6.2.8.3", "6.2.7.3"),
        images::check_channels,
        "Have the image written anew with 1, 3 or 4 channels, in a JP2 file.",
    ),
    rule(
        "jpeg2000-one-colour",
        Clauses::from_two("6.2.8.3", "6.2.7.3"),
        images::check_one_colour,
        "Give the image a ColorSpace entry.",
    ),
    rule(
        "jpeg2000-colour-method",
        Clauses::from_two("6.2.8.3", "6.2.7.3"),
        images::check_colour_method,
        "Give the image a ColorSpace entry.",
    ),
    rule(
        "jpeg2000-no-ciejab",
        Clauses::from_two("6.2.8.3", "6.2.7.3"),
        images::check_no_jab,
        "Give the image a ColorSpace entry.",
    ),
    rule(
        "jpeg2000-depth",
        Clauses::from_two("6.2.8.3", "6.2.7.3"),
        images::check_channel_depth,
        "Have the image written anew with the same number of bits in all channels.",
    ),
    rule("form-no-opi", Clauses::all("6.2.4", "6.2.9", "6.2.8.1"), forms::check_no_opi, "Take OPI out of the form."),
    rule(
        "form-no-postscript",
        Clauses::to_three("6.2.5", "6.2.9"),
        forms::check_no_postscript,
        "Take PS and Subtype2 out of the form.",
    ),
    rule(
        "form-no-reference",
        Clauses::all("6.2.6", "6.2.9", "6.2.8.2"),
        forms::check_no_reference,
        "Take Ref out of the form.",
    ),
    rule(
        "no-postscript-object",
        Clauses::to_three("6.2.7", "6.2.9"),
        forms::check_no_postscript_object,
        "Take the PostScript XObject out of the document.",
    ),
    rule(
        "no-soft-mask",
        Clauses::only(Part::One, "6.4"),
        transparency::check_no_soft_mask,
        "Have transparency flattened, or use PDF/A-2.",
    ),
    rule(
        "no-mask-image",
        Clauses::only(Part::One, "6.4"),
        transparency::check_no_mask_image,
        "Have transparency flattened, or use PDF/A-2.",
    ),
    rule(
        "no-transparency-group",
        Clauses::only(Part::One, "6.4"),
        transparency::check_no_group,
        "Have transparency flattened, or use PDF/A-2.",
    ),
    rule(
        "plain-blend-mode",
        Clauses::only(Part::One, "6.4"),
        transparency::check_plain_blend_mode,
        "Have transparency flattened, or use PDF/A-2.",
    ),
    rule(
        "opaque",
        Clauses::only(Part::One, "6.4"),
        transparency::check_opaque,
        "Have transparency flattened, or use PDF/A-2.",
    ),
    rule(
        "blend-mode",
        Clauses::from_two("6.2.10", "6.2.9"),
        transparency::check_blend_modes,
        "Use a blend mode of the standard, such as Normal.",
    ),
    rule(
        "blending-space",
        Clauses::from_two("6.2.10", "6.2.9"),
        transparency::check_blending_space,
        "Add an output intent, or a colour space to the group of the page.",
    ),
];
