//! Pages that must be decoded: LZW, Deflate, `PackBits`, tiles, palettes and whatever else the tiff crate reads.

use std::io::{Cursor, Read, Seek, SeekFrom};

use tiff::{
    TiffError,
    decoder::{Decoder, Limits},
};

use crate::{domain::limits, engines::Error};

use super::{
    super::{
        corrupt,
        picture::{Colours, Image},
        raster::{self, Opacity, Raster},
        unsupported,
    },
    COLOR_MAP, COMPRESSION, EXTRA_SAMPLES, FILL_ORDER, ICC_PROFILE, PHOTOMETRIC, Page, SAMPLE_FORMAT, compression,
    photometric,
};

/// Most bytes of the list of strips or tiles of one page.
const LIST_BYTES_MAX: usize = 64 << 20;

impl Page<'_> {
    /// Decodes the page into one band.
    pub(super) fn decoded(&self) -> Result<Image<'static>, Error> {
        raster::check_size(self.width, self.height, 0)?;
        self.check_coding()?;
        let mut decoder = Decoder::new(self.patched()).map_err(failed)?.with_limits(decoder_limits());
        let kind = decoder.colortype().map_err(failed)?;
        let layout = decoder.image_buffer_layout().map_err(failed)?;
        raster::check_size(self.width, self.height, layout.complete_len as u64)?;
        let mut bytes = vec![0; layout.complete_len];
        decoder.read_image_bytes(&mut bytes).map_err(failed)?;
        let bits = kind.bit_depth();
        if !matches!(bits, 1 | 2 | 4 | 8 | 16) {
            return Err(unsupported(format!("TIFF samples of {bits} bits")));
        }
        if bits == 16 {
            raster::high_byte_first(&mut bytes);
        }
        let mut samples =
            u8::try_from(kind.num_samples()).map_err(|_| unsupported("TIFF of more than 255 channels"))?;
        if layout.planes > 1 {
            samples = u8::try_from(layout.planes).map_err(|_| unsupported("TIFF of more than 255 channels"))?;
            bytes = interleaved(&bytes, layout.planes, bits)?;
        }
        let (colours, inverted) = self.colours(bits)?;
        if samples < colours.samples() || (bits < 8 && samples > colours.samples()) {
            return Err(unsupported(format!("TIFF of {samples} channels of {bits} bits")));
        }
        if self.number(PHOTOMETRIC, photometric::BLACK_IS_ZERO) == photometric::YCBCR {
            to_rgb(&mut bytes, samples, bits)?;
        }
        let opacity = if samples > colours.samples() { self.opacity() } else { Opacity::None };
        let profile = self.block.bytes_of(&self.directory, ICC_PROFILE).map(<[u8]>::to_vec);
        let (width, height) = (self.width, self.height);
        Raster { width, height, bits, colours, samples, opacity, inverted, profile, bytes }.into_image()
    }

    fn check_coding(&self) -> Result<(), Error> {
        if !matches!(self.number(SAMPLE_FORMAT, 1), 1 | 4) {
            return Err(unsupported("TIFF samples that are signed or not whole numbers"));
        }
        let is_fax = matches!(self.number(COMPRESSION, 1), compression::FAX_3 | compression::FAX_4);
        if self.number(FILL_ORDER, 1) == 2 && !is_fax && self.number(COMPRESSION, 1) != compression::JPEG {
            return Err(unsupported("TIFF data with reversed bits"));
        }
        Ok(())
    }

    /// The file as the decoder shall see it: this page is the only one, and grey or palette samples are left as they are,
    /// since a PDF can both invert them and look them up.
    fn patched(&self) -> Patched<'_> {
        let (first_at, first_width) = self.block.first_field();
        let (next_at, next_width) = self.directory.next_field;
        let mut patches = vec![(first_at, self.block.spell(self.offset, first_width)), (next_at, vec![0; next_width])];
        let is_grey_or_index =
            !matches!(self.colour_number(), photometric::RGB | photometric::CMYK | photometric::YCBCR);
        if is_grey_or_index && let Some(entry) = self.directory.find(PHOTOMETRIC) {
            patches.push((entry.values_at, self.block.spell(photometric::BLACK_IS_ZERO, 2)));
        }
        Patched { bytes: Cursor::new(self.bytes), patches }
    }

    fn colour_number(&self) -> u64 {
        self.number(PHOTOMETRIC, photometric::BLACK_IS_ZERO)
    }

    /// The colour space, and whether it is inverted.
    fn colours(&self, bits: u8) -> Result<(Colours, bool), Error> {
        match self.colour_number() {
            photometric::WHITE_IS_ZERO => Ok((Colours::Gray, true)),
            photometric::BLACK_IS_ZERO | photometric::MASK => Ok((Colours::Gray, false)),
            photometric::RGB | photometric::YCBCR => Ok((Colours::Rgb, false)),
            photometric::CMYK => Ok((Colours::Cmyk, false)),
            photometric::PALETTE if bits <= 8 => Ok((Colours::Indexed(self.palette(bits)?), false)),
            other => Err(unsupported(format!("TIFF colour space {other}"))),
        }
    }

    /// The colour map: all reds, then all greens, then all blues, of 16 bits each.
    fn palette(&self, bits: u8) -> Result<Vec<u8>, Error> {
        let broken = || corrupt("a page of the TIFF file has no valid palette");
        let map = self.directory.find(COLOR_MAP).ok_or_else(broken)?;
        let length = 1_u64 << bits;
        let values: Option<Vec<u64>> = (0..length)
            .flat_map(|index| [index, index + length, index + 2 * length])
            .map(|at| self.block.unsigned(&map, at))
            .collect();
        let values = values.ok_or_else(broken)?;
        // Some programs write values of 8 bits where 16 are asked for.
        let shift = if values.iter().all(|value| *value <= 0xff) { 0 } else { 8 };
        values.into_iter().map(|value| u8::try_from(value >> shift).map_err(|_| broken())).collect()
    }

    fn opacity(&self) -> Opacity {
        match self.number(EXTRA_SAMPLES, 0) {
            1 => Opacity::Premultiplied,
            2 => Opacity::Straight,
            _ => Opacity::None,
        }
    }
}

