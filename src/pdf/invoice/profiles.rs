//! Standards and profiles by the identifiers that invoices name them with (BT-24).

use super::{Profile, Standard, Syntax};

/// What an identifier stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Guideline {
    pub(super) standard: Standard,
    pub(super) profile: Option<Profile>,
    /// As the metadata of the PDF say it.
    pub(super) version: String,
}

/// The identifier of the European standard.
pub(super) const EN16931: &str = "urn:cen.eu:en16931:2017";

/// The last parts of identifiers, and the profiles that they name.
const PROFILES: [(&str, Profile); 8] = [
    ("minimum", Profile::Minimum),
    ("basicwl", Profile::BasicWl),
    ("basic", Profile::Basic),
    ("comfort", Profile::Comfort),
    ("en16931", Profile::En16931),
    ("extended", Profile::Extended),
    ("extended-ctc-fr", Profile::Extended),
    ("xrechnung", Profile::XRechnung),
];

/// Reads an identifier. `#` and `:` stand between its parts, which older writers mix, so that its parts are looked for
/// and not the whole.
pub(super) fn guideline(identifier: &str, syntax: Syntax) -> Guideline {
    let text = identifier.trim().to_ascii_lowercase();
    let last = text.rsplit([':', '#']).next().unwrap_or_default();
    let profile = PROFILES.iter().find(|(name, _)| *name == last).map(|(_, profile)| *profile);
    let is_ubl = matches!(syntax, Syntax::UblInvoice | Syntax::UblCreditNote);
    let (standard, profile, version) = if syntax == Syntax::CiiDocument {
        (Standard::Zugferd1, profile, "1.0".to_owned())
    } else if syntax == Syntax::CiiOrder {
        (Standard::OrderX, profile, "1.0".to_owned())
    } else if let Some((_, version)) = text.rsplit_once("xrechnung_").filter(|_| text.contains(":kosit:")) {
        // What goes beyond XRechnung says so, and has to keep its rules all the same.
        let version = version.split(['#', ':']).next().unwrap_or_default();
        (Standard::XRechnung, Some(Profile::XRechnung), version.to_owned())
    } else if text.contains("peppol.eu") {
        (Standard::Peppol, Some(Profile::En16931), last.to_owned())
    } else if text.contains("zugferd.de:2p0") {
        (Standard::Zugferd2, profile, "2p0".to_owned())
    } else if text.contains("factur-x.eu:1p0") || text.contains("cpro.gouv.fr:1p0") {
        (if is_ubl { Standard::En16931 } else { Standard::FacturX }, profile, "1.0".to_owned())
    } else if text == EN16931 {
        (if is_ubl { Standard::En16931 } else { Standard::FacturX }, Some(Profile::En16931), "1.0".to_owned())
    } else if text.starts_with(EN16931) {
        // A usage or an extension of the European standard that is not known by name.
        (Standard::En16931, Some(Profile::En16931), "1.0".to_owned())
    } else {
        (Standard::Unknown, None, "1.0".to_owned())
    };
    Guideline { standard, profile, version }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_name_standards_and_profiles() {
        use {Profile as P, Standard as S, Syntax::*};
        for (text, syntax, standard, profile, version) in [
            ("urn:ferd:CrossIndustryDocument:invoice:1p0:comfort", CiiDocument, S::Zugferd1, Some(P::Comfort), "1.0"),
            ("urn:ferd:invoice:1.0:extended", CiiDocument, S::Zugferd1, Some(P::Extended), "1.0"),
            ("urn:zugferd.de:2p0:minimum", Cii, S::Zugferd2, Some(P::Minimum), "2p0"),
            ("urn:cen.eu:en16931:2017#compliant#urn:zugferd.de:2p0:basic", Cii, S::Zugferd2, Some(P::Basic), "2p0"),
            ("urn:factur-x.eu:1p0:basicwl", Cii, S::FacturX, Some(P::BasicWl), "1.0"),
            ("urn:cen.eu:en16931:2017:compliant:factur-x.eu:1p0:basic", Cii, S::FacturX, Some(P::Basic), "1.0"),
            ("urn:cen.eu:en16931:2017", Cii, S::FacturX, Some(P::En16931), "1.0"),
            ("urn:cen.eu:en16931:2017", UblInvoice, S::En16931, Some(P::En16931), "1.0"),
            (
                "urn:cen.eu:en16931:2017#conformant#urn:factur-x.eu:1p0:extended",
                Cii,
                S::FacturX,
                Some(P::Extended),
                "1.0",
            ),
            (
                "urn:cen.eu:en16931:2017#compliant#urn:xoev-de:kosit:standard:xrechnung_2.3",
                Cii,
                S::XRechnung,
                Some(P::XRechnung),
                "2.3",
            ),
            (
                "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0#conformant#urn:xeinkauf.de:kosit:\
                 extension:xrechnung_3.0",
                UblInvoice,
                S::XRechnung,
                Some(P::XRechnung),
                "3.0",
            ),
            (
                "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0",
                UblInvoice,
                S::Peppol,
                Some(P::En16931),
                "3.0",
            ),
            ("urn:order-x.eu:1p0:comfort", CiiOrder, S::OrderX, Some(P::Comfort), "1.0"),
            ("urn:else", Cii, S::Unknown, None, "1.0"),
            ("", UblCreditNote, S::Unknown, None, "1.0"),
        ] {
            let wanted = Guideline { standard, profile, version: version.to_owned() };
            assert_eq!(guideline(text, syntax), wanted, "{text}");
        }
    }
}
