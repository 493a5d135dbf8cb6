//! Photoshop files: the merged picture that they hold beside their layers, which is what Photoshop shows.
//!
//! After Adobe's "Photoshop File Format Specification" of November 2019.

use crate::engines::Error;

use super::{
    corrupt,
    picture::{Colours, Picture},
    placement::{Orientation, Resolution},
    raster::{self, Opacity, Raster, row_bytes},
    unsupported,
};

/// Numbers of resources.
const RESOLUTION: u16 = 1_005;
const ICC_PROFILE: u16 = 1_039;
const VERSION_INFO: u16 = 1_057;

/// Numbers of colour modes.
mod mode {
    pub(super) const BITMAP: u16 = 0;
    pub(super) const GRAY: u16 = 1;
    pub(super) const INDEXED: u16 = 2;
    pub(super) const RGB: u16 = 3;
    pub(super) const CMYK: u16 = 4;
    pub(super) const DUOTONE: u16 = 8;
}

/// Numbers of ways to compress.
const RAW: u16 = 0;
const PACKED: u16 = 1;

/// What stands before the pixels.
#[derive(Debug, Default)]
struct Resources {
    resolution: Option<Resolution>,
    profile: Option<Vec<u8>>,
    /// Whether the merged picture was left out to save space.
    is_layers_only: bool,
}

/// Shows the merged picture.
pub(super) fn picture(bytes: &[u8]) -> Result<Picture<'static>, Error> {
    let mut file = File { rest: bytes, is_large: false };
    file.take(4)?;
    file.is_large = file.u16()? == 2;
    file.take(6)?;
    let channels = file.u16()?;
    let (height, width) = (file.u32()?, file.u32()?);
    let (bits, mode) = (file.u16()?, file.u16()?);
    let palette = file.block()?;
    let resources = resources(file.block()?);
    let has_opacity = file.layers()?;
    if resources.is_layers_only {
        return Err(unsupported("layers without a merged picture (save it with maximum compatibility)"));
    }
    let bits = u8::try_from(bits).unwrap_or(u8::MAX);
    let (colours, inverted) = match (mode, bits) {
        (mode::BITMAP, 1) => (Colours::Gray, true),
        (mode::GRAY | mode::DUOTONE, 8 | 16) => (Colours::Gray, false),
        (mode::INDEXED, 8) => (Colours::Indexed(triples(palette)?), false),
        (mode::RGB, 8 | 16) => (Colours::Rgb, false),
        // Stored as what is left of the paper.
        (mode::CMYK, 8 | 16) => (Colours::Cmyk, true),
        _ => return Err(unsupported(format!("Photoshop's colour mode {mode} with {bits} bits"))),
    };
    let needed = colours.samples();
    if channels < u16::from(needed) {
        return Err(corrupt("the picture lacks channels of its colours"));
    }
    let has_opacity = has_opacity && channels > u16::from(needed) && bits >= 8;
    let samples = needed + u8::from(has_opacity);
    let row = row_bytes(width, 1, bits)?;
    let size = (row as u64).saturating_mul(u64::from(height)).saturating_mul(u64::from(samples));
    raster::check_size(width, height, size)?;
    let planes = planes(&mut file, channels, samples, height, row)?;
    let opacity = if has_opacity { Opacity::Straight } else { Opacity::None };
    let profile = resources.profile;
    let bytes = interleaved(planes, usize::from(bits.div_ceil(8)), row);
    let raster = Raster { width, height, bits, colours, samples, opacity, inverted, profile, bytes };
    let resolution = resources.resolution.unwrap_or_default();
    Ok(Picture { width, height, resolution, orientation: Orientation::default(), bands: vec![raster.into_image()?] })
}

/// Turns a table of all reds, all greens and all blues into one of colours.
fn triples(palette: &[u8]) -> Result<Vec<u8>, Error> {
    let third = palette.len() / 3;
    let parts = palette.get(..third).zip(palette.get(third..2 * third)).zip(palette.get(2 * third..3 * third));
    let ((red, green), blue) =
        parts.filter(|_| third == 256).ok_or_else(|| corrupt("its table of colours is broken"))?;
    Ok(red.iter().zip(green).zip(blue).flat_map(|((red, green), blue)| [*red, *green, *blue]).collect())
}

