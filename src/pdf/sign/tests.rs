use lopdf::{Dictionary, Document, Object, Stream, dictionary};
use time::{OffsetDateTime, macros::datetime};

use super::{cms::SignedData, time_stamp::server, *};
use crate::{
    domain::metadata::Property,
    pdf::{
        fonts::FontFolder,
        gate,
        validate::{Flavour, validate},
    },
};

const NOW: OffsetDateTime = datetime!(2027-03-04 05:06:07 +01:00);
const PASSWORD: &str = "secret";

// Made by OpenSSL 3.0, valid from November 2026 to 2126. "old" is encrypted by triple DES and RC2 of 40 bits.
const CHAIN: &[u8] = include_bytes!("testdata/chain.p12");
const RSA_OLD: &[u8] = include_bytes!("testdata/rsa-old.p12");
const P256: &[u8] = include_bytes!("testdata/p256.p12");
const P256_OLD: &[u8] = include_bytes!("testdata/p256-old.p12");
const P256_UTF8: &[u8] = include_bytes!("testdata/p256-utf8.p12");
const P384: &[u8] = include_bytes!("testdata/p384.p12");
const NO_MAC: &[u8] = include_bytes!("testdata/no-mac.p12");
const TSA: &[u8] = include_bytes!("testdata/tsa.p12");

fn identity(bytes: &[u8]) -> Identity {
    Identity::from_pkcs12(bytes, PASSWORD).unwrap()
}

/// A file that went through the gate.
fn archived(part: Part) -> (Vec<u8>, Flavour) {
    let mut document = Document::new();
    let root = document.new_object_id();
    let content = document.add_object(Stream::new(dictionary! {}, b"10 10 50 50 re f".to_vec()));
    let page = document.add_object(dictionary! {
        "Type" => "Page", "Parent" => root, "Contents" => content, "Resources" => Dictionary::new(),
        "MediaBox" => vec![0.into(), 0.into(), 100.into(), 100.into()],
    });
    let kids: Vec<Object> = vec![page.into()];
    document.objects.insert(root, dictionary! { "Type" => "Pages", "Count" => 1, "Kids" => kids }.into());
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => root });
    document.trailer.set("Root", catalog);
    let (fonts, metadata) = (FontFolder::open(&[]), Metadata::default());
    let wanted = gate::Wanted { part, metadata: &metadata, now: NOW, fonts: &fonts, writer: None };
    let passed = gate::pass(document, &wanted).unwrap();
    (passed.bytes, passed.flavour)
}

/// A file of these objects, numbered from 1, of which the first is the catalog, with a table.
fn written(objects: &[&str]) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut table = String::new();
    for (index, object) in objects.iter().enumerate() {
        table.push_str(&format!("{:010} 00000 n \n", bytes.len()));
        bytes.extend_from_slice(format!("{} 0 obj\n{object}\nendobj\n", index + 1).as_bytes());
    }
    let (size, at) = (objects.len() + 1, bytes.len());
    let head = format!("xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<</Size {size}/Root 1 0 R>>\n");
    bytes.extend_from_slice(format!("{head}startxref\n{at}\n%%EOF\n").as_bytes());
    bytes
}

const PAGES: &str = "<</Type/Pages/Kids[3 0 R]/Count 1>>";
const PAGE: &str = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595.275591 841.889764]>>";

/// A file with a form; what is in it may be objects from 4 on.
fn with_form(form: &str, objects: &[&str]) -> Vec<u8> {
    let catalog = format!("<</Type/Catalog/Pages 2 0 R/AcroForm {form}>>");
    written(&[&[catalog.as_str(), PAGES, PAGE], objects].concat())
}

fn signed(bytes: &[u8]) -> Signed {
    sign(bytes, &identity(P256), &Signing::at(NOW)).unwrap()
}

