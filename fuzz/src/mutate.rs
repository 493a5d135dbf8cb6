//! Changes a PDF so that it mostly stays one: tokens, objects, references and what streams unpack to, with a table of
//! objects that fits. Every other time libFuzzer changes bytes as it likes.

use std::{
    io::{Read as _, Write as _},
    ops::Range,
};

use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};
use libfuzzer_sys::fuzzer_mutate;
use memchr::memmem;

/// Most bytes of a stream that is unpacked to be changed.
const UNPACKED_BYTES_MAX: u64 = 1 << 20;

/// Numbers at which something ends, overflows or is counted from.
const NUMBERS: &str = "\
    0 -1 1 2 3 8 16 28 255 256 32767 32768 65535 65536 -2147483648 2147483647 2147483648 4294967296 \
    9223372036854775807 -9223372036854775808 99999999999999999999 0.5 -0.00000001 1e9 3.4e38 -. null true";

/// Words that other words may become.
const WORDS: &str = "\
    << >> [ ] null ( ) q Q BT ET Do Tf Tj gs scn BI ID EI sh BDC EMC d1 /Kids /Parent /Type /Pages /Page /Subtype \
    /Form /Image /Font /Type0 /Type3 /TrueType /CIDFontType0 /CIDFontType2 /Identity-H /Annots /AP /N /Widget /Link \
    /AcroForm /Fields /FT /Btn /A /AA /Next /S /JavaScript /GoTo /Names /EmbeddedFiles /EF /F /OCProperties /OCGs /D \
    /Order /StructTreeRoot /RoleMap /ParentTree /K /Metadata /OutputIntents /DestOutputProfile /Group /SMask \
    /ColorSpace /ICCBased /Separation /DeviceN /Indexed /Pattern /DeviceCMYK /Resources /XObject /Filter \
    /FlateDecode /LZWDecode /ASCIIHexDecode /ASCII85Decode /RunLengthDecode /JPXDecode /DCTDecode /CCITTFaxDecode \
    /Crypt /DecodeParms /Predictor /Columns /Widths /FirstChar /LastChar /W /DW /FontFile /FontFile2 /FontFile3 \
    /CIDToGIDMap /ToUnicode /Encoding /Differences /CharProcs /UseCMap /Length /ObjStm /Extends /XRef /Encrypt /Prev";

/// Numbers by chance, repeatable.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap_or(0) % end.max(1)
    }

    fn word_of(&mut self, all: &str) -> Vec<u8> {
        let place = self.below(all.split(' ').count());
        all.split(' ').nth(place).unwrap_or_default().as_bytes().to_vec()
    }
}

