//! Each rule is broken by one change of a sample that breaks none.

use super::*;

/// The rules that a text breaks.
fn broken(text: &str) -> Vec<String> {
    let invoice = recognise(text.as_bytes()).unwrap();
    check(text.as_bytes(), &invoice).into_iter().map(|finding| finding.rule).collect()
}

/// Changes a sample in one place and wants a rule to be broken.
fn check_all(sample: &str, cases: &[(&str, &str, &str)]) {
    assert_eq!(broken(sample), Vec::<String>::new());
    for (from, to, rule) in cases {
        let found = broken(&changed(sample, from, to));
        assert!(found.iter().any(|found| found == rule), "{from} as {to}: {found:?} without {rule}");
    }
}

/// The tax of the second line.
const LINE_TAX: &str = "<ram:CategoryCode>S</ram:CategoryCode><ram:RateApplicablePercent>7</ram:RateApplicablePercent></ram:ApplicableTradeTax>\n        <";

/// A line of another category.
fn line_tax(category: &str, rate: &str) -> String {
    changed(CII, LINE_TAX, &changed(&changed(LINE_TAX, ">S<", &format!(">{category}<")), ">7<", &format!(">{rate}<")))
}

/// A breakdown of another category.
fn breakdown(category: &str) -> String {
    let from = ">15.00</ram:BasisAmount><ram:CategoryCode>S<";
    changed(CII, from, &changed(from, ">S<", &format!(">{category}<")))
}

#[test]
fn what_is_missing_is_found() {
    check_all(
        CII,
        &[
            ("urn:cen.eu:en16931:2017<", "<", "BR-01"),
            (">R-2026/17<", "><", "BR-02"),
            ("<udt:DateTimeString format=\"102\">20260131</udt:DateTimeString>", "", "BR-03"),
            ("<ram:TypeCode>380</ram:TypeCode>", "", "BR-04"),
            ("<ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>", "", "BR-05"),
            ("<ram:Name>Falz und Heft GmbH</ram:Name>", "", "BR-06"),
            (">Stadtbücherei<", "> <", "BR-07"),
            ("<ram:CountryID>DE</ram:CountryID>", "", "BR-09"),
            (
                "Köln</ram:CityName>\n          <ram:CountryID>DE<",
                "Köln</ram:CityName>\n          <ram:CountryID><",
                "BR-11",
            ),
            ("<ram:LineTotalAmount>140.00</ram:LineTotalAmount>", "", "BR-12"),
            ("<ram:TaxBasisTotalAmount>145.00</ram:TaxBasisTotalAmount>", "", "BR-13"),
            ("<ram:GrandTotalAmount>170.75</ram:GrandTotalAmount>", "", "BR-14"),
            ("<ram:DuePayableAmount>150.00</ram:DuePayableAmount>", "", "BR-15"),
            ("<ram:LineID>1</ram:LineID>", "", "BR-21"),
            ("<ram:BilledQuantity unitCode=\"H87\">3</ram:BilledQuantity>", "", "BR-22"),
            (" unitCode=\"H87\"", "", "BR-23"),
            ("<ram:LineTotalAmount>15.00</ram:LineTotalAmount>", "", "BR-24"),
            (">Manual<", "><", "BR-25"),
            ("<ram:ChargeAmount>5.00</ram:ChargeAmount>", "", "BR-26"),
            ("<ram:ChargeAmount>5.00<", "<ram:ChargeAmount>-5.00<", "BR-27"),
            ("<ram:ChargeAmount>12.5<", "<ram:ChargeAmount>-12.5<", "BR-28"),
            (">20260101<", ">20260201<", "BR-29"),
            ("<ram:ActualAmount>5.00</ram:ActualAmount>", "", "BR-31"),
            ("<ram:Reason>Bonus</ram:Reason>", "", "BR-33"),
            ("<ram:ActualAmount>10.00</ram:ActualAmount>", "", "BR-36"),
            ("<ram:Reason>Freight</ram:Reason>", "", "BR-38"),
            ("<ram:BasisAmount>15.00</ram:BasisAmount>", "", "BR-45"),
            ("<ram:CalculatedAmount>1.05</ram:CalculatedAmount>", "", "BR-46"),
            (">15.00</ram:BasisAmount><ram:CategoryCode>S<", ">15.00</ram:BasisAmount><ram:CategoryCode><", "BR-47"),
            ("<ram:RateApplicablePercent>19.00</ram:RateApplicablePercent>", "", "BR-48"),
            ("<ram:TypeCode>58</ram:TypeCode>", "", "BR-49"),
            (">DE89370400440532013000<", "><", "BR-61"),
            (
                "<ram:InvoiceCurrencyCode>",
                "<ram:TaxCurrencyCode>SEK</ram:TaxCurrencyCode><ram:InvoiceCurrencyCode>",
                "BR-53",
            ),
            (" schemeID=\"EM\">seller", ">seller", "BR-62"),
            (" schemeID=\"EM\">buyer", ">buyer", "BR-63"),
            (">20260228<", "><", "BR-CO-25"),
            ("<ram:ID schemeID=\"VA\">DE123456789</ram:ID>", "", "BR-CO-26"),
        ],
    );
}