/// Signs, and expects each signature to hold and to be in its place: only the last reaches to the end.
fn check(bytes: &[u8], identity: &Identity, signing: &Signing<'_>) -> Vec<u8> {
    let signed = sign(bytes, identity, signing).unwrap();
    assert!(signed.bytes.starts_with(bytes), "the given bytes stay");
    let found = signatures(&signed.bytes).unwrap();
    for each in &found {
        let is_new = each.field == signed.field;
        assert_eq!(each.verdict, Verdict::Valid, "{each:?}");
        assert_eq!(each.coverage, if is_new { Coverage::File } else { Coverage::Revision }, "{each:?}");
    }
    let fresh = found.iter().find(|each| each.field == signed.field).unwrap();
    assert_eq!(fresh.signer.as_deref(), Some(identity.name().as_str()));
    assert_eq!(fresh.sub_filter, "ETSI.CAdES.detached");
    signed.bytes
}

#[test]
fn an_archive_stays_the_pdfa_that_it_is_however_often_it_is_signed() {
    let wanted = Metadata::default().with(Property::Title, "Nachher <&>");
    for part in [Part::One, Part::Two, Part::Three] {
        let (bytes, flavour) = archived(part);
        let text = |text: &str| Some(text.to_owned());
        let once = Signing { reason: text("(Grund) \u{2713}"), location: text("Zürich"), ..Signing::at(NOW) };
        let bytes = check(&bytes, &identity(CHAIN), &once);
        assert_eq!(validate(&bytes, flavour).failed, [], "{flavour}");
        let again = Signing { metadata: Some(&wanted), contact: text("a@b.example"), ..Signing::at(NOW) };
        let bytes = check(&bytes, &identity(P384), &again);
        assert_eq!(validate(&bytes, flavour).failed, [], "{flavour}");
        assert_eq!(validate::claimed(&bytes), Some(flavour));
        assert_eq!(signatures(&bytes).unwrap().len(), 2);
        let document = Document::load_mem(&bytes).unwrap();
        let info = crate::pdf::object::dictionary(&document, &document.trailer, b"Info").unwrap();
        assert_eq!(crate::pdf::object::text(&document, info, b"Title").as_deref(), Some("Nachher <&>"));
    }
}

#[test]
fn every_kind_of_key_and_file_signs() {
    let (bytes, _) = archived(Part::Two);
    for file in [CHAIN, RSA_OLD, P256, P256_OLD, P384, NO_MAC] {
        check(&bytes, &identity(file), &Signing::at(NOW));
    }
    check(&bytes, &Identity::from_pkcs12(P256_UTF8, "Grün €").unwrap(), &Signing::at(NOW));
}

#[test]
fn a_section_is_written_in_the_form_of_the_last_one() {
    let (table, _) = archived(Part::One);
    let (stream, _) = archived(Part::Two);
    for (bytes, has_stream) in [(table, false), (stream, true)] {
        let signed = signed(&bytes).bytes;
        let update = signed.get(bytes.len()..).unwrap();
        assert_eq!(memchr::memmem::find(update, b"/Type /XRef").is_some(), has_stream);
        assert_eq!(memchr::memmem::find(update, b"\nxref\n").is_some(), !has_stream);
        assert!(Document::load_mem(&signed).unwrap().xref_recovery.is_none());
    }
}

#[test]
fn an_object_that_a_hybrid_file_hides_is_found_and_written_anew() {
    let mut bytes = b"%PDF-1.5\n".to_vec();
    let mut offsets = Vec::new();
    let mut add = |bytes: &mut Vec<u8>, object: String| {
        offsets.push(bytes.len());
        bytes.extend_from_slice(object.as_bytes());
        bytes.len()
    };
    add(&mut bytes, "1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n".to_owned());
    add(&mut bytes, format!("2 0 obj\n{PAGES}\nendobj\n"));
    add(&mut bytes, "3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Annots 4 0 R>>\nendobj\n".to_owned());
    let packed = "<</Type/ObjStm/N 1/First 4/Length 6>>\nstream\n4 0 []\nendstream";
    add(&mut bytes, format!("5 0 obj\n{packed}\nendobj\n"));
    let at = bytes.len();
    let head = "6 0 obj\n<</Type/XRef/Size 7/W[1 1 1]/Index[4 1]/Root 1 0 R/Length 3>>\nstream\n";
    bytes.extend_from_slice(head.as_bytes());
    bytes.extend_from_slice(&[2, 5, 0]);
    bytes.extend_from_slice(b"\nendstream\nendobj\n");
    let table = bytes.len();
    let entry = |index: usize| format!("{:010} 00000 n \n", offsets.get(index).unwrap());
    let entries = [entry(0), entry(1), entry(2), "0000000000 00000 f \n".to_owned(), entry(3)].concat();
    let tail = format!("xref\n0 6\n0000000004 65535 f \n{entries}trailer\n<</Size 7/Root 1 0 R/XRefStm {at}>>\n");
    bytes.extend_from_slice(format!("{tail}startxref\n{table}\n%%EOF\n").as_bytes());
    let signed = check(&bytes, &identity(P256), &Signing::at(NOW));
    let document = Document::load_mem(&signed).unwrap();
    assert!(document.xref_recovery.is_none());
    assert_eq!(document.objects.get(&(4, 0)).unwrap().as_array().unwrap().len(), 1);
    assert!(!signed.get(bytes.len()..).unwrap().windows(8).any(|part| part == b"/XRefStm"));
}

