//! Base64 piece by piece (RFC 4648, 4).

use ::base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
    prelude::BASE64_STANDARD,
};
use bytes::{Buf, Bytes, BytesMut};
use futures_util::{Stream, StreamExt, TryStreamExt, stream, stream::BoxStream};

use crate::storage;

/// Reads with the signs that fill the last group and without them.
const EITHER_WAY: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
/// Symbols of one group, which holds three bytes.
const GROUP: usize = 4;

/// Bytes of the text of so many bytes.
pub(super) const fn encoded_bytes(bytes: u64) -> u64 {
    bytes.div_ceil(3) * 4
}

/// Writes bytes as text.
pub(super) fn encode(
    source: BoxStream<'static, Result<Bytes, storage::Error>>,
) -> impl Stream<Item = Result<Bytes, axum::BoxError>> + Send {
    let begun = (Some(source), BytesMut::new());
    let encoded = stream::try_unfold(begun, |(source, mut left)| async move {
        let Some(mut source) = source else { return Ok(None) };
        let (source, count) = match source.try_next().await? {
            Some(bytes) => {
                left.extend_from_slice(&bytes);
                // Only the last group may have fewer than three bytes.
                (Some(source), left.len() - left.len() % 3)
            }
            None => (None, left.len()),
        };
        let text = Bytes::from(BASE64_STANDARD.encode(left.split_to(count)));
        Ok::<_, axum::BoxError>(Some((text, (source, left))))
    });
    encoded.try_filter(|text| std::future::ready(!text.is_empty())).boxed()
}

/// Says that a text is no Base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("its content is not Base64")]
pub(super) struct NotBase64;

/// A text that is being read.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    /// Symbols that wait for others of their group, and the last whole group, since what fills it may follow.
    symbols: BytesMut,
}

impl Decoder {
    /// Takes more of the text and gives the bytes that are known by then. Blanks and line ends are skipped, as mail has them.
    pub(super) fn decode(&mut self, text: &[u8]) -> Result<Bytes, NotBase64> {
        self.symbols.extend(text.iter().filter(|symbol| !symbol.is_ascii_whitespace()));
        let groups = (self.symbols.len() / GROUP).saturating_sub(1);
        if groups == 0 {
            return Ok(Bytes::new());
        }
        let whole = self.symbols.get(..groups * GROUP).unwrap_or_default();
        // Nothing but the last group is filled up.
        if whole.contains(&b'=') {
            return Err(NotBase64);
        }
        let bytes = EITHER_WAY.decode(whole).map_err(|_| NotBase64)?;
        self.symbols.advance(groups * GROUP);
        Ok(bytes.into())
    }

    /// Gives the last bytes.
    pub(super) fn finish(&mut self) -> Result<Bytes, NotBase64> {
        EITHER_WAY.decode(self.symbols.split()).map(Bytes::from).map_err(|_| NotBase64)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(pieces: &[&[u8]]) -> Result<Vec<u8>, NotBase64> {
        let mut decoder = Decoder::default();
        let mut bytes = Vec::new();
        for piece in pieces {
            bytes.extend_from_slice(&decoder.decode(piece)?);
        }
        bytes.extend_from_slice(&decoder.finish()?);
        Ok(bytes)
    }

    #[test]
    fn a_text_may_be_broken_into_lines_and_need_not_be_filled_up() {
        for text in ["SGVsbG8gd29ybGQ=", "SGVsbG8gd29ybGQ", "SGVs\r\nbG8g\r\nd29y\nbGQ =", " SGVsbG8gd29ybGQ= "] {
            assert_eq!(read(&[text.as_bytes()]).unwrap(), b"Hello world", "{text}");
        }
        assert_eq!(read(&[]).unwrap(), b"");
        for text in ["S", "SGVsb", "SGVs=bG8", "SGVsbG8=gd29ybGQ=", "=", "====", "SGVs-G8_", "SGVsbG8gd29ybGQ==", "ü"]
        {
            assert_eq!(read(&[text.as_bytes()]), Err(NotBase64), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_however_it_is_cut(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..8),
            cut in 1_usize..9,
        ) {
            let whole = pieces.concat();
            let source = stream::iter(pieces.into_iter().map(|piece| Ok(Bytes::from(piece)))).boxed();
            let text = tokio::runtime::Builder::new_current_thread().build().unwrap()
                .block_on(encode(source).try_collect::<Vec<_>>()).unwrap().concat();
            prop_assert_eq!(text.len() as u64, encoded_bytes(whole.len() as u64));
            prop_assert_eq!(&text, &BASE64_STANDARD.encode(&whole).into_bytes());
            let cut: Vec<_> = text.chunks(cut).collect();
            prop_assert_eq!(read(&cut).unwrap(), whole);
        }
    }
}
