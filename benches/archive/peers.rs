//! Ghostscript and `OCRmyPDF`, as their users start them for PDF/A.

use std::path::{Path, PathBuf};

use tokio::process::Command;

/// A program that makes PDF/A.
#[derive(Clone, Copy)]
pub(crate) enum Program {
    Ghostscript,
    OcrMyPdf,
}

/// The programs and what they need.
pub(crate) struct Peers {
    definition: PathBuf,
    part: u8,
}

/// What tells Ghostscript of the output intent.
const DEFINITION: &str = "%!
[ /_objdef {icc_PDFA} /type /stream /OBJ pdfmark
[ {icc_PDFA} << /N 3 >> /PUT pdfmark
[ {icc_PDFA} (PROFILE) (r) file /PUT pdfmark
[ /_objdef {OutputIntent_PDFA} /type /dict /OBJ pdfmark
[ {OutputIntent_PDFA} << /Type /OutputIntent /S /GTS_PDFA1 /DestOutputProfile {icc_PDFA} /OutputConditionIdentifier (sRGB) >> /PUT pdfmark
[ {Catalog} << /OutputIntents [ {OutputIntent_PDFA} ] >> /PUT pdfmark
";

#[expect(clippy::disallowed_methods, reason = "the benchmark starts the programs that it measures")]
fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    command.kill_on_drop(true).process_group(0);
    command
}

impl Peers {
    pub(crate) fn new(folder: &Path, part: u8) -> Self {
        let profile = folder.join("srgb.icc");
        std::fs::write(&profile, include_bytes!("../../src/pdf/profiles/sRGB-v2-magic.icc"))
            .expect("a file can be written");
        let definition = folder.join("PDFA_definition.ps");
        std::fs::write(&definition, DEFINITION.replace("PROFILE", &profile.to_string_lossy()))
            .expect("a file can be written");
        Self { definition, part }
    }

    /// Makes PDF/A of a PDF; says whether there is a file in the end.
    pub(crate) async fn archive(&self, program: Program, file: &Path, output: &Path) -> bool {
        if output.exists() {
            std::fs::remove_file(output).expect("an old result can be removed");
        }
        let mut command = match program {
            Program::Ghostscript => {
                let mut gs = command("gs");
                let folder = self.definition.parent().unwrap_or(Path::new("/"));
                gs.arg("-q").arg(format!("-dPDFA={}", self.part));
                gs.args(["-dBATCH", "-dNOPAUSE", "-dSAFER", "-sColorConversionStrategy=RGB", "-sDEVICE=pdfwrite"]);
                gs.arg("-dPDFACompatibilityPolicy=1").arg(format!("--permit-file-read={}/", folder.display()));
                gs.arg(format!("-sOutputFile={}", output.display())).arg(&self.definition).arg(file);
                gs
            }
            Program::OcrMyPdf => {
                let mut ocr = command("ocrmypdf");
                ocr.args(["--quiet", "--skip-text", "--output-type"]).arg(format!("pdfa-{}", self.part));
                ocr.arg(file).arg(output);
                ocr
            }
        };
        let ended = tokio::time::timeout(std::time::Duration::from_secs(300), command.status()).await;
        matches!(ended, Ok(Ok(_))) && output.metadata().is_ok_and(|made| made.len() > 0)
    }
}