#[test]
fn what_was_there_keeps_its_spelling() {
    let bytes = written(&["<</Type/Catalog/Pages 2 0 R/Lang(\\145n)>>", PAGES, PAGE]);
    let signed = signed(&bytes).bytes;
    let update = signed.get(bytes.len()..).unwrap();
    assert!(memchr::memmem::find(update, b"[0 0 595.275591 841.889764]").is_some());
    assert!(memchr::memmem::find(update, b"(\\145n)").is_some());
}

#[test]
fn a_field_joins_the_form_that_is_there_wherever_that_is() {
    let text = "<</FT/Tx/T(Signature1)>>";
    let forms = [
        ("<</Fields[4 0 R]/SigFlags 4>>", vec![text]),
        ("<</Fields 5 0 R>>", vec![text, "[4 0 R]"]),
        ("5 0 R", vec![text, "<</Fields[4 0 R]/DA(/F 0 Tf)>>"]),
        ("5 0 R", vec![text, "<</Fields 6 0 R>>", "[4 0 R]"]),
    ];
    for (form, objects) in forms {
        let bytes = with_form(form, &objects);
        let signed = check(&bytes, &identity(P256), &Signing::at(NOW));
        let document = Document::load_mem(&signed).unwrap();
        let fields = fields::Fields::read(&document).unwrap();
        assert_eq!(fields.names.into_iter().collect::<Vec<_>>(), ["Signature1", "Signature2"]);
        let catalog = crate::pdf::object::catalog(&document).unwrap();
        let held = crate::pdf::object::dictionary(&document, catalog, b"AcroForm").unwrap();
        assert_eq!(held.get(b"SigFlags").unwrap().as_i64().unwrap() & 3, 3);
        assert_eq!(held.has(b"DA"), objects.iter().any(|object| object.contains("/DA")));
    }
}

#[test]
fn an_empty_field_of_the_wanted_name_is_filled() {
    let widget = "<</Type/Annot/Subtype/Widget/FT/Sig/T(Here)/Rect[0 0 0 0]/F 132/P 3 0 R>>";
    let bytes = with_form("<</Fields[4 0 R]>>", &[widget]);
    let signing = Signing { field: Some("Here".to_owned()), ..Signing::at(NOW) };
    let signed = check(&bytes, &identity(P256), &signing);
    let found = signatures(&signed).unwrap();
    assert_eq!(found.iter().map(|each| each.field.as_str()).collect::<Vec<_>>(), ["Here"]);
    let again = sign(&signed, &identity(P256), &signing).unwrap_err();
    assert!(matches!(again, Error::Field { name, .. } if name == "Here"));
}

#[test]
fn a_field_that_cannot_take_the_signature_is_refused() {
    let conditions = "<</FT/Sig/T(Strict)/SV<</Ff 1>>>>";
    let bytes = with_form("<</Fields[4 0 R 5 0 R]>>", &["<</FT/Tx/T(Text)>>", conditions]);
    for name in ["Text", "Strict", "", "a.b"] {
        let signing = Signing { field: Some(name.to_owned()), ..Signing::at(NOW) };
        let refused = sign(&bytes, &identity(P256), &signing).unwrap_err();
        assert!(matches!(&refused, Error::Field { name: told, .. } if told == name), "{refused}");
    }
}

