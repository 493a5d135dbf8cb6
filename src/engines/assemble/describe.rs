//! The metadata of the one document say what no schema of XMP knows.

use super::{Bench, stamp::values};
use crate::{
    domain::ErrorCode,
    engines::{Error, finish::moment, protocol::Names},
    pdf::metadata::{self, SchemaSettings},
};

/// Adds schemas of one's own to the metadata.
pub(super) fn describe(bench: &mut Bench<'_>, schemas: &[SchemaSettings], names: &Names) -> Result<(), Error> {
    let mut document = bench.take_document()?;
    let values = values(bench, &document, names);
    let filled: Result<Vec<_>, _> = schemas.iter().map(|schema| schema.filled(|text| values.fill(text))).collect();
    // The profile was checked when it was read; what is wrong now came in by the options of the job.
    let filled = filled.map_err(|error| Error::Refused { code: ErrorCode::Option, what: error.to_string() })?;
    metadata::add_schemas(&mut document, &filled, moment(bench.assemble.now))?;
    bench.put_document(document);
    Ok(())
}
