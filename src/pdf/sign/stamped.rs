//! A time stamp goes into a signature that has room for it.

use super::{Error, base, cms::SignedData, fields::Fields, fill, found, time_stamp::Request};

/// Puts a time stamp into the signature that it was asked for, from a server's answer (DER `TimeStampResp`,
/// `application/timestamp-reply`). Not a byte changes that a signature is over.
///
/// # Errors
/// `TimeStamp` when no signature is the one that was asked for, or the answer has no time stamp, or one that does not hold, is for
/// something else, or has no room; the file is as good as before.
pub fn stamp(bytes: &[u8], request: &[u8], answer: &[u8]) -> Result<Vec<u8>, Error> {
    let request = Request::read(request)?;
    let document = base::load(bytes)?;
    for (_, signature) in Fields::read(&document)?.signed()? {
        let Some((hole, contents)) = found::hole(bytes, &document, signature) else { continue };
        let Ok(mut data) = SignedData::read(contents) else { continue };
        if !data.signer().is_some_and(|signer| request.is_for(signer.signature.as_bytes())) {
            continue;
        }
        data.add_time_stamp(request.token(answer)?)?;
        let mut stamped = bytes.to_vec();
        fill(&mut stamped, &hole, &data).map_err(|_| Error::time_stamp("the signature has no room for it"))?;
        return Ok(stamped);
    }
    Err(Error::time_stamp("the file has no signature that it was asked for"))
}