#[test]
fn signatures_that_allow_no_more_are_obeyed() {
    let reference = |method: &str, rules: &str| {
        format!(
            "<</FT/Sig/T(Old)/V<</Type/Sig/Filter/X/Contents<00>/ByteRange[0 1 2 3]/Reference[<</TransformMethod/{method}\
             /TransformParams<<{rules}>>>>]>>>>"
        )
    };
    let lock = |lock: &str| format!("<</FT/Sig/T(Old)/V<</Type/Sig/Contents<00>>>/Lock<<{lock}>>>>");
    let cases = [
        (reference("DocMDP", "/P 1"), true),
        (reference("DocMDP", "/P 2"), false),
        (reference("DocMDP", ""), false),
        (reference("FieldMDP", "/Action/All"), true),
        (reference("FieldMDP", "/Action/Include/Fields[(Signature1)]"), true),
        (reference("FieldMDP", "/Action/Include/Fields[(Signature)]"), false),
        (reference("FieldMDP", "/Action/Exclude/Fields[(Signature1)]"), false),
        (reference("FieldMDP", "/Action/Exclude/Fields[(Other)]"), true),
        (lock("/Action/Include/Fields[(Signature1)]"), true),
        (lock("/Action/Include/Fields[(Other)]"), false),
        (lock("/Action/Include/Fields[(Other)]/P 1"), true),
    ];
    for (field, is_locked) in cases {
        let outcome = sign(&with_form("<</Fields[4 0 R]>>", &[&field]), &identity(P256), &Signing::at(NOW));
        let was_refused = matches!(outcome, Err(Error::Locked { .. }));
        assert_eq!((was_refused, outcome.is_ok()), (is_locked, !is_locked), "{field}");
    }
}

#[test]
fn a_certifying_signature_outside_of_the_form_is_obeyed() {
    let rules = "<</DocMDP<</Reference[<</TransformMethod/DocMDP/TransformParams<</P 1>>>>]>>>>";
    let catalog = format!("<</Type/Catalog/Pages 2 0 R/Perms{rules}>>");
    let refused = sign(&written(&[&catalog, PAGES, PAGE]), &identity(P256), &Signing::at(NOW));
    assert!(matches!(refused, Err(Error::Locked { .. })));
}

#[test]
fn a_form_of_more_signatures_than_anybody_makes_is_refused() {
    let field = "<</FT/Sig/T(A)/V<</Type/Sig/Contents<00>>>>>";
    let fields: String = (0..101).map(|index| format!("{} 0 R ", index + 4)).collect();
    let bytes = with_form(&format!("<</Fields[{fields}]>>"), &vec![field; 101]);
    let refused = sign(&bytes, &identity(P256), &Signing::at(NOW)).unwrap_err();
    assert!(matches!(refused, Error::Document(crate::pdf::Error::Limit { .. })));
    assert!(matches!(signatures(&bytes), Err(Error::Document(crate::pdf::Error::Limit { .. }))));
}

#[test]
fn a_form_whose_fields_share_their_kids_or_are_their_own_ends() {
    let own = with_form("<</Fields[4 0 R]>>", &["<</T(A)/Kids[4 0 R 4 0 R]>>"]);
    check(&own, &identity(P256), &Signing::at(NOW));
    let kids: String = (0..2_000).map(|index| format!("{} 0 R ", index + 5)).collect();
    let list = format!("[{kids}]");
    let objects = [vec![list.as_str()], vec!["<</T(A)/Kids 4 0 R>>"; 2_000]].concat();
    let refused = signatures(&with_form("<</Fields 4 0 R>>", &objects));
    assert!(matches!(refused, Err(Error::Document(crate::pdf::Error::Limit { .. }))));
}