#[test]
fn an_invoice_without_lines_has_none() {
    let from = CII.find("<ram:IncludedSupplyChainTradeLineItem>").unwrap();
    let to = CII.find("<ram:ApplicableHeaderTradeAgreement>").unwrap();
    let without = format!("{}{}", CII.get(..from).unwrap(), CII.get(to..).unwrap());
    assert!(broken(&without).contains(&"BR-16".to_owned()));
}

#[test]
fn sums_that_are_wrong_by_a_cent_are_found() {
    check_all(
        CII,
        &[
            ("<ram:LineTotalAmount>140.00", "<ram:LineTotalAmount>140.01", "BR-CO-10"),
            ("<ram:AllowanceTotalAmount>5.00", "<ram:AllowanceTotalAmount>5.01", "BR-CO-11"),
            ("<ram:AllowanceTotalAmount>5.00</ram:AllowanceTotalAmount>", "", "BR-CO-11"),
            ("<ram:ChargeTotalAmount>10.00", "<ram:ChargeTotalAmount>10.01", "BR-CO-12"),
            ("<ram:TaxBasisTotalAmount>145.00", "<ram:TaxBasisTotalAmount>145.01", "BR-CO-13"),
            (">25.75<", ">25.76<", "BR-CO-14"),
            ("<ram:GrandTotalAmount>170.75", "<ram:GrandTotalAmount>170.76", "BR-CO-15"),
            ("<ram:DuePayableAmount>150.00", "<ram:DuePayableAmount>150.01", "BR-CO-16"),
            ("<ram:CalculatedAmount>24.70", "<ram:CalculatedAmount>25.71", "BR-CO-17"),
            ("<ram:BasisAmount>15.00", "<ram:BasisAmount>15.01", "BR-S-08"),
        ],
    );
}

#[test]
fn a_total_is_compared_as_a_number_and_not_as_a_text() {
    assert_eq!(broken(&changed(CII, ">140.00<", ">+0140.0<")), Vec::<String>::new());
}

#[test]
fn numbers_that_are_too_large_are_no_numbers_and_add_up_to_nothing() {
    let huge = "9".repeat(28);
    let text = CII.replace(">125.00<", &format!(">{huge}<")).replace(">15.00<", &format!(">{huge}<"));
    assert!(!broken(&text).contains(&"SYNTAX-VALUE".to_owned()));
    let text = changed(CII, ">125.00<", &format!(">{huge}9999<"));
    assert!(broken(&text).contains(&"SYNTAX-VALUE".to_owned()));
}

#[test]
fn each_category_of_tax_has_its_rules() {
    check_all(
        CII,
        &[
            ("<ram:ID schemeID=\"VA\">DE123456789</ram:ID>", "", "BR-S-02"),
            ("<ram:ID schemeID=\"VA\">DE123456789</ram:ID>", "", "BR-S-03"),
            ("<ram:ID schemeID=\"VA\">DE123456789</ram:ID>", "", "BR-S-04"),
            ("<ram:BasisAmount>15", "<ram:ExemptionReason>no</ram:ExemptionReason><ram:BasisAmount>15", "BR-S-10"),
        ],
    );
    for (text, rules) in [
        (line_tax("S", "0"), &["BR-S-05", "BR-S-08"][..]),
        (line_tax("Z", "7"), &["BR-Z-01", "BR-Z-05"]),
        (line_tax("E", "0"), &["BR-E-01"]),
        (line_tax("AE", "0"), &["BR-AE-01", "BR-AE-02"]),
        (line_tax("K", "0"), &["BR-IC-01", "BR-IC-02"]),
        (line_tax("G", "0"), &["BR-G-01"]),
        (line_tax("O", "0"), &["BR-O-01", "BR-O-02", "BR-O-05"]),
        (line_tax("L", "-1"), &["BR-AF-01", "BR-AF-05"]),
        (line_tax("M", "-1"), &["BR-AG-01", "BR-AG-05"]),
        (breakdown("E"), &["BR-E-01", "BR-E-08", "BR-E-09", "BR-E-10"]),
        (breakdown("K"), &["BR-IC-01", "BR-IC-12"]),
        (breakdown("O"), &["BR-O-09", "BR-O-10", "BR-O-11", "BR-O-12", "BR-O-13", "BR-O-14"]),
    ] {
        let found = broken(&text);
        assert!(rules.iter().all(|rule| found.iter().any(|found| found == rule)), "{rules:?}: {found:?}");
    }
}

