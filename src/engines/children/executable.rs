//! Tells programs from documents.

/// Extensions by which systems run a file or hand it to something that runs it.
const EXTENSIONS: &[&str] = &[
    "apk", "app", "bat", "cmd", "com", "cpl", "deb", "dll", "dmg", "exe", "hta", "iso", "jar", "js", "jse", "lnk",
    "msc", "msi", "msp", "pif", "pkg", "ps1", "reg", "rpm", "run", "scr", "sh", "sys", "vb", "vbe", "vbs", "wsc",
    "wsf", "wsh",
];

/// First bytes of programs: of Linux, of macOS, of Java, of a script.
const MARKS: &[&[u8]] = &[b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"#!/"];

/// Whether a file is a program by its name or by its content.
pub(super) fn is_executable(name: &str, bytes: &[u8]) -> bool {
    let extension =
        name.trim_end_matches(['.', ' ']).rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    extension.is_some_and(|extension| EXTENSIONS.contains(&extension.as_str()))
        || is_of_windows(bytes)
        || MARKS.iter().any(|mark| bytes.starts_with(mark))
}

/// A program of Windows begins as one of DOS, which says where the rest of it stands.
fn is_of_windows(bytes: &[u8]) -> bool {
    const REST_AT: usize = 0x3c;
    let at = bytes.get(REST_AT..).and_then(|rest| rest.first_chunk()).map(|at| u32::from_le_bytes(*at));
    let rest = at.and_then(|at| usize::try_from(at).ok()).and_then(|at| bytes.get(at..));
    let marks: &[&[u8]] = &[b"PE\0\0", b"NE", b"LE", b"LX"];
    bytes.starts_with(b"MZ") && rest.is_some_and(|rest| marks.iter().any(|mark| rest.starts_with(mark)))
}

#[cfg(test)]
mod tests {
    use super::is_executable;

    #[test]
    fn programs_are_known_by_name_and_by_content() {
        assert!(is_executable("setup.EXE", b"text"));
        assert!(is_executable("invoice.pdf.js ", b"alert(1)"));
        let mut program = vec![0; 0x100];
        program[..2].copy_from_slice(b"MZ");
        program[0x3c] = 0x80;
        program[0x80..0x84].copy_from_slice(b"PE\0\0");
        assert!(is_executable("photo.jpg", &program));
        assert!(is_executable("notes.txt", b"\x7fELF\x02") && is_executable("notes", b"#!/bin/sh"));
        assert!(!is_executable("a.txt", b"MZ is also how a text may begin, and so may others that are long enough."));
    }
}
