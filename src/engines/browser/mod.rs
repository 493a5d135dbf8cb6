//! Web pages by Chromium, which is warm and sees each page in a context of its own.
//!
//! ```text
//! worker [pool] ──start──► this program [launch] ─► cage ─► Chromium ─► its processes, in a sandbox of their own
//!    └─lend the browser's pipes─► host in its cage: [`serve`](super::serve) ─► [site] | [mhtml] ─► [page] ──[cdp]──► Chromium
//! ```
//!
//! 1. A browser serves one document at a time. After each that went as it should, the browser goes back to the pool; after
//!    anything else it is killed. So a document costs no other one anything.
//! 2. What a page asks for is answered from memory, or refused. It could not go anywhere: no process of the browser may make
//!    a socket, and its network is empty where the kernel gives it one of its own.
//! 3. The host speaks to the browser, and not the worker: what comes back was made from a document.
//! 4. Scripts are off unless a profile asks for them.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{Error, settings::Html};
use crate::domain::{Event, EventCode, Format};

pub mod launch;

mod cdp;
mod mhtml;
mod page;
mod pool;
mod site;

pub(super) use pool::Pool;
pub use pool::{Probe, probe};

use cdp::{CdpError, Connection};
use page::{Closed, Page, PageError};
use site::{ORIGIN, Site};

/// Most refused addresses that the client is told; the first ones say enough.
const REFUSED_TOLD_MAX: usize = 10;
/// Characters of an address that the client is told.
const ADDRESS_CHARS_MAX: usize = 100;

/// A browser that this process may use for one document.
#[derive(Debug)]
pub struct Browser(Connection);

/// What became of a page, and whether the browser can be used for another.
pub struct Printed {
    /// The PDF and what happened, or why there is none.
    pub pdf: Result<(Vec<u8>, Vec<Event>), Error>,
    /// The version, if the browser told it after all was done; then it is in order.
    pub version: Option<String>,
}

impl Browser {
    /// Takes the browser whose pipes this process was started with. To be called before the cage is closed.
    ///
    /// # Errors
    /// When there is none.
    pub fn inherited() -> std::io::Result<Self> {
        Connection::inherited().map(Self)
    }

    /// Turns a web page or a web archive into a PDF.
    pub fn to_pdf(&mut self, bytes: Vec<u8>, format: Format, media_type: Option<&str>, settings: &Html) -> Printed {
        let site = if format == Format::Mhtml { mhtml::read(&bytes) } else { Ok(Site::of_page(bytes, media_type)) };
        let pdf = site.and_then(|site| {
            self.print(&site, settings).map_err(|error| match error {
                PageError::Page(error) => error,
                PageError::Browser(error) => broken(&error),
            })
        });
        Printed { pdf, version: self.version().ok() }
    }

    fn print(&mut self, site: &Site, settings: &Html) -> Result<(Vec<u8>, Vec<Event>), PageError> {
        let mut page = Page::open(&mut self.0, site, settings)?;
        let printed = page.show().and_then(|()| page.print());
        let Closed { refused, fit } = page.close()?;
        Ok((printed?, told(&refused).into_iter().chain(shrunk(fit)).collect()))
    }

    /// The version of the browser, when there is nothing else that it has to say.
    fn version(&mut self) -> Result<String, CdpError> {
        let call = self.0.send(None, "Browser.getVersion", &json!({}))?;
        loop {
            let message = self.0.receive()?;
            if message.id == Some(call) {
                let answer = message.into_answer("Browser.getVersion")?;
                let product = answer.get("product").and_then(Value::as_str).unwrap_or_default();
                let version = version_of(product);
                return if self.0.is_quiet() {
                    Ok(version)
                } else {
                    Err(CdpError::Gone(std::io::ErrorKind::InvalidData.into()))
                };
            }
        }
    }
}

/// The version in the name of a product, as in `HeadlessChrome/156.0.1.2`.
fn version_of(product: &str) -> String {
    product.rsplit('/').next().unwrap_or_default().to_owned()
}

fn broken(error: &CdpError) -> Error {
    Error::Internal {
        doing: "have the browser convert it".to_owned(),
        source: Some(std::io::Error::other(crate::log::ErrorChain(error).to_string())),
    }
}

/// Says what was not loaded.
fn told(refused: &[String]) -> Option<Event> {
    let shown = |address: &String| {
        let address = address.strip_prefix(ORIGIN).unwrap_or(address);
        let mut shown: String = address.chars().take(ADDRESS_CHARS_MAX).collect();
        if shown.len() < address.len() {
            shown.push('…');
        }
        format!("'{shown}'")
    };
    let names: Vec<_> = refused.iter().take(REFUSED_TOLD_MAX).map(shown).collect();
    let rest = match refused.len().saturating_sub(REFUSED_TOLD_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (!names.is_empty()).then(|| {
        let message =
            format!("The page asks for what does not come with it; it was not loaded: {}{rest}.", names.join(", "));
        Event::warning(EventCode::ExternalResourceUnavailable, message)
    })
}

/// Says by how much a page was made smaller.
fn shrunk(fit: f64) -> Option<Event> {
    (fit < 1.0).then(|| {
        let message = format!("The page is wider than the paper; it was made smaller, to {:.0} %.", fit * 100.0);
        Event::info(EventCode::ContentOverflow, message)
    })
}

/// Looks for Chromium where it usually is. A script that starts it is passed over, as it could start anything.
pub fn find(candidates: &[PathBuf]) -> Option<PathBuf> {
    candidates.iter().find_map(|candidate| {
        let real = candidate.canonicalize().ok()?;
        is_program(&real).then_some(real)
    })
}

/// Whether a file is a program of its own.
fn is_program(file: &Path) -> bool {
    let mut magic = [0; 4];
    std::fs::File::open(file).and_then(|mut file| std::io::Read::read_exact(&mut file, &mut magic)).is_ok()
        && magic == *b"\x7fELF"
}