#[test]
fn codes_values_and_elements_that_there_are_not_are_found() {
    check_all(
        CII,
        &[
            ("<ram:TypeCode>380<", "<ram:TypeCode>999<", "BR-CL-01"),
            ("<ram:InvoiceCurrencyCode>EUR", "<ram:InvoiceCurrencyCode>EURO", "BR-CL-04"),
            (" currencyID=\"EUR\"", " currencyID=\"eur\"", "BR-CL-03"),
            ("<ram:CountryID>DE", "<ram:CountryID>GER", "BR-CL-14"),
            ("<ram:TypeCode>58<", "<ram:TypeCode>99<", "BR-CL-16"),
            (
                ">15.00</ram:BasisAmount><ram:CategoryCode>S<",
                ">15.00</ram:BasisAmount><ram:CategoryCode>X<",
                "BR-CL-17",
            ),
            (LINE_TAX, &changed(LINE_TAX, ">S<", ">X<"), "BR-CL-18"),
            ("unitCode=\"H87\"", "unitCode=\"piece\"", "BR-CL-23"),
            (">DE123456789<", ">123456789<", "BR-CO-09"),
            ("<ram:CategoryCode>S</ram:CategoryCode>", "", "BR-CO-04"),
            (">170.75<", ">170.750<", "BR-DEC-14"),
            (">15.00<", ">15.001<", "BR-DEC-23"),
            (
                "20260131</udt:DateTimeString></ram:IssueDateTime>",
                "20261331</udt:DateTimeString></ram:IssueDateTime>",
                "SYNTAX-VALUE",
            ),
            ("format=\"102\">20260131", ">20260131", "SYNTAX-VALUE"),
            (">150.00<", ">150,00<", "SYNTAX-VALUE"),
            ("<ram:CityName>Köln</ram:CityName>", "<ram:Town>Köln</ram:Town>", "SYNTAX-ELEMENT"),
            ("<ram:CityName>Köln</ram:CityName>", "<udt:CityName>Köln</udt:CityName>", "SYNTAX-NAMESPACE"),
            (
                "<ram:CityName>Köln</ram:CityName>",
                "<ram:CityName>K</ram:CityName><ram:LineOne>1</ram:LineOne>",
                "SYNTAX-ORDER",
            ),
            ("<ram:ID>urn:cen.eu:en16931:2017<", "<ram:ID>urn:else<", "SYNTAX-GUIDELINE"),
        ],
    );
}

#[test]
fn a_profile_has_only_its_elements() {
    for (guideline, is_allowed) in [
        ("urn:factur-x.eu:1p0:minimum", false),
        ("urn:factur-x.eu:1p0:basicwl", false),
        ("urn:cen.eu:en16931:2017#compliant#urn:factur-x.eu:1p0:basic", false),
        ("urn:cen.eu:en16931:2017", true),
        ("urn:cen.eu:en16931:2017#conformant#urn:factur-x.eu:1p0:extended", true),
    ] {
        // The contact of the seller is of the profile EN 16931.
        assert_eq!(broken(&cii(guideline)).contains(&"SYNTAX-ELEMENT".to_owned()), !is_allowed, "{guideline}");
    }
}

#[test]
fn the_profile_extended_takes_a_cent_for_each_part() {
    let extended = cii("urn:cen.eu:en16931:2017#conformant#urn:factur-x.eu:1p0:extended");
    for (total, is_broken) in [("140.02", false), ("140.03", true)] {
        let text = changed(&extended, ">140.00<", &format!(">{total}<"));
        assert_eq!(broken(&text).contains(&"BR-CO-10".to_owned()), is_broken, "{total}");
    }
}

