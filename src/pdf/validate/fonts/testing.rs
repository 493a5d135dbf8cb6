//! Small documents and font programs for the tests of this folder.

use lopdf::{Dictionary, Document, Object, ObjectId, Stream, StringFormat, dictionary};

use crate::pdf::validate::{Flavour, fonts::RULES, subject::Subject};

/// The number of the font in a test document, that of its CIDFont, and that of the descriptor.
pub(super) const FONT: ObjectId = (1, 0);
pub(super) const DESCENDANT: ObjectId = (2, 0);
pub(super) const DESCRIPTOR: ObjectId = (3, 0);
const PROGRAM: ObjectId = (4, 0);

/// A document with a page that shows text in a font.
pub(super) fn document(font: Dictionary, content: &str) -> Document {
    let mut document = Document::with_version("1.7");
    document.max_id = 9;
    document.objects.insert(FONT, font.into());
    let content = document.add_object(Stream::new(Dictionary::new(), content.as_bytes().to_vec()));
    let resources = dictionary! { "Font" => dictionary! { "F" => FONT } };
    let page = document.add_object(dictionary! { "Type" => "Page", "Contents" => content, "Resources" => resources });
    let pages = document.add_object(dictionary! { "Type" => "Pages", "Kids" => vec![page.into()], "Count" => 1 });
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => pages });
    document.trailer.set("Root", catalog);
    document
}

/// A document that shows `AB` in an embedded TrueType font with the Latin alphabet; `A` is 500 wide and `B` 600.
pub(super) fn latin(content: &str) -> Document {
    let font = dictionary! {
        "Type" => "Font", "Subtype" => "TrueType", "BaseFont" => "Test", "Encoding" => "WinAnsiEncoding",
        "FirstChar" => 65, "LastChar" => 66, "Widths" => vec![500.into(), 600.into()], "FontDescriptor" => DESCRIPTOR,
    };
    let mut document = document(font, content);
    embed(&mut document, "FontFile2", &truetype(&[(3, 1, 65)]), 32);
    document
}

/// The same with a font that has signs of its own.
pub(super) fn symbols(content: &str, maps: &[(u16, u16, u16)]) -> Document {
    let mut document = latin(content);
    edit(&mut document, FONT, |font| {
        font.remove(b"Encoding");
    });
    embed(&mut document, "FontFile2", &truetype(maps), 4);
    document
}

/// A document that shows the CIDs 1 and 2 in an embedded composite font with TrueType glyphs.
pub(super) fn composite(content: &str) -> Document {
    let font = dictionary! {
        "Type" => "Font", "Subtype" => "Type0", "BaseFont" => "ABCDEF+Test", "Encoding" => "Identity-H",
        "DescendantFonts" => vec![DESCENDANT.into()],
    };
    let mut document = document(font, content);
    let info = collection("Adobe", "Identity", 0);
    let descendant = dictionary! {
        "Type" => "Font", "Subtype" => "CIDFontType2", "BaseFont" => "ABCDEF+Test", "CIDSystemInfo" => info,
        "CIDToGIDMap" => "Identity", "FontDescriptor" => DESCRIPTOR,
        "W" => vec![1.into(), vec![500.into(), 600.into()].into()],
    };
    document.objects.insert(DESCENDANT, descendant.into());
    embed(&mut document, "FontFile2", &truetype(&[(3, 1, 65)]), 4);
    document
}

/// A document that shows `AB` in an embedded Type 1 subset.
pub(super) fn type1(content: &str) -> Document {
    let mut document = latin(content);
    edit(&mut document, FONT, |font| {
        font.set("Subtype", "Type1");
        font.set("BaseFont", "ABCDEF+Test");
    });
    embed(&mut document, "FontFile", &type1_program(), 32);
    document
}

/// A document that shows `AB` in a Type 3 font.
pub(super) fn type3(content: &str) -> Document {
    let encoding = dictionary! { "Differences" => vec![65.into(), "A".into(), "B".into()] };
    let font = dictionary! {
        "Type" => "Font", "Subtype" => "Type3", "Encoding" => encoding, "FirstChar" => 65, "LastChar" => 66,
        "Widths" => vec![500.into(), 600.into()], "FontMatrix" => vec![0.001.into(), 0.into()],
    };
    let mut document = document(font, content);
    let mut glyph = |width: u16| {
        document.add_object(Stream::new(Dictionary::new(), format!("{width} 0 d0 0 0 10 10 re f").into_bytes()))
    };
    let glyphs = dictionary! { "A" => glyph(500), "B" => glyph(600) };
    edit(&mut document, FONT, |font| font.set("CharProcs", glyphs));
    document
}

/// The dictionary of a character collection.
pub(super) fn collection(registry: &str, ordering: &str, supplement: i64) -> Dictionary {
    dictionary! {
        "Registry" => Object::string_literal(registry), "Ordering" => Object::string_literal(ordering),
        "Supplement" => supplement,
    }
}

