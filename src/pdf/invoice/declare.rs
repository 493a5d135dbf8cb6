//! Finds the XML in a PDF, and says in the PDF that it is there: by the name of the file, by what it is to the document,
//! and in the metadata.

use lopdf::Document;
use time::OffsetDateTime;

use super::{Invoice, Profile, Standard, Syntax, recognise::recognise, source};
use crate::pdf::{
    Error,
    attach::{self, Embedded, Relationship},
    metadata::{self, Category, Schema, SchemaError},
};

/// The media type that Factur-X asks for.
const MEDIA_TYPE: &str = "text/xml";

/// Whose usage of the standard decides what the XML is to the document.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Country {
    /// `Alternative`: the XML is the invoice as well; `Data` where it is only a part of it.
    #[default]
    Germany,
    /// `Source` and `Data` stay as they are, too.
    France,
}

/// What was declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// The name of the file.
    pub name: &'static str,
    /// What it is to the document.
    pub relationship: Relationship,
    /// The level that the metadata say.
    pub profile: Profile,
}

/// How a standard is declared.
struct Way {
    schema: &'static str,
    namespace: &'static str,
    prefix: &'static str,
    file: &'static str,
}

const ZUGFERD_1: Way = Way {
    schema: "ZUGFeRD PDFA Extension Schema",
    namespace: "urn:ferd:pdfa:CrossIndustryDocument:invoice:1p0#",
    prefix: "zf",
    file: "ZUGFeRD-invoice.xml",
};

const ZUGFERD_2: Way = Way {
    schema: "ZUGFeRD PDFA Extension Schema",
    namespace: "urn:zugferd:pdfa:CrossIndustryDocument:invoice:2p0#",
    prefix: "zf",
    file: "zugferd-invoice.xml",
};

const FACTUR_X: Way = Way {
    schema: "Factur-X PDFA Extension Schema",
    namespace: "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#",
    prefix: "fx",
    file: "factur-x.xml",
};

/// XRechnung in Factur-X: the file has its own name, so that a reader of public buyers knows it.
const XRECHNUNG: Way = Way { file: "xrechnung.xml", ..FACTUR_X };

const ORDER_X: Way = Way {
    schema: "Factur-X PDFA Extension Schema",
    namespace: "urn:factur-x:pdfa:CrossIndustryDocument:1p0#",
    prefix: "fx",
    file: "order-x.xml",
};

/// All namespaces, of which a document has one; and one that early writers of ZUGFeRD used.
const NAMESPACES: [&str; 5] =
    [ZUGFERD_1.namespace, ZUGFERD_2.namespace, FACTUR_X.namespace, ORDER_X.namespace, "urn:ferd:pdfa:invoice:rc#"];

/// The XML files in a document, whatever their names are, byte for byte. `bytes_max` is what all files in it may unpack to.
/// A file is XML when it is well-formed, or says that it is XML.
///
/// # Errors
/// `Limit` when there are too many files, or too many bytes in them.
pub fn files(document: &Document, bytes_max: u64) -> Result<attach::Extracted, Error> {
    let mut extracted = attach::extract(document, bytes_max)?;
    extracted.files.retain(|(_, bytes)| source::is_xml(bytes));
    Ok(extracted)
}

/// The invoices and orders in a document: each file with its bytes and what it says. `bytes_max` is as of [`files`].
///
/// # Errors
/// As [`files`].
pub fn find(document: &Document, bytes_max: u64) -> Result<Vec<(Embedded, Vec<u8>, Invoice)>, Error> {
    let files = files(document, bytes_max)?.files.into_iter();
    Ok(files
        .filter_map(|(file, bytes)| {
            let invoice = recognise(&bytes)?;
            Some((file, bytes, invoice))
        })
        .collect())
}

/// Whether the metadata of a document declare an invoice.
pub fn is_declared(document: &Document) -> bool {
    metadata::schemas(document).iter().any(|schema| NAMESPACES.contains(&schema.namespace()))
}

