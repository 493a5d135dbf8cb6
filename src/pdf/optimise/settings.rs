//! What a client may choose, as data, and the four choices that are made already.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::pdf::validate::Part;

/// Resolutions that may be asked for, in dots per inch.
const DPI_RANGE: std::ops::RangeInclusive<u16> = 9..=4800;

/// How a document is made smaller. Every setting that is left out has the value of the choice [`Preset::Web`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct OptimiseSettings {
    /// What is done to images in colour.
    pub colour_images: ImageSettings,
    /// What is done to images in shades of grey, soft masks included.
    pub grey_images: ImageSettings,
    /// What is done to images in black and white, stencil masks included.
    pub bitonal_images: BitonalSettings,
    /// Whether samples of 16 bits are reduced to 8.
    pub reduce_depth: bool,
    /// Whether embedded fonts keep the glyphs in use alone.
    pub subset_fonts: bool,
    /// Whether images, fonts and other resources that are the same become one.
    pub merge_duplicates: bool,
    /// Whether streams are packed anew where that makes them smaller.
    pub pack_streams: bool,
    /// Whether resources that no content names are dropped.
    pub drop_unused_resources: bool,
    /// Whether private data of applications, thumbnails and names that lead nowhere are dropped.
    pub drop_private_data: bool,
    /// Whether the file is to be linearised, so that its first page shows before all of it has arrived. [`super::optimise`]
    /// works on objects and leaves this to whoever writes the file: [`crate::pdf::linearise`].
    pub linearise: bool,
    /// The part of ISO 19005 that the document is meant for, which decides what it may contain; `None` for plain PDF. No
    /// client sets it: the workflow does.
    #[serde(skip)]
    pub part: Option<Part>,
}

/// What is done to images with shades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ImageSettings {
    /// The resolution that images are brought to, in dots per inch at their largest place on a page; `null` leaves them.
    pub dpi: Option<u16>,
    /// The resolution above which they are brought to it.
    pub threshold_dpi: u16,
    /// The quality of JPEG, from 1 to 100; `null` packs without loss alone.
    pub jpeg_quality: Option<u8>,
}

/// What is done to images in black and white.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct BitonalSettings {
    /// The resolution that images are brought to, in dots per inch at their largest place on a page; `null` leaves them.
    pub dpi: Option<u16>,
    /// The resolution above which they are brought to it.
    pub threshold_dpi: u16,
    /// Whether they are packed anew, always without loss.
    pub recompress: bool,
}

/// A choice that is made already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// For screens and slow lines: 150 dpi, JPEG of middling quality, linearised.
    Web,
    /// For printing: 300 dpi, JPEG of high quality.
    Print,
    /// For mail: as small as stays readable.
    Email,
    /// Nothing that shows changes: objects are tidied and packed.
    Repair,
}

impl Preset {
    /// Its settings.
    pub const fn settings(self) -> OptimiseSettings {
        let (shaded, bitonal) = match self {
            Self::Web => (ImageSettings::at(150, 225, 75), BitonalSettings::at(300, 450)),
            Self::Print => (ImageSettings::at(300, 450, 90), BitonalSettings::at(1200, 1800)),
            Self::Email => (ImageSettings::at(110, 150, 60), BitonalSettings::at(200, 300)),
            Self::Repair => (ImageSettings::KEPT, BitonalSettings::KEPT),
        };
        let changes_content = !matches!(self, Self::Repair);
        OptimiseSettings {
            colour_images: shaded,
            grey_images: shaded,
            bitonal_images: bitonal,
            reduce_depth: matches!(self, Self::Web | Self::Email),
            subset_fonts: changes_content,
            merge_duplicates: true,
            pack_streams: true,
            drop_unused_resources: true,
            drop_private_data: changes_content,
            linearise: matches!(self, Self::Web),
            part: None,
        }
    }
}

impl ImageSettings {
    /// Images show what they showed, packed better where that is possible.
    const KEPT: Self = Self { dpi: None, threshold_dpi: 300, jpeg_quality: None };

    const fn at(dpi: u16, threshold_dpi: u16, quality: u8) -> Self {
        Self { dpi: Some(dpi), threshold_dpi, jpeg_quality: Some(quality) }
    }
}