#[test]
fn xrechnung_has_rules_of_its_own_in_both_syntaxes() {
    check_all(
        &cii("urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"),
        &[
            ("<ram:BuyerReference>04011000-12345-03</ram:BuyerReference>", "", "BR-DE-15"),
            ("<ram:PersonName>Änne Faden</ram:PersonName>", "", "BR-DE-5"),
            ("<ram:CityName>Berlin</ram:CityName>", "", "BR-DE-3"),
        ],
    );
    check_all(
        UBL,
        &[
            ("<cbc:BuyerReference>04011000-12345-03</cbc:BuyerReference>", "", "BR-DE-15"),
            ("<cbc:Name>Änne Faden</cbc:Name>", "", "BR-DE-5"),
            ("<cbc:Telephone>+49 30 1234</cbc:Telephone>", "", "BR-DE-6"),
            (">+49 30 1234<", ">none<", "BR-DE-27"),
            ("<cbc:ElectronicMail>faden@example.org</cbc:ElectronicMail>", "", "BR-DE-7"),
            (">faden@example.org<", ">faden<", "BR-DE-28"),
            ("<cbc:CityName>Berlin</cbc:CityName>", "", "BR-DE-3"),
            ("<cbc:PostalZone>10115</cbc:PostalZone>", "", "BR-DE-4"),
            ("<cbc:CityName>Köln</cbc:CityName>", "", "BR-DE-8"),
            ("<cbc:PostalZone>50667</cbc:PostalZone>", "", "BR-DE-9"),
            ("<cbc:Percent>7</cbc:Percent>", "", "BR-DE-14"),
            ("<cbc:CompanyID>DE123456789</cbc:CompanyID>", "", "BR-DE-16"),
            (">380<", ">82<", "BR-DE-17"),
            (">380<", ">384<", "BR-DE-26"),
            ("DE89370400440532013000", "DE88370400440532013000", "BR-DE-19"),
        ],
    );
}

#[test]
fn the_rules_hold_for_ubl_as_well() {
    check_all(
        UBL,
        &[
            ("<cbc:ID>R-2026/17</cbc:ID>", "", "BR-02"),
            ("<cbc:IssueDate>2026-01-31</cbc:IssueDate>", "", "BR-03"),
            (">2026-01-31</cbc:IssueDate>", ">31.01.2026</cbc:IssueDate>", "SYNTAX-VALUE"),
            ("<cbc:RegistrationName>Falz und Heft GmbH</cbc:RegistrationName>", "", "BR-06"),
            (">140.00<", ">140.01<", "BR-CO-10"),
            (">145.00<", ">145.01<", "BR-CO-13"),
            (">25.75<", ">25.76<", "BR-CO-14"),
            (">150.00<", ">150.01<", "BR-CO-16"),
            ("<cbc:TaxableAmount currencyID=\"EUR\">15.00", "<cbc:TaxableAmount currencyID=\"EUR\">16.00", "BR-S-08"),
            ("<cbc:CompanyID>DE123456789</cbc:CompanyID>", "", "BR-S-02"),
            ("xsd:CommonBasicComponents-2", "xsd:CommonBasicComponents-3", "SYNTAX-NAMESPACE"),
        ],
    );
}

#[test]
fn a_finding_says_where() {
    let text = changed(CII, "<ram:ChargeAmount>5.00<", "<ram:ChargeAmount>x<");
    let invoice = recognise(text.as_bytes()).unwrap();
    let found = check(text.as_bytes(), &invoice);
    let wanted = "/rsm:CrossIndustryInvoice/rsm:SupplyChainTradeTransaction/ram:IncludedSupplyChainTradeLineItem[2]\
                  /ram:SpecifiedLineTradeAgreement/ram:NetPriceProductTradePrice/ram:ChargeAmount";
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].rule.as_str(), found[0].place.as_str()), ("SYNTAX-VALUE", wanted));
}

#[test]
fn there_are_only_so_many_findings() {
    let from = CII.find("<ram:IncludedSupplyChainTradeLineItem>").unwrap();
    let lines = "<ram:IncludedSupplyChainTradeLineItem/>".repeat(1_000);
    let text = format!("{}{lines}{}", CII.get(..from).unwrap(), CII.get(from..).unwrap());
    assert_eq!(broken(&text).len(), FINDINGS_MAX);
}
