//! The structured value types.

use super::{Edition, Structure, Table};

/// XMP Dynamic Media, properties and fields.
pub(super) const DYNAMIC_MEDIA: &str = "http://ns.adobe.com/xmp/1.0/DynamicMedia/";

/// EXIF, properties and fields.
pub(super) const EXIF: &str = "http://ns.adobe.com/exif/1.0/";

/// The structures.
pub(super) const STRUCTURES: &[Structure] = &[
    Structure {
        name: "dimensions",
        fields: Table::all(
            "http://ns.adobe.com/xap/1.0/sType/Dimensions#",
            &[("w", "Real"), ("h", "Real"), ("unit", "Text")],
        ),
    },
    Structure {
        name: "thumbnail",
        fields: Table::all(
            "http://ns.adobe.com/xap/1.0/g/img/",
            &[("height", "Integer"), ("width", "Integer"), ("format", "Text"), ("image", "Text")],
        ),
    },
    Structure {
        name: "resourceevent",
        fields: Table::all("http://ns.adobe.com/xap/1.0/sType/ResourceEvent#", RESOURCE_EVENT),
    },
    Structure {
        name: "resourceref",
        fields: Table::all("http://ns.adobe.com/xap/1.0/sType/ResourceRef#", RESOURCE_REFERENCE),
    },
    Structure { name: "version", fields: Table::all("http://ns.adobe.com/xap/1.0/sType/Version#", VERSION) },
    Structure {
        name: "job",
        fields: Table::all(
            "http://ns.adobe.com/xap/1.0/sType/Job#",
            &[("name", "Text"), ("id", "Text"), ("url", "URL")],
        ),
    },
    Structure { name: "flash", fields: Table::all(EXIF, FLASH) },
    Structure {
        name: "oecf/sfr",
        fields: Table::all(
            EXIF,
            &[("Columns", "Integer"), ("Rows", "Integer"), ("Names", "seq Text"), ("Values", "seq Rational")],
        ),
    },
    Structure {
        name: "cfapattern",
        fields: Table::all(EXIF, &[("Columns", "Integer"), ("Rows", "Integer"), ("Values", "seq Integer")]),
    },
    Structure {
        name: "devicesettings",
        fields: Table::all(EXIF, &[("Columns", "Integer"), ("Rows", "Integer"), ("Settings", "seq Text")]),
    },
    Structure { name: "colorant", fields: Table::only(Edition::Of2005, "http://ns.adobe.com/xap/1.0/g/", COLORANT) },
    Structure { name: "font", fields: Table::only(Edition::Of2005, "http://ns.adobe.com/xap/1.0/sType/Font#", FONT) },
    Structure { name: "beatsplicestretch", fields: media(BEAT_SPLICE) },
    Structure { name: "marker", fields: media(MARKER) },
    Structure { name: "media", fields: media(MEDIA) },
    Structure { name: "projectlink", fields: media(&[("type", "Text"), ("path", "URI")]) },
    Structure { name: "resamplestretch", fields: media(&[("quality", "Text")]) },
    Structure { name: "time", fields: media(&[("value", "Integer"), ("scale", "Rational")]) },
    Structure { name: "timecode", fields: media(&[("timeValue", "Text"), ("timeFormat", "Text")]) },
    Structure {
        name: "timescalestretch",
        fields: media(&[("quality", "Text"), ("frameSize", "Real"), ("frameOverlappingPercentage", "Real")]),
    },
];

/// A structure of Dynamic Media.
const fn media(rows: &'static [(&'static str, &'static str)]) -> Table {
    Table::only(Edition::Of2005, DYNAMIC_MEDIA, rows)
}

const RESOURCE_EVENT: &[(&str, &str)] = &[
    ("action", "Text"),
    ("instanceID", "URI"),
    ("parameters", "Text"),
    ("softwareAgent", "AgentName"),
    ("when", "Date"),
];

const RESOURCE_REFERENCE: &[(&str, &str)] = &[
    ("documentID", "URI"),
    ("instanceID", "URI"),
    ("manageTo", "URI"),
    ("manageUI", "URI"),
    ("manager", "AgentName"),
    ("managerVariant", "Text"),
    ("renditionClass", "RenditionClass"),
    ("renditionParams", "Text"),
    ("versionID", "Text"),
];

const VERSION: &[(&str, &str)] = &[
    ("comments", "Text"),
    ("event", "ResourceEvent"),
    ("modifier", "ProperName"),
    ("modifyDate", "Date"),
    ("version", "Text"),
];

const FLASH: &[(&str, &str)] =
    &[("Fired", "Boolean"), ("Function", "Boolean"), ("Mode", "Text"), ("RedEyeMode", "Boolean"), ("Return", "Text")];

const COLORANT: &[(&str, &str)] = &[
    ("A", "Integer"),
    ("B", "Integer"),
    ("L", "Real"),
    ("black", "Real"),
    ("blue", "Integer"),
    ("cyan", "Real"),
    ("green", "Integer"),
    ("magenta", "Real"),
    ("mode", "Text"),
    ("red", "Integer"),
    ("swatchName", "Text"),
    ("type", "Text"),
    ("yellow", "Real"),
];

const FONT: &[(&str, &str)] = &[
    ("childFontFiles", "seq Text"),
    ("composite", "Boolean"),
    ("fontFace", "Text"),
    ("fontFamily", "Text"),
    ("fontFileName", "Text"),
    ("fontName", "Text"),
    ("fontType", "Text"),
    ("versionString", "Text"),
];

const BEAT_SPLICE: &[(&str, &str)] =
    &[("useFileBeatsMarker", "Boolean"), ("riseInDecibel", "Real"), ("riseInTimeDuration", "Time")];

/// The specification leaves the type of a marker's two times open.
const MARKER: &[(&str, &str)] = &[
    ("comment", "Text"),
    ("duration", "Any"),
    ("location", "URI"),
    ("name", "Text"),
    ("startTime", "Any"),
    ("target", "Text"),
    ("type", "Text"),
];

const MEDIA: &[(&str, &str)] = &[
    ("duration", "Time"),
    ("managed", "Boolean"),
    ("path", "URI"),
    ("startTime", "Time"),
    ("track", "Text"),
    ("webStatement", "URI"),
];