/// Declares an invoice that is in a document as `file`: gives the file the name that its standard wants, says what it is to
/// the document, and writes the schema of the standard into the metadata, in place of any other invoice's. `None`, and no
/// change, for what is not declared this way: UBL, and XML that names no standard that is known.
///
/// A document has one invoice: another one that is in it stays, under another name, and is for the caller to detach. The
/// metadata make no claim of PDF/A afterwards; [`crate::pdf::gate`] writes that, and keeps the schema.
///
/// # Errors
/// `Corrupt` when the document has no catalog.
pub fn declare(
    document: &mut Document,
    file: &Embedded,
    invoice: &Invoice,
    country: Country,
    now: OffsetDateTime,
) -> Result<Option<Declared>, Error> {
    let Some((way, profile)) = way(invoice) else { return Ok(None) };
    let relationship = relationship(invoice, profile, file.relationship, country);
    attach::rename(document, file, way.file, MEDIA_TYPE, relationship)?;
    let mut schemas = metadata::schemas(document);
    schemas.retain(|schema| !NAMESPACES.contains(&schema.namespace()));
    // All of it is ours but the version, which is a text like any other.
    schemas.extend(schema(&way, invoice, profile));
    metadata::write_schemas(document, &schemas, now)?;
    Ok(Some(Declared { name: way.file, relationship, profile }))
}

/// How an invoice is declared, and as which profile.
fn way(invoice: &Invoice) -> Option<(Way, Profile)> {
    let profile = invoice.profile?;
    let way = match (invoice.syntax, invoice.standard) {
        (Syntax::UblInvoice | Syntax::UblCreditNote, _) | (_, Standard::Unknown) => return None,
        (_, Standard::Zugferd1) => ZUGFERD_1,
        (_, Standard::Zugferd2) => ZUGFERD_2,
        (_, Standard::XRechnung) => XRECHNUNG,
        (_, Standard::OrderX) => ORDER_X,
        (_, Standard::FacturX | Standard::En16931 | Standard::Peppol) => FACTUR_X,
    };
    Some((way, profile))
}

/// What the XML is to the document. MINIMUM and BASIC WL are no invoices by themselves.
fn relationship(invoice: &Invoice, profile: Profile, said: Option<Relationship>, country: Country) -> Relationship {
    let is_free = country == Country::France || invoice.standard == Standard::OrderX;
    match (said, profile) {
        (Some(said @ (Relationship::Source | Relationship::Data | Relationship::Alternative)), _) if is_free => said,
        (_, Profile::Minimum | Profile::BasicWl) => Relationship::Data,
        (_, Profile::Basic | Profile::Comfort | Profile::En16931 | Profile::Extended | Profile::XRechnung) => {
            Relationship::Alternative
        }
    }
}

/// The schema with what it says.
fn schema(way: &Way, invoice: &Invoice, profile: Profile) -> Result<Schema, SchemaError> {
    let kind = match (invoice.standard, invoice.type_code.as_deref()) {
        (Standard::OrderX, Some("230")) => "ORDER_CHANGE",
        (Standard::OrderX, Some("231")) => "ORDER_RESPONSE",
        (Standard::OrderX, _) => "ORDER",
        _ => "INVOICE",
    };
    // Peppol counts its own versions, which Factur-X does not know.
    let version = if invoice.standard == Standard::Peppol { "1.0" } else { invoice.version.as_str() };
    let mut schema = Schema::new(way.schema, way.namespace, way.prefix)?;
    for (name, description, value) in [
        ("DocumentFileName", "The name of the embedded XML document", way.file),
        ("DocumentType", "The type of the hybrid document in capital letters", kind),
        ("Version", "The version of the standard that the embedded XML document follows", version),
        ("ConformanceLevel", "The profile of the standard that the embedded XML document follows", profile.as_str()),
    ] {
        schema.say(name, description, Category::External, value)?;
    }
    Ok(schema)
}