fn decoder_limits() -> Limits {
    let mut decoder_limits = Limits::default();
    let most = usize::try_from(limits::PIXELS_MAX * 4).unwrap_or(usize::MAX);
    decoder_limits.decoding_buffer_size = most;
    decoder_limits.intermediate_buffer_size = most;
    decoder_limits.ifd_value_size = LIST_BYTES_MAX;
    decoder_limits
}

fn failed(error: TiffError) -> Error {
    match error {
        TiffError::UnsupportedError(what) => unsupported(what.to_string()),
        TiffError::LimitsExceeded => Error::Limit { which: "the memory for one picture".to_owned() },
        TiffError::FormatError(_) | TiffError::IoError(_) | TiffError::IntSizeError | TiffError::UsageError(_) => {
            corrupt(format!("a page of the TIFF file cannot be decoded ({error})"))
        }
    }
}

/// Turns planes, one after the other, into pixels.
fn interleaved(planes: &[u8], count: usize, bits: u8) -> Result<Vec<u8>, Error> {
    if bits < 8 {
        return Err(unsupported("TIFF planes of less than 8 bits"));
    }
    let sample_bytes = usize::from(bits / 8);
    let mut pixels = vec![0; planes.len()];
    let plane_bytes = (planes.len() / count).max(1);
    for (channel, plane) in planes.chunks_exact(plane_bytes).enumerate() {
        let targets = pixels.chunks_exact_mut(sample_bytes * count);
        for (target, sample) in targets.zip(plane.chunks_exact(sample_bytes)) {
            for (to, from) in target.iter_mut().skip(channel * sample_bytes).zip(sample) {
                *to = *from;
            }
        }
    }
    Ok(pixels)
}

/// Turns brightness and colour differences into red, green and blue, in whole numbers (ITU-R BT.601, times 2^16).
fn to_rgb(bytes: &mut [u8], samples: u8, bits: u8) -> Result<(), Error> {
    if bits != 8 || samples != 3 {
        return Err(unsupported(format!("TIFF with brightness and colour differences of {bits} bits")));
    }
    let clamped = |value: i32| u8::try_from(((value + 32_768) >> 16).clamp(0, 255)).unwrap_or(u8::MAX);
    for pixel in bytes.as_chunks_mut::<3>().0 {
        let [brightness, blue, red] = pixel.map(i32::from);
        let (brightness, blue, red) = (brightness << 16, blue - 128, red - 128);
        *pixel = [
            clamped(brightness + 91_881 * red),
            clamped(brightness - 22_554 * blue - 46_802 * red),
            clamped(brightness + 116_130 * blue),
        ];
    }
    Ok(())
}

/// A file some of whose bytes read otherwise than they are.
#[derive(Debug)]
struct Patched<'a> {
    bytes: Cursor<&'a [u8]>,
    /// Where, and what is read there.
    patches: Vec<(usize, Vec<u8>)>,
}

impl Read for Patched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let start = usize::try_from(self.bytes.position()).unwrap_or(usize::MAX);
        let count = self.bytes.read(buffer)?;
        for (at, patch) in &self.patches {
            for (position, byte) in (*at..).zip(patch) {
                let target = position.checked_sub(start).filter(|target| *target < count);
                if let Some(target) = target.and_then(|target| buffer.get_mut(target)) {
                    *target = *byte;
                }
            }
        }
        Ok(count)
    }
}

impl Seek for Patched<'_> {
    fn seek(&mut self, position: SeekFrom) -> std::io::Result<u64> {
        self.bytes.seek(position)
    }
}