/// Reads what is of use of the resources; what is broken is left out.
fn resources(block: &[u8]) -> Resources {
    let mut found = Resources::default();
    let mut file = File { rest: block, is_large: false };
    while let Some((id, data)) = file.resource() {
        let number =
            |at: usize| data.get(at..).and_then(|rest| rest.first_chunk()).map(|field| u32::from_be_bytes(*field));
        match id {
            RESOLUTION => {
                let dots = |at| number(at).map_or(0.0, |fixed| f64::from(fixed) / 65_536.0);
                found.resolution = Resolution::plausible(dots(0), dots(8));
            }
            ICC_PROFILE => found.profile = Some(data.to_vec()),
            VERSION_INFO => found.is_layers_only = data.get(4) == Some(&0),
            _ => {}
        }
    }
    found
}

/// The first so many channels, each as rows without compression.
fn planes(file: &mut File<'_>, channels: u16, samples: u8, height: u32, row: usize) -> Result<Vec<Vec<u8>>, Error> {
    let rows = usize::try_from(height).map_err(|_| corrupt("the picture is too high"))?;
    let compression = file.u16()?;
    match compression {
        RAW => (0..samples).map(|_| Ok(file.take(row * rows)?.to_vec())).collect(),
        PACKED => {
            // How many bytes each row has, of all channels; a row may be cut short by them.
            let mut lengths = Vec::new();
            for _ in 0..usize::from(channels) * rows {
                let length = if file.is_large { file.u32()? } else { u32::from(file.u16()?) };
                lengths.push(usize::try_from(length).unwrap_or(usize::MAX));
            }
            let mut lengths = lengths.into_iter();
            let mut plane = || {
                let mut plane = Vec::with_capacity(row * rows);
                for length in lengths.by_ref().take(rows) {
                    unpack(file.take(length)?, row, &mut plane);
                }
                Ok(plane)
            };
            (0..samples).map(|_| plane()).collect()
        }
        other => Err(unsupported(format!("Photoshop's compression {other} of the merged picture"))),
    }
}

/// Adds one row of runs and literal bytes; what is missing is black, what is too much is cut.
fn unpack(mut packed: &[u8], row: usize, plane: &mut Vec<u8>) {
    let end = plane.len() + row;
    while let Some((head, rest)) = packed.split_first() {
        let count = usize::from(*head);
        packed = match count {
            0..128 => {
                let (literal, rest) = rest.split_at(rest.len().min(count + 1));
                plane.extend_from_slice(literal);
                rest
            }
            128 => rest,
            _ => {
                let Some((byte, rest)) = rest.split_first() else { break };
                plane.resize(plane.len() + 257 - count, *byte);
                rest
            }
        };
        if plane.len() >= end {
            break;
        }
    }
    plane.resize(end, 0);
}

/// Puts the samples of each pixel beside each other.
fn interleaved(mut planes: Vec<Vec<u8>>, sample_bytes: usize, row: usize) -> Vec<u8> {
    if planes.len() == 1 {
        return planes.pop().unwrap_or_default();
    }
    let length = planes.iter().map(Vec::len).sum();
    let mut bytes = Vec::with_capacity(length);
    let samples = planes.first().map_or(0, |plane| plane.len().max(row) / sample_bytes);
    let mut readers: Vec<_> = planes.iter().map(|plane| plane.chunks_exact(sample_bytes)).collect();
    for _ in 0..samples {
        for reader in &mut readers {
            bytes.extend_from_slice(reader.next().unwrap_or_default());
        }
    }
    bytes
}

/// What of a file has not been read.
struct File<'a> {
    rest: &'a [u8],
    /// Whether it is of the kind for pictures of more than 30,000 pixels a side.
    is_large: bool,
}