#[test]
fn what_readers_have_to_mend_or_to_decrypt_is_refused() {
    let refused = |bytes: &[u8]| sign(bytes, &identity(P256), &Signing::at(NOW)).unwrap_err();
    let good = written(&["<</Type/Catalog/Pages 2 0 R>>", PAGES, PAGE]);
    assert!(matches!(refused(&[b"junk\n".as_slice(), &good].concat()), Error::Damaged { .. }));
    let cut = good.get(..memchr::memmem::rfind(&good, b"xref\n0").unwrap()).unwrap();
    assert!(matches!(refused(cut), Error::Damaged { .. }));
    assert!(matches!(refused(b"hello"), Error::Document(crate::pdf::Error::Corrupt { .. })));
    for handler in ["Standard", "Other"] {
        let encryption = format!("<</Filter/{handler}/V 1/R 2/O<{0}>/U<{0}>/P -4>>", "41".repeat(32));
        let bytes = written(&["<</Type/Catalog/Pages 2 0 R>>", PAGES, PAGE, &encryption]);
        let at = memchr::memmem::rfind(&bytes, b"/Root").unwrap();
        let (head, tail) = bytes.split_at(at);
        let bytes = [head, b"/Encrypt 4 0 R/ID[<41><41>]", tail].concat();
        assert_eq!(refused(&bytes), Error::Encrypted);
        assert_eq!(signatures(&bytes), Err(Error::Encrypted));
    }
}

#[test]
fn every_changed_byte_is_noticed() {
    let (bytes, _) = archived(Part::Two);
    let signed = signed(&bytes).bytes;
    let hole = memchr::memmem::rfind(&signed, b"/Contents <").unwrap() + b"/Contents <".len();
    let digits = memchr::memmem::find(signed.get(hole..).unwrap(), b"0000000000000000").unwrap();
    let verdict = |at: usize| {
        let mut bytes = signed.clone();
        let byte = bytes.get_mut(at).unwrap();
        *byte = if *byte == b'1' { b'2' } else { b'1' };
        signatures(&bytes).unwrap().remove(0).verdict
    };
    // The version in the header, and the last digit of the date in the signature.
    let date = memchr::memmem::rfind(&signed, b"+01'00')").unwrap();
    assert_eq!(verdict(7), Verdict::Altered);
    assert_eq!(verdict(date - 1), Verdict::Altered);
    // The last digits of the signature value, which stands at the end.
    assert_eq!(verdict(hole + digits - 3), Verdict::Forged);
}

#[test]
fn a_signature_in_the_looser_way_of_writing_holds() {
    let (bytes, _) = archived(Part::Two);
    let mut signed = signed(&bytes).bytes;
    let start = memchr::memmem::rfind(&signed, b"/Contents <").unwrap() + b"/Contents <".len();
    let head = std::str::from_utf8(signed.get(start..start + 8).unwrap()).unwrap();
    let length = usize::from_str_radix(head.strip_prefix("3082").unwrap(), 16).unwrap();
    // A length that is not told takes two bytes less in front, and two more behind.
    let content = signed.get(start + 8..start + 8 + 2 * length).unwrap().to_vec();
    let loose = [b"3080", content.as_slice(), b"0000"].concat();
    signed.get_mut(start..start + loose.len()).unwrap().copy_from_slice(&loose);
    let found = signatures(&signed).unwrap().remove(0);
    assert_eq!((found.verdict, found.signer.as_deref()), (Verdict::Valid, Some("Eva Example")));
}

#[test]
fn a_signature_over_a_part_of_its_revision_says_so() {
    let (bytes, _) = archived(Part::Two);
    let signed = signed(&bytes).bytes;
    let coverage = |bytes: &[u8]| signatures(bytes).unwrap().remove(0).coverage;
    assert_eq!(coverage(&signed), Coverage::File);
    assert_eq!(coverage(&[signed.as_slice(), b"% more\n"].concat()), Coverage::Revision);
    let at = memchr::memmem::rfind(&signed, b"/ByteRange [0 ").unwrap() + b"/ByteRange [".len();
    let mut late = signed.clone();
    *late.get_mut(at).unwrap() = b'9';
    let found = signatures(&late).unwrap().remove(0);
    assert_ne!((found.coverage, found.verdict), (Coverage::File, Verdict::Valid));
}

