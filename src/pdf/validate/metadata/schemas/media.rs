//! What is said of film and sound: XMP Dynamic Media, which came with the edition of 2005.

use super::{Edition, Table, structures::DYNAMIC_MEDIA};

/// The schema.
pub(super) const TABLES: &[Table] = &[
    Table::only(Edition::Of2005, DYNAMIC_MEDIA, BOTH),
    Table::only(Edition::Of2005, DYNAMIC_MEDIA, VIDEO),
    Table::only(Edition::Of2005, DYNAMIC_MEDIA, AUDIO),
];

const BOTH: &[(&str, &str)] = &[
    ("altTapeName", "Text"),
    ("altTimecode", "Timecode"),
    ("contributedMedia", "bag Media"),
    ("copyright", "Text"),
    ("duration", "Time"),
    ("fileDataRate", "Rational"),
    ("logComment", "Text"),
    ("markers", "seq Marker"),
    ("metadataModDate", "Date"),
    ("projectRef", "ProjectLink"),
    ("pullDown", "Text"),
    ("releaseDate", "Date"),
    ("startTimecode", "Timecode"),
    ("tapeName", "Text"),
];

const VIDEO: &[(&str, &str)] = &[
    ("scene", "Text"),
    ("shotDate", "Date"),
    ("shotLocation", "Text"),
    ("shotName", "Text"),
    ("videoAlphaMode", "Text"),
    ("videoAlphaPremultipleColor", "Colorant"),
    ("videoAlphaUnityIsTransparent", "Boolean"),
    ("videoColorSpace", "Text"),
    ("videoCompressor", "Text"),
    ("videoFieldOrder", "Text"),
    ("videoFrameRate", "Text"),
    ("videoFrameSize", "Dimensions"),
    ("videoModDate", "Date"),
    ("videoPixelAspectRatio", "Rational"),
    ("videoPixelDepth", "Text"),
];

const AUDIO: &[(&str, &str)] = &[
    ("absPeakAudioFilePath", "URI"),
    ("album", "Text"),
    ("artist", "Text"),
    ("audioChannelType", "Text"),
    ("audioCompressor", "Text"),
    ("audioModDate", "Date"),
    ("audioSampleRate", "Integer"),
    ("audioSampleType", "Text"),
    ("beatSpliceParams", "BeatSpliceStretch"),
    ("composer", "Text"),
    ("engineer", "Text"),
    ("genre", "Text"),
    ("instrument", "Text"),
    ("introTime", "Time"),
    ("key", "Text"),
    ("loop", "Boolean"),
    ("numberOfBeats", "Real"),
    ("outCue", "Time"),
    ("relativePeakAudioFilePath", "URI"),
    ("relativeTimestamp", "Time"),
    ("resampleParams", "ResampleStretch"),
    ("scaleType", "Text"),
    ("speakerPlacement", "Text"),
    ("stretchMode", "Text"),
    ("tempo", "Real"),
    ("timeScaleParams", "TimeScaleStretch"),
    ("timeSignature", "Text"),
    ("trackNumber", "Integer"),
];
