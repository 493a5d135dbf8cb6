//! Which installed font takes the place of which missing one.

/// What stands in for a missing font.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choice {
    /// Font files to take glyphs from, best first.
    pub(super) files: Vec<String>,
    /// A name for messages.
    pub(super) family: &'static str,
    /// Whether every glyph is as wide as in the missing font.
    pub(super) is_compatible: bool,
    /// Whether it has serifs.
    pub(super) is_serif: bool,
    /// Whether it is bold.
    pub(super) is_bold: bool,
    /// For Symbol and `ZapfDingbats`, which have an encoding of their own: the file with it.
    pub(super) symbolic: Option<&'static str>,
}

/// A family: what its name contains, what it is replaced by, whether the widths are the same.
struct Family {
    names: &'static [&'static str],
    stand_in: StandIn,
    is_compatible: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum StandIn {
    Sans,
    SansNarrow,
    Serif,
    Mono,
    Carlito,
    Caladea,
    DejaVu,
}

/// In the order of trying: a longer name before a shorter one that it contains.
const FAMILIES: [Family; 8] = [
    Family {
        names: &["arialnarrow", "helveticanarrow", "helveticacondensed"],
        stand_in: StandIn::SansNarrow,
        is_compatible: true,
    },
    Family {
        names: &["arial", "helvetica", "liberationsans", "nimbussans"],
        stand_in: StandIn::Sans,
        is_compatible: true,
    },
    Family {
        names: &["timesnewroman", "times", "liberationserif", "nimbusrom"],
        stand_in: StandIn::Serif,
        is_compatible: true,
    },
    Family { names: &["courier", "liberationmono", "nimbusmono"], stand_in: StandIn::Mono, is_compatible: true },
    Family { names: &["calibri", "carlito"], stand_in: StandIn::Carlito, is_compatible: true },
    Family { names: &["cambria", "caladea"], stand_in: StandIn::Caladea, is_compatible: true },
    Family { names: &["verdana", "dejavusans", "bitstreamvera"], stand_in: StandIn::DejaVu, is_compatible: false },
    Family {
        names: &["mono", "consol", "typewriter", "fixed", "terminal", "cmtt"],
        stand_in: StandIn::Mono,
        is_compatible: false,
    },
];

/// Parts of names of fonts with serifs.
const SERIFS: [&str; 24] = [
    "serif",
    "roman",
    "georgia",
    "garamond",
    "palatino",
    "book",
    "cmr",
    "minion",
    "century",
    "bodoni",
    "baskerville",
    "caslon",
    "charter",
    "utopia",
    "song",
    "sung",
    "ming",
    "mincho",
    "ryumin",
    "batang",
    "myungjo",
    "myeongjo",
    "simsun",
    "kaiti",
];

/// Descriptor flags.
const FIXED_PITCH: i64 = 1;
const SERIF: i64 = 2;
const ITALIC: i64 = 1 << 6;
const FORCE_BOLD: i64 = 1 << 18;

/// Chooses by name, and by the descriptor's flags when the name says nothing.
pub(super) fn choose(base_font: &str, flags: i64) -> Choice {
    let name = base_font.split_once('+').map_or(base_font, |(_, name)| name);
    let name: String = name.to_lowercase().chars().filter(|each| each.is_ascii_alphanumeric()).collect();
    if let Some(symbolic) = symbolic(&name) {
        let family = if symbolic.starts_with('S') { "Standard Symbols PS" } else { "D050000L" };
        return Choice {
            files: Vec::new(),
            family,
            is_compatible: true,
            is_serif: false,
            is_bold: false,
            symbolic: Some(symbolic),
        };
    }
    let is_bold = ["bold", "black", "heavy", "demi"].iter().any(|word| name.contains(word)) || flags & FORCE_BOLD != 0;
    let is_italic = ["italic", "oblique", "slanted"].iter().any(|word| name.contains(word)) || flags & ITALIC != 0;
    let known = FAMILIES.iter().find(|family| family.names.iter().any(|each| name.contains(each)));
    let (stand_in, is_compatible) = match known {
        Some(family) => (family.stand_in, family.is_compatible),
        None if flags & FIXED_PITCH != 0 => (StandIn::Mono, false),
        None if !name.contains("sans") && SERIFS.iter().any(|word| name.contains(word)) || flags & SERIF != 0 => {
            (StandIn::Serif, false)
        }
        None => (StandIn::Sans, false),
    };
    let (family, file) = files(stand_in, is_bold, is_italic);
    let (_, spare) = files(StandIn::DejaVu, is_bold, is_italic);
    Choice {
        files: vec![file, spare, "DejaVuSans.ttf".to_owned()],
        family,
        is_compatible,
        is_serif: matches!(stand_in, StandIn::Serif | StandIn::Caladea),
        is_bold,
        symbolic: None,
    }
}

fn symbolic(name: &str) -> Option<&'static str> {
    if name.contains("dingbat") {
        Some("D050000L.otf")
    } else if name.starts_with("symbol") || name.starts_with("standardsymbols") {
        Some("StandardSymbolsPS.otf")
    } else {
        None
    }
}

fn files(stand_in: StandIn, is_bold: bool, is_italic: bool) -> (&'static str, String) {
    let style = match (is_bold, is_italic) {
        (true, true) => "BoldItalic",
        (true, false) => "Bold",
        (false, true) => "Italic",
        (false, false) => "Regular",
    };
    let (family, stem) = match stand_in {
        StandIn::Sans => ("Liberation Sans", "LiberationSans"),
        StandIn::SansNarrow => ("Liberation Sans Narrow", "LiberationSansNarrow"),
        StandIn::Serif => ("Liberation Serif", "LiberationSerif"),
        StandIn::Mono => ("Liberation Mono", "LiberationMono"),
        StandIn::Carlito => ("Carlito", "Carlito"),
        StandIn::Caladea => ("Caladea", "Caladea"),
        StandIn::DejaVu => {
            let style = match (is_bold, is_italic) {
                (true, true) => "-BoldOblique",
                (true, false) => "-Bold",
                (false, true) => "-Oblique",
                (false, false) => "",
            };
            return ("DejaVu Sans", format!("DejaVuSans{style}.ttf"));
        }
    };
    (family, format!("{stem}-{style}.ttf"))
}