#[test]
fn the_signature_has_what_pades_asks_for_and_no_time() {
    let (bytes, _) = archived(Part::Two);
    let signed = sign(&bytes, &identity(CHAIN), &Signing::at(NOW)).unwrap().bytes;
    let document = Document::load_mem(&signed).unwrap();
    let fields = fields::Fields::read(&document).unwrap();
    let field = fields.signatures.first().unwrap();
    let held = field.signature.unwrap();
    assert_eq!(field.held.get(b"F").unwrap().as_i64().unwrap(), 132);
    assert_eq!(held.get(b"M").unwrap().as_str().unwrap(), b"D:20270304050607+01'00'");
    let data = SignedData::read(held.get(b"Contents").unwrap().as_str().unwrap()).unwrap();
    assert_eq!(data.certificates().len(), 3);
    let signer = data.signer().unwrap();
    let kinds: Vec<_> = signer.signed_kinds();
    assert_eq!(kinds, [oids::CONTENT_TYPE, oids::MESSAGE_DIGEST, oids::SIGNING_CERTIFICATE_V2]);
    assert_eq!(signer.digest_algorithm.oid, oids::SHA256);
}

/// A file with a signature that waits for a time stamp, and what to ask for it.
fn asking(file: &[u8], asking: &Asking) -> (Vec<u8>, Vec<u8>) {
    let (bytes, _) = archived(Part::Two);
    let signing = Signing { time_stamp: Some(asking), ..Signing::at(NOW) };
    let signed = sign(&bytes, &identity(file), &signing).unwrap();
    (signed.bytes, signed.request.unwrap())
}

#[test]
fn a_time_stamp_goes_in_and_holds_and_nothing_else_changes() {
    let tsa = identity(TSA);
    for (file, digest) in [(CHAIN, StampDigest::Sha256), (P256, StampDigest::Sha384), (P384, StampDigest::Sha512)] {
        let policy = Some(Policy::try_from("1.2.3.4.5".to_owned()).unwrap());
        let (plain, request) = asking(file, &Asking { digest, policy });
        let found = signatures(&plain).unwrap().remove(0);
        assert_eq!((found.verdict, found.time_stamp, found.coverage), (Verdict::Valid, None, Coverage::File));
        let answer = server::answer(&tsa, &request, |_, _| {});
        let stamped = stamp(&plain, &request, &answer).unwrap();
        let found = signatures(&stamped).unwrap().remove(0);
        assert_eq!((found.verdict, found.time_stamp), (Verdict::Valid, Some(Verdict::Valid)));
        assert_eq!(validate(&stamped, validate::claimed(&stamped).unwrap()).failed, []);
        assert_eq!(stamped.len(), plain.len());
        assert_eq!(stamp(&plain, &request, &answer).unwrap(), stamped, "twice");
        assert_eq!(stamp(&stamped, &request, &answer).unwrap(), stamped, "onto itself");
    }
}

#[test]
fn a_time_stamp_goes_into_the_signature_that_it_was_asked_for() {
    let (bytes, _) = archived(Part::Two);
    let ask = Asking::default();
    let signing = Signing { time_stamp: Some(&ask), ..Signing::at(NOW) };
    let first = sign(&bytes, &identity(P256), &signing).unwrap();
    let second = sign(&first.bytes, &identity(P256), &signing).unwrap();
    let request = second.request.unwrap();
    let answer = server::answer(&identity(TSA), &request, |_, _| {});
    let stamped = stamp(&second.bytes, &request, &answer).unwrap();
    let found: Vec<_> =
        signatures(&stamped).unwrap().into_iter().map(|found| (found.verdict, found.time_stamp)).collect();
    assert_eq!(found, [(Verdict::Valid, None), (Verdict::Valid, Some(Verdict::Valid))]);
    assert!(matches!(stamp(&first.bytes, &request, &answer), Err(Error::TimeStamp { .. })));
    assert!(matches!(stamp(&bytes, &request, &answer), Err(Error::TimeStamp { .. })));
}