/// Changes the input in place and tells its new size. The first byte is the choice of what is done with the file.
pub fn mutate(data: &mut [u8], size: usize, size_max: usize, seed: u32) -> usize {
    let mut chance = Chance(u64::from(seed).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    if chance.below(3) == 0 || size < 32 {
        return fuzzer_mutate(data, size, size_max);
    }
    let mut file = data[1..size].to_vec();
    for _ in 0..=chance.below(4) {
        let changed = match chance.below(8) {
            0..4 => change_token(&mut file, &mut chance),
            4..6 => change_objects(&mut file, &mut chance),
            _ => change_stream(&mut file, &mut chance),
        };
        if changed.is_none() {
            change_token(&mut file, &mut chance);
        }
    }
    if chance.below(8) > 0 {
        write_table(&mut file);
    }
    if chance.below(16) == 0 {
        data[0] = data[0].wrapping_add(1);
    }
    if file.len() + 1 > size_max {
        return fuzzer_mutate(data, size, size_max);
    }
    data[1..=file.len()].copy_from_slice(&file);
    file.len() + 1
}

/// Replaces, removes, doubles or exchanges a token somewhere after a place taken by chance.
fn change_token(file: &mut Vec<u8>, chance: &mut Chance) -> Option<()> {
    let at = chance.below(file.len());
    let token = token_after(file, at)?;
    let kind = file[token.start];
    let word = match chance.below(10) {
        0 => Vec::new(),
        1 => [&file[token.clone()], b" ", &file[token.clone()]].concat(),
        2..4 => {
            let other = chance.below(file.len());
            file[token_after(file, other)?].to_vec()
        }
        4 => chance.word_of(WORDS),
        _ if kind == b'/' => chance.word_of(WORDS),
        _ if kind.is_ascii_digit() && chance.below(2) == 0 => format!("{}", chance.below(40)).into_bytes(),
        _ if kind.is_ascii_digit() || kind == b'-' => chance.word_of(NUMBERS),
        _ => chance.word_of(WORDS),
    };
    file.splice(token, word);
    Some(())
}

/// The first token that begins after a place.
fn token_after(file: &[u8], at: usize) -> Option<Range<usize>> {
    let is_end = |byte: &u8| byte.is_ascii_whitespace() || b"/[]<>()".contains(byte);
    let begin = at + file[at..].iter().position(|byte| is_end(byte))?;
    let start = begin + file[begin..].iter().position(|byte| !byte.is_ascii_whitespace())?;
    let end = file[start + 1..].iter().position(|byte| is_end(byte)).map_or(file.len(), |length| start + 1 + length);
    Some(start..end)
}

/// The objects that stand in the file by themselves: number, and from their number to the end.
fn objects(file: &[u8]) -> Vec<(u32, Range<usize>)> {
    let mut found = Vec::new();
    for at in memmem::find_iter(file, b" 0 obj") {
        let digits = file[..at].iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let number = std::str::from_utf8(&file[at - digits..at]).ok().and_then(|digits| digits.parse().ok());
        let end = memmem::find(&file[at..], b"endobj").map(|length| at + length + 6);
        if let (Some(number), Some(end)) = (number, end) {
            found.push((number, at - digits..end));
        }
    }
    found
}

/// Removes or doubles an object, or gives it the content of another.
fn change_objects(file: &mut Vec<u8>, chance: &mut Chance) -> Option<()> {
    let all = objects(file);
    let (number, one) = all.get(chance.below(all.len()))?.clone();
    let (_, other) = all.get(chance.below(all.len()))?.clone();
    let text = file[other.clone()].to_vec();
    let body = &text[memmem::find(&text, b" 0 obj")?..];
    let twin = [format!("{number}").as_bytes(), body].concat();
    match chance.below(4) {
        0 => drop(file.drain(one)),
        1 => drop(file.splice(one.end..one.end, [&b"\n"[..], &twin].concat())),
        _ => drop(file.splice(one, twin)),
    }
    Some(())
}

/// Unpacks a stream, changes what it holds, and packs it again.
fn change_stream(file: &mut Vec<u8>, chance: &mut Chance) -> Option<()> {
    let all = objects(file);
    let (_, object) = all.get(chance.below(all.len()))?.clone();
    let keyword = object.start + memmem::find(&file[object.clone()], b"stream")?;
    let start = keyword + 6 + file[keyword + 6..].iter().take(2).take_while(|byte| b"\r\n".contains(byte)).count();
    let end = start + memmem::find(&file[start..object.end], b"endstream")?;
    let is_packed = memmem::find(&file[object.start..keyword], b"FlateDecode").is_some();
    let mut held = Vec::new();
    if is_packed {
        // What comes before damage counts, too.
        let _ = ZlibDecoder::new(&file[start..end]).take(UNPACKED_BYTES_MAX).read_to_end(&mut held);
    } else {
        held.extend_from_slice(&file[start..end]);
    }
    if held.is_empty() || chance.below(2) == 0 {
        let length = held.len();
        held.resize(length + 64, 0);
        let length = fuzzer_mutate(&mut held, length, length + 64);
        held.truncate(length);
    } else {
        for _ in 0..=chance.below(3) {
            change_token(&mut held, chance)?;
        }
    }
    if is_packed {
        let mut packer = ZlibEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(&held).ok()?;
        held = packer.finish().ok()?;
    }
    let length = held.len();
    held.push(b'\n');
    file.splice(start..end, held);
    let entry = object.start + memmem::find(&file[object.start..keyword], b"/Length ")? + 8;
    let digits = file[entry..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !file[entry + digits..].starts_with(b" 0 R") {
        file.splice(entry..entry + digits, format!("{length}").into_bytes());
    }
    Some(())
}

/// Writes the table of objects anew, where there is one of plain text with a trailer.
fn write_table(file: &mut Vec<u8>) -> Option<()> {
    let start = memmem::rfind(file, b"trailer")?;
    let length = memmem::find(&file[start..], b"startxref")?;
    let trailer = file[start..start + length].to_vec();
    let table = memmem::rfind(&file[..start], b"xref")?;
    file.truncate(table);
    let mut text = b"xref\n0 1\n0000000000 65535 f \n".to_vec();
    for (number, place) in objects(file) {
        write!(text, "{number} 1\n{:010} 00000 n \n", place.start).ok()?;
    }
    text.extend_from_slice(&trailer);
    write!(text, "startxref\n{table}\n%%EOF\n").ok()?;
    file.extend_from_slice(&text);
    Some(())
}