impl<'a> File<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or_else(|| corrupt("the file breaks off"))?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let taken = self.take(N)?;
        taken.first_chunk().copied().ok_or_else(|| corrupt("the file breaks off"))
    }

    fn u16(&mut self) -> Result<u16, Error> {
        self.array().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Result<u32, Error> {
        self.array().map(u32::from_be_bytes)
    }

    /// Bytes behind their number.
    fn block(&mut self) -> Result<&'a [u8], Error> {
        let length = self.u32()?;
        self.take(usize::try_from(length).unwrap_or(usize::MAX))
    }

    /// Passes over the layers, and says whether the channel after the colours is the opacity of the whole.
    fn layers(&mut self) -> Result<bool, Error> {
        let length = if self.is_large { self.array().map(u64::from_be_bytes)? } else { u64::from(self.u32()?) };
        let section = self.take(usize::try_from(length).unwrap_or(usize::MAX))?;
        // The number of layers follows the length of what describes them; a negative one says so.
        let at = if self.is_large { 8 } else { 4 };
        let count = section.get(at..).and_then(|rest| rest.first_chunk()).map(|count| i16::from_be_bytes(*count));
        Ok(count.is_some_and(i16::is_negative))
    }

    /// The next resource: its number and its data.
    fn resource(&mut self) -> Option<(u16, &'a [u8])> {
        self.take(4).ok()?;
        let id = self.u16().ok()?;
        // A name with its length before it, together of an even number of bytes.
        let [name] = self.array::<1>().ok()?;
        self.take(usize::from(name) + usize::from(name % 2 == 0)).ok()?;
        let data = self.block().ok()?;
        // The last one may lack what fills it up.
        let _padding = self.take(data.len() % 2);
        Some((id, data))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(id: u16, data: &[u8]) -> Vec<u8> {
        let length = u32::try_from(data.len()).unwrap().to_be_bytes();
        [b"8BIM".as_slice(), &id.to_be_bytes(), b"\0\0", &length, data].concat()
    }

    /// A file of 4 x 2 pixels.
    fn psd(mode: u16, bits: u16, channels: u16, resources: &[u8], layers: &[u8], image: &[u8]) -> Vec<u8> {
        let mut bytes = b"8BPS\0\x01\0\0\0\0\0\0".to_vec();
        bytes.extend(channels.to_be_bytes());
        bytes.extend(2_u32.to_be_bytes());
        bytes.extend(4_u32.to_be_bytes());
        bytes.extend(bits.to_be_bytes());
        bytes.extend(mode.to_be_bytes());
        let palette: Vec<u8> =
            if mode == mode::INDEXED { (0..768_u32).map(|i| i.to_le_bytes()[0]).collect() } else { vec![] };
        for block in [palette.as_slice(), resources, layers] {
            bytes.extend(u32::try_from(block.len()).unwrap().to_be_bytes());
            bytes.extend(block);
        }
        bytes.extend(image);
        bytes
    }

    fn raw(planes: u8, row: u8) -> Vec<u8> {
        let planes = (0..planes).flat_map(|plane| (0..2 * row).map(move |byte| plane * 50 + byte));
        [0, 0].into_iter().chain(planes).collect()
    }

    #[test]
    fn pictures_of_every_mode_are_read() {
        for (mode, bits, channels, row, colours) in [
            (mode::BITMAP, 1, 1, 1, Colours::Gray),
            (mode::GRAY, 8, 1, 4, Colours::Gray),
            (mode::GRAY, 16, 1, 8, Colours::Gray),
            (mode::RGB, 8, 3, 4, Colours::Rgb),
            (mode::RGB, 16, 3, 8, Colours::Rgb),
            (mode::CMYK, 8, 4, 4, Colours::Cmyk),
        ] {
            let picture = picture(&psd(mode, bits, channels, &[], &[], &raw(channels.to_le_bytes()[0], row))).unwrap();
            assert_eq!((picture.width, picture.height), (4, 2));
            let image = &picture.bands[0];
            assert_eq!((&image.colours, u16::from(image.bits)), (&colours, bits));
            assert_eq!(image.inverted, matches!(mode, mode::BITMAP | mode::CMYK));
        }
        let indexed = picture(&psd(mode::INDEXED, 8, 1, &[], &[], &raw(1, 4))).unwrap();
        assert!(
            matches!(&indexed.bands[0].colours, Colours::Indexed(table) if table[..3] == [0, 0, 0] && table[3..6] == [1, 1, 1])
        );
    }

    #[test]
    fn samples_of_a_pixel_come_together() {
        assert_eq!(interleaved(vec![vec![1, 2], vec![3, 4], vec![5, 6]], 1, 2), [1, 3, 5, 2, 4, 6]);
        assert_eq!(interleaved(vec![vec![1, 2, 3, 4], vec![5, 6, 7, 8]], 2, 4), [1, 2, 5, 6, 3, 4, 7, 8]);
    }

    #[test]
    fn runs_are_unpacked_and_never_past_their_row() {
        let unpacked = |packed: &[u8], row| {
            let mut plane = Vec::new();
            unpack(packed, row, &mut plane);
            plane
        };
        assert_eq!(unpacked(&[254, 7, 1, 8, 9], 5), [7, 7, 7, 8, 9]);
        assert_eq!(unpacked(&[129, 7], 3), [7, 7, 7]);
        assert_eq!(unpacked(&[5, 1, 2], 4), [1, 2, 0, 0]);
        let packed = [[0, 1].as_slice(), &[0, 2, 0, 9], &[253, 7, 3, 1, 2, 3, 4]].concat();
        let file = psd(mode::GRAY, 8, 1, &[], &[], &packed);
        assert!(picture(&file).is_err(), "its rows are longer than the file");
        let packed = [[0, 1].as_slice(), &[0, 2, 0, 5], &[253, 7, 3, 1, 2, 3, 4]].concat();
        assert!(picture(&psd(mode::GRAY, 8, 1, &[], &[], &packed)).is_ok());
    }

    #[test]
    fn the_channel_after_the_colours_is_the_opacity_when_the_layers_say_so() {
        let layers = [0, 0, 0, 2, 0xff, 0xff];
        assert!(picture(&psd(mode::RGB, 8, 4, &[], &layers, &raw(4, 4))).unwrap().bands[0].mask.is_some());
        assert!(picture(&psd(mode::RGB, 8, 4, &[], &[], &raw(4, 4))).unwrap().bands[0].mask.is_none());
    }

    #[test]
    fn resolution_and_missing_merged_pictures_are_found_among_the_resources() {
        let dpi = resource(RESOLUTION, &[1, 44, 0, 0, 0, 1, 0, 1, 0, 150, 0, 0, 0, 1, 0, 1]);
        let odd = resource(7, b"odd");
        let all = [odd, vec![0], dpi].concat();
        let shown = picture(&psd(mode::GRAY, 8, 1, &all, &[], &raw(1, 4))).unwrap();
        assert_eq!(shown.resolution, Resolution { x: 300.0, y: 150.0 });
        let none = resource(VERSION_INFO, &[0, 0, 0, 1, 0]);
        let refused = picture(&psd(mode::GRAY, 8, 1, &none, &[], &raw(1, 4)));
        assert!(matches!(refused, Err(Error::UnsupportedFeature { .. })));
    }

    #[test]
    fn files_that_break_off_or_promise_too_much_are_refused() {
        let whole = psd(mode::RGB, 8, 3, &resource(RESOLUTION, &[0; 16]), &[], &raw(3, 4));
        for length in 0..whole.len() {
            assert!(picture(&whole[..length]).is_err(), "at {length}");
        }
        let mut large = whole;
        large[14..22].copy_from_slice(&[0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30]);
        assert!(matches!(picture(&large), Err(Error::Limit { .. })));
        let lab = psd(9, 8, 3, &[], &[], &raw(3, 4));
        assert!(matches!(picture(&lab), Err(Error::UnsupportedFeature { .. })));
    }
}