#[test]
fn a_time_stamp_that_is_not_for_the_signature_does_not_go_in() {
    let (tsa, other) = (identity(TSA), identity(P256));
    let flip = |bytes: &mut Vec<u8>| *bytes.last_mut().unwrap() ^= 1;
    let policy = Some(Policy::try_from("1.2.3.4.5".to_owned()).unwrap());
    let (bytes, request) = asking(P256, &Asking { policy, ..Asking::default() });
    let refused = |expected: &str, answer: &[u8]| match stamp(&bytes, &request, answer) {
        Err(Error::TimeStamp { what }) => assert!(what.contains(expected), "{what}"),
        outcome => panic!("{expected}: {outcome:?}"),
    };
    refused("out of ink", &server::refusal());
    refused("cannot be read", b"<html>");
    refused("not for this signature", &server::answer(&tsa, &request, |digest, _| flip(digest)));
    refused("another request", &server::answer(&tsa, &request, |_, nonce| flip(nonce)));
    refused("not one for time stamps", &server::answer(&other, &request, |_, _| {}));
    let own = time_stamp::server::of_own_policy(&tsa, &request);
    refused("another policy", &own);
    let mut answer = server::answer(&tsa, &request, |_, _| {});
    // The last byte is of the signature.
    flip(&mut answer);
    refused("does not hold", &answer);
    let plain = sign(&archived(Part::Two).0, &identity(P256), &Signing::at(NOW)).unwrap();
    assert_eq!(plain.request, None);
    assert!(matches!(stamp(&bytes, b"no request", &answer), Err(Error::TimeStamp { .. })));
}

#[test]
fn an_identity_says_what_is_wrong_with_its_file() {
    let read = |bytes: &[u8], password| Identity::from_pkcs12(bytes, password).map(|identity| identity.name());
    assert_eq!(read(CHAIN, PASSWORD).as_deref(), Ok("Chain Example"));
    for file in [CHAIN, RSA_OLD, NO_MAC] {
        assert_eq!(read(file, "wrong"), Err(IdentityError::Password));
    }
    assert_eq!(read(include_bytes!("testdata/no-key.p12"), PASSWORD), Err(IdentityError::NoKey));
    assert_eq!(read(include_bytes!("testdata/no-certificate.p12"), PASSWORD), Err(IdentityError::NoCertificate));
    for file in [&include_bytes!("testdata/small.p12")[..], include_bytes!("testdata/ed.p12")] {
        assert!(matches!(read(file, PASSWORD), Err(IdentityError::UnsupportedKey { .. })));
    }
    assert!(matches!(read(b"no file", PASSWORD), Err(IdentityError::Unreadable { .. })));
    assert!(matches!(read(&vec![0x30; 2 << 20], PASSWORD), Err(IdentityError::Unreadable { .. })));
}

#[test]
fn the_chain_goes_from_the_signer_to_the_root() {
    let chain = identity(CHAIN).chain;
    let names: Vec<_> = chain.iter().filter_map(certificate::Certificate::name).collect();
    assert_eq!(names, ["Chain Example", "Example Middle", "Example Root"]);
}

#[test]
fn a_certificate_that_is_not_good_for_it_is_told_and_signs() {
    let (bytes, _) = archived(Part::Two);
    let warnings = |file: &[u8], at| sign(&bytes, &identity(file), &Signing::at(at)).unwrap().warnings;
    assert_eq!(warnings(P256, NOW), []);
    let early = warnings(P256, datetime!(2020-01-01 0:00 UTC));
    assert!(matches!(early.as_slice(), [Warning::NotYetValid { .. }]));
    let late = warnings(P256, datetime!(2200-01-01 0:00 UTC));
    assert!(matches!(late.as_slice(), [Warning::Expired { .. }]));
    assert_eq!(warnings(include_bytes!("testdata/enc.p12"), NOW), [Warning::NotForSignatures]);
}

#[test]
fn a_damaged_file_has_an_answer() {
    let (bytes, _) = archived(Part::One);
    let signed = signed(&bytes).bytes;
    let hole = memchr::memmem::rfind(&signed, b"/Contents <").unwrap();
    let tail = signed.len() - 1_500..signed.len();
    for at in (0..bytes.len()).step_by(37).chain(hole + 11..hole + 811).chain(tail) {
        let mut damaged = signed.clone();
        *damaged.get_mut(at).unwrap() ^= 0x15;
        let found = signatures(&damaged).unwrap_or_default();
        let holds = found.iter().any(|each| each.verdict == Verdict::Valid && each.coverage == Coverage::File);
        assert!(!holds, "the byte {at} was changed");
        if at % 5 == 0 {
            drop(sign(&damaged, &identity(P256), &Signing::at(NOW)));
            drop(signatures(signed.get(..at).unwrap()));
        }
    }
}