/// Puts a program into a document.
pub(super) fn embed(document: &mut Document, key: &str, program: &[u8], flags: i64) {
    document.objects.insert(PROGRAM, Stream::new(Dictionary::new(), program.to_vec()).into());
    let mut descriptor = dictionary! { "Type" => "FontDescriptor", "Flags" => flags };
    descriptor.set(key, PROGRAM);
    document.objects.insert(DESCRIPTOR, descriptor.into());
}

/// Changes a dictionary of a document.
pub(super) fn edit(document: &mut Document, id: ObjectId, change: impl FnOnce(&mut Dictionary)) {
    change(document.get_dictionary_mut(id).unwrap());
}

/// A stream of a document under an entry of a dictionary.
pub(super) fn attach(document: &mut Document, id: ObjectId, key: &str, held: Dictionary, content: &[u8]) {
    let stream = document.add_object(Stream::new(held, content.to_vec()));
    edit(document, id, |holder| holder.set(key, stream));
}

/// A list of glyph names.
pub(super) fn text(text: &str) -> Object {
    Object::String(text.as_bytes().to_vec(), StringFormat::Literal)
}

/// The rules of this chapter that a document breaks.
pub(super) fn broken(document: &Document, flavour: Flavour) -> Vec<&'static str> {
    let subject = Subject::new(b"", 0, document, flavour);
    RULES.iter().filter_map(|rule| rule.run(&subject)).map(|failure| failure.rule).collect()
}

/// A TrueType program with three glyphs, 0, 500 and 600 wide, and maps by platform, encoding and first code.
pub(super) fn truetype(maps: &[(u16, u16, u16)]) -> Vec<u8> {
    let words = |words: &[u16]| words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<u8>>();
    let mut head = vec![0; 54];
    head[18..20].copy_from_slice(&1000_u16.to_be_bytes());
    let mut hhea = vec![0; 36];
    hhea[34..36].copy_from_slice(&3_u16.to_be_bytes());
    let count = u16::try_from(maps.len()).unwrap();
    let mut cmap = words(&[0, count]);
    for (index, (platform, encoding, _)) in (0..).zip(maps) {
        cmap.extend(words(&[*platform, *encoding, 0, 4 + count * 8 + index * 14]));
    }
    for (.., first) in maps {
        cmap.extend(words(&[6, 14, 0, *first, 2, 1, 2]));
    }
    let tables = [
        (b"cmap", cmap),
        (b"head", head),
        (b"hhea", hhea),
        (b"hmtx", words(&[0, 0, 500, 0, 600, 0])),
        (b"maxp", words(&[0, 0x5000, 3])),
    ];
    let mut program = words(&[0, 1, 5, 0, 0, 0]);
    let mut offset = 12 + 5 * 16;
    for (tag, table) in &tables {
        program.extend(*tag);
        let length = u16::try_from(table.len()).unwrap();
        program.extend(words(&[0, 0, 0, offset, 0, length]));
        offset += length;
    }
    program.extend(tables.into_iter().flat_map(|(_, table)| table));
    program
}

/// A Type 1 program with the glyphs `A`, 500 wide, and `B`, 600 wide.
fn type1_program() -> Vec<u8> {
    let encrypt = |bytes: &[u8], mut key: u16| {
        let mut encrypt = |byte: u8| {
            let cipher = byte ^ key.to_be_bytes()[0];
            key = (u16::from(cipher).wrapping_add(key)).wrapping_mul(52845).wrapping_add(22719);
            cipher
        };
        [0; 4].iter().chain(bytes).map(|byte| encrypt(*byte)).collect::<Vec<u8>>()
    };
    let mut private = b"dup /Private 8 dict dup begin /lenIV 4 def 2 index /CharStrings 3 dict dup begin\n".to_vec();
    // Each drawing states its side bearing and its width, and ends.
    for (name, width) in [(".notdef", [139, 139]), ("A", [248, 136]), ("B", [248, 236])] {
        let drawing = encrypt(&[&[139], width.as_slice(), &[13, 14]].concat(), 4330);
        private.extend(format!("/{name} {} RD ", drawing.len()).as_bytes());
        private.extend(drawing);
        private.extend(b" ND\n");
    }
    private.extend(
        b"end end readonly put noaccess put dup /FontName get exch definefont pop mark currentfile closefile\n",
    );
    let mut program = b"%!PS-AdobeFont-1.0: Test\n11 dict begin\n/FontName /Test def\n/Encoding StandardEncoding def\n\
        /FontMatrix [0.001 0 0 0.001 0 0] readonly def\ncurrentdict end\ncurrentfile eexec\n"
        .to_vec();
    program.extend(encrypt(&private, 55665));
    program.extend(b"\n0000000000000000\ncleartomark\n");
    program
}