impl BitonalSettings {
    /// Images show what they showed, packed better where that is possible.
    const KEPT: Self = Self { dpi: None, threshold_dpi: 1200, recompress: true };

    const fn at(dpi: u16, threshold_dpi: u16) -> Self {
        Self { dpi: Some(dpi), threshold_dpi, recompress: true }
    }
}

impl Default for OptimiseSettings {
    fn default() -> Self {
        Preset::Web.settings()
    }
}

impl Default for ImageSettings {
    fn default() -> Self {
        OptimiseSettings::default().colour_images
    }
}

impl Default for BitonalSettings {
    fn default() -> Self {
        OptimiseSettings::default().bitonal_images
    }
}

/// Says which setting has a value that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{setting}` is {value}, but has to be from {low} to {high}")]
pub struct BadSetting {
    /// The setting, as it is written in a profile.
    pub setting: &'static str,
    /// Its value.
    pub value: u16,
    /// The lowest value that it may have.
    pub low: u16,
    /// The highest one.
    pub high: u16,
}

impl OptimiseSettings {
    /// Checks every value. [`super::optimise`] takes any, so that this is for whoever reads settings from outside.
    ///
    /// # Errors
    /// The first setting that is out of its range.
    pub fn check(&self) -> Result<(), BadSetting> {
        let shaded = |image: &ImageSettings, names: [&'static str; 3]| {
            let [dpi, threshold, quality] = names;
            dots(dpi, image.dpi)?;
            dots(threshold, Some(image.threshold_dpi))?;
            match image.jpeg_quality {
                Some(value @ (0 | 101..)) => {
                    Err(BadSetting { setting: quality, value: u16::from(value), low: 1, high: 100 })
                }
                Some(_) | None => Ok(()),
            }
        };
        let names = ["colourImages.dpi", "colourImages.thresholdDpi", "colourImages.jpegQuality"];
        shaded(&self.colour_images, names)?;
        shaded(&self.grey_images, ["greyImages.dpi", "greyImages.thresholdDpi", "greyImages.jpegQuality"])?;
        dots("bitonalImages.dpi", self.bitonal_images.dpi)?;
        dots("bitonalImages.thresholdDpi", Some(self.bitonal_images.threshold_dpi))
    }
}

fn dots(setting: &'static str, dpi: Option<u16>) -> Result<(), BadSetting> {
    match dpi {
        Some(value) if !DPI_RANGE.contains(&value) => {
            Err(BadSetting { setting, value, low: *DPI_RANGE.start(), high: *DPI_RANGE.end() })
        }
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_are_left_out_are_those_of_the_web_and_unknown_ones_are_refused() {
        let read = |text: &str| serde_json::from_str::<OptimiseSettings>(text);
        assert_eq!(read("{}").unwrap(), Preset::Web.settings());
        let own = read(r#"{"colourImages":{"dpi":72,"jpegQuality":null},"linearise":false}"#).unwrap();
        assert_eq!((own.colour_images.dpi, own.colour_images.jpeg_quality, own.linearise), (Some(72), None, false));
        assert_eq!(own.colour_images.threshold_dpi, 225);
        assert!(read(r#"{"colorImages":{}}"#).unwrap_err().to_string().contains("colorImages"));
        assert!(read(r#"{"part":"1"}"#).is_err());
    }

    #[test]
    fn settings_that_were_written_read_back() {
        for preset in [Preset::Web, Preset::Print, Preset::Email, Preset::Repair] {
            let settings = preset.settings();
            assert_eq!(settings.check(), Ok(()));
            let written = serde_json::to_string(&settings).unwrap();
            assert_eq!(serde_json::from_str::<OptimiseSettings>(&written).unwrap(), settings);
        }
    }

    #[test]
    fn a_value_out_of_its_range_is_named() {
        let mut settings = Preset::Print.settings();
        settings.grey_images.jpeg_quality = Some(101);
        assert_eq!(
            settings.check().unwrap_err().to_string(),
            "`greyImages.jpegQuality` is 101, but has to be from 1 to 100"
        );
        settings.colour_images.dpi = Some(0);
        assert_eq!(settings.check().unwrap_err().setting, "colourImages.dpi");
    }
}
