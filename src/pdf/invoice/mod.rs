//! Electronic invoices: their XML recognised by what it says, declared in the PDF that it is in, and checked.
//!
//! ```text
//! XML ─► [`source`] a tree with places ─┬─► [`recognise`]: standard, profile, and who owes whom how much
//!                                       ├─► [`bill`]: what it means, by the terms of EN 16931, from CII or UBL
//!                                       │      └─► [`rules`] ─► [`Finding`]s
//!                                       └─► [`structure`]: elements that the profile does not have ─► [`Finding`]s
//! PDF ─► [`find`], [`files`] ─► the XML in it     PDF + XML ─► [`declare`] ─► name, relationship, and XMP
//! ```
//!
//! | standard | syntax | XMP | file |
//! | --- | --- | --- | --- |
//! | ZUGFeRD 1.0 | `CrossIndustryDocument` | `urn:ferd:pdfa:…:1p0#` | `ZUGFeRD-invoice.xml` |
//! | ZUGFeRD 2.0 | `CrossIndustryInvoice` | `urn:zugferd:pdfa:…:2p0#` | `zugferd-invoice.xml` |
//! | Factur-X 1.0, which is ZUGFeRD 2.1 and later | the same | `urn:factur-x:pdfa:…:1p0#` | `factur-x.xml` |
//! | XRechnung in it | the same | the same | `xrechnung.xml` |
//! | Order-X 1.0 | `SCRDMCCBDACIOMessageStructure` | `urn:factur-x:pdfa:CrossIndustryDocument:1p0#` | `order-x.xml` |
//! | EN 16931, XRechnung, Peppol | UBL 2.1 | none | as it is |
//!
//! Invariants:
//! 1. XML with a document type is no invoice: nothing in it is ever expanded or fetched.
//! 2. Amounts are decimal numbers and never binary ones; what does not fit into 28 digits is no number.
//! 3. The rules see one model and do not know which syntax it came from.
//! 4. There are at most [`FINDINGS_MAX`] findings.

mod bill;
mod cii;
mod declare;
mod profiles;
mod recognise;
mod rules;
mod source;
mod structure;
#[cfg(test)]
mod tests;
mod ubl;

pub use declare::{Country, Declared, declare, files, find, is_declared};
pub use recognise::recognise;
pub use rules::{FINDINGS_MAX, Finding, check};

use crate::domain::words::words;

/// Most bytes of an XML file that is looked at. Invoices of ten thousand lines have 30 MiB.
pub const XML_BYTES_MAX: usize = 64 << 20;

words! {
    /// The standard that an invoice follows.
    pub enum Standard {
        /// ZUGFeRD 1.0 of 2014, with its own XML.
        Zugferd1 = "ZUGFeRD 1.0",
        /// ZUGFeRD 2.0 of 2019, the first one of EN 16931.
        Zugferd2 = "ZUGFeRD 2.0",
        /// Factur-X 1.0, as which ZUGFeRD goes on since 2.1.
        FacturX = "Factur-X",
        /// The German one for public buyers.
        XRechnung = "XRechnung",
        /// The one of the Peppol network.
        Peppol = "Peppol BIS Billing",
        /// EN 16931 without one of these, in UBL; in CII it is a profile of Factur-X.
        En16931 = "EN 16931",
        /// Orders that are made like Factur-X.
        OrderX = "Order-X",
        /// XML of an invoice that names none that is known.
        Unknown = "unknown",
    }
}

words! {
    /// How much of it an invoice uses, by the names that the metadata of the PDF have for them.
    pub enum Profile {
        /// Totals only; no invoice by the law of some countries.
        Minimum = "MINIMUM",
        /// All but the lines.
        BasicWl = "BASIC WL",
        /// With lines.
        Basic = "BASIC",
        /// All of ZUGFeRD 1.0 and of Order-X that most need.
        Comfort = "COMFORT",
        /// All of the European standard.
        En16931 = "EN 16931",
        /// More than that.
        Extended = "EXTENDED",
        /// The European standard as German public buyers want it.
        XRechnung = "XRECHNUNG",
    }
}

words! {
    /// How an invoice is written.
    pub enum Syntax {
        /// `CrossIndustryInvoice` of UN/CEFACT, D16B.
        Cii = "CII",
        /// `CrossIndustryDocument` of ZUGFeRD 1.0.
        CiiDocument = "CII of ZUGFeRD 1.0",
        /// `SCRDMCCBDACIOMessageStructure` of Order-X.
        CiiOrder = "CIO",
        /// `Invoice` of UBL 2.1.
        UblInvoice = "UBL Invoice",
        /// `CreditNote` of UBL 2.1.
        UblCreditNote = "UBL CreditNote",
    }
}

/// What an invoice says of itself. Texts are as they stand there, without the space around them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoice {
    /// The standard.
    pub standard: Standard,
    /// The profile; `None` when it names none that is known.
    pub profile: Option<Profile>,
    /// The way it is written.
    pub syntax: Syntax,
    /// The version of the standard, as the metadata of the PDF say it.
    pub version: String,
    /// The identifier of the standard and profile (BT-24).
    pub guideline: String,
    /// The number (BT-1).
    pub number: Option<String>,
    /// The type (BT-3), a number of UNTDID 1001.
    pub type_code: Option<String>,
    /// The date of issue (BT-2).
    pub issue_date: Option<time::Date>,
    /// The name of the seller (BT-27).
    pub seller: Option<String>,
    /// The name of the buyer (BT-44).
    pub buyer: Option<String>,
    /// The currency (BT-5), by ISO 4217.
    pub currency: Option<String>,
    /// The total with tax (BT-112), as it is written.
    pub total: Option<String>,
}
