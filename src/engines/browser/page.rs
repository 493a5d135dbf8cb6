//! One page in a context of its own: shown, with everything that it asks for answered from memory or refused, and printed.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::{
    cdp::{CdpError, Connection, Message},
    site::Site,
};
use crate::{
    domain::limits,
    engines::{Error, settings::Html},
};

/// Bytes of the PDF that are fetched at once.
const PIECE_BYTES: usize = 1 << 20;
/// Millimetres of an inch, the unit of the protocol.
const INCH: f64 = 25.4;
/// The smallest scale of the protocol.
const SCALE_MIN: f64 = 0.1;
/// How Chromium begins what it says of a file that a page may not have.
const NOT_ALLOWED: &str = "Not allowed to load local resource: ";
/// Addresses that are kept.
const REFUSED_MAX: usize = 1000;
/// A line above or below the page that shows nothing; without one, Chromium prints the date and the title.
const NO_LINE: &str = "<span></span>";

/// A page of a browser.
pub(super) struct Page<'a> {
    connection: &'a mut Connection,
    site: &'a Site,
    settings: &'a Html,
    context: String,
    session: String,
    /// What the page says when it is there.
    awaited: &'static str,
    /// Documents that said so, by the identifier that showing one gives.
    there: Vec<String>,
    /// Whether the process that shows it has ended.
    is_lost: bool,
    refused: Vec<String>,
    /// By how much it is made smaller to fit on the paper.
    fit: f64,
}

/// What a page had besides what was printed.
pub(super) struct Closed {
    /// Addresses of what it did not get, each once.
    pub(super) refused: Vec<String>,
    /// By how much it was made smaller; 1 for not at all.
    pub(super) fit: f64,
}

/// Why there is no PDF.
pub(super) enum PageError {
    /// The browser does not answer any more.
    Browser(CdpError),
    /// The page cannot be shown or printed.
    Page(Error),
}

impl From<CdpError> for PageError {
    fn from(error: CdpError) -> Self {
        Self::Browser(error)
    }
}

impl<'a> Page<'a> {
    /// Makes a context that shares nothing with any other, and an empty page in it.
    pub(super) fn open(connection: &'a mut Connection, site: &'a Site, settings: &'a Html) -> Result<Self, CdpError> {
        // Scripts go on after the page has been loaded, until nothing is asked for any more.
        let awaited = if settings.scripts { "networkIdle" } else { "load" };
        let (context, session) = (String::new(), String::new());
        let mut page = Self {
            connection,
            site,
            settings,
            context,
            session,
            awaited,
            there: Vec::new(),
            is_lost: false,
            refused: Vec::new(),
            fit: 1.0,
        };
        let context = json!({ "disposeOnDetach": true });
        page.context = page.text("Target.createBrowserContext", &context, "browserContextId")?;
        let download = json!({ "behavior": "deny", "browserContextId": page.context });
        page.call("Browser.setDownloadBehavior", &download)?;
        let blank = json!({ "url": "about:blank", "browserContextId": page.context });
        let target = page.text("Target.createTarget", &blank, "targetId")?;
        let attached = json!({ "targetId": target, "flatten": true });
        page.session = page.text("Target.attachToTarget", &attached, "sessionId")?;
        page.call("Page.enable", &json!({}))?;
        page.call("Page.setLifecycleEventsEnabled", &json!({ "enabled": true }))?;
        page.call("Inspector.enable", &json!({}))?;
        page.call("Log.enable", &json!({}))?;
        page.call("Emulation.setEmulatedMedia", &json!({ "media": "print" }))?;
        let [width, height] = sheet(settings).map(f64::round);
        let paper = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        page.call("Emulation.setDeviceMetricsOverride", &paper)?;
        let session = page.session.clone();
        page.prepare(&session)?;
        Ok(page)
    }

    /// Sets up a page, or a frame that has a process of its own.
    fn prepare(&mut self, session: &str) -> Result<(), CdpError> {
        let off = json!({ "value": !self.settings.scripts });
        self.connection.send(Some(session), "Emulation.setScriptExecutionDisabled", &off)?;
        self.connection.send(Some(session), "Fetch.enable", &json!({ "patterns": [{ "urlPattern": "*" }] }))?;
        let attach = json!({ "autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true });
        self.connection.send(Some(session), "Target.setAutoAttach", &attach)?;
        Ok(())
    }

    /// Shows the site, as far as it is there.
    pub(super) fn show(&mut self) -> Result<(), PageError> {
        let answer = self.call("Page.navigate", &json!({ "url": self.site.address }))?;
        if let Some(error) = answer.get("errorText").and_then(Value::as_str) {
            return Err(PageError::Page(Error::Corrupt { what: format!("Chromium cannot show it ({error})") }));
        }
        let loader = answer.get("loaderId").and_then(Value::as_str).unwrap_or_default();
        while !self.is_lost && !self.there.iter().any(|there| there == loader) {
            let message = self.connection.receive()?;
            self.hear(&message)?;
        }
        self.check()?;
        if self.settings.fit_width && !self.site.sets_paper() {
            let metrics = self.call("Page.getLayoutMetrics", &json!({}))?;
            let width = metrics.pointer("/cssContentSize/width").and_then(Value::as_f64).unwrap_or_default();
            let [paper, _] = sheet(self.settings);
            // The last pixel may be one that is only begun.
            if width > paper + 1.0 {
                self.fit = paper / width;
            }
        }
        Ok(())
    }

    /// Prints what is shown.
    pub(super) fn print(&mut self) -> Result<Vec<u8>, PageError> {
        let printed = match self.call("Page.printToPDF", &print_settings(self.settings, self.fit)) {
            Ok(printed) => printed,
            Err(CdpError::Refused { message, .. }) => {
                self.check()?;
                return Err(PageError::Page(Error::Corrupt { what: format!("Chromium cannot print it ({message})") }));
            }
            Err(error) => return Err(error.into()),
        };
        let stream = printed.get("stream").cloned().unwrap_or_default();
        let mut pdf = Vec::new();
        loop {
            let piece = self.call("IO.read", &json!({ "handle": stream, "size": PIECE_BYTES }))?;
            let data = piece.get("data").and_then(Value::as_str).unwrap_or_default();
            match piece.get("base64Encoded").and_then(Value::as_bool) {
                Some(true) => pdf.extend(BASE64_STANDARD.decode(data).map_err(|error| gone(&error))?),
                Some(false) | None => pdf.extend(data.as_bytes()),
            }
            if pdf.len() as u64 > limits::ENGINE_FILE_BYTES_MAX {
                let max = limits::ENGINE_FILE_BYTES_MAX >> 20;
                return Err(PageError::Page(Error::Limit { which: format!("more than {max} MiB as a PDF") }));
            }
            if piece.get("eof").and_then(Value::as_bool) != Some(false) {
                return Ok(pdf);
            }
        }
    }

    /// Ends the context with all that is in it.
    pub(super) fn close(mut self) -> Result<Closed, CdpError> {
        let context = json!({ "browserContextId": self.context });
        self.call_at(None, "Target.disposeBrowserContext", &context)?;
        Ok(Closed { refused: self.refused, fit: self.fit })
    }

    fn check(&self) -> Result<(), PageError> {
        if self.is_lost {
            let what = "Chromium breaks down over it, or it needs more memory than there is".to_owned();
            return Err(PageError::Page(Error::Corrupt { what }));
        }
        Ok(())
    }

    fn text(&mut self, method: &'static str, params: &Value, field: &str) -> Result<String, CdpError> {
        let answer = self.call_at(None, method, params)?;
        answer.get(field).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| gone(&field))
    }

    /// Calls the page, or the browser as long as there is no page.
    fn call(&mut self, method: &'static str, params: &Value) -> Result<Value, CdpError> {
        let session = (!self.session.is_empty() && !method.starts_with("Browser.")).then(|| self.session.clone());
        self.call_at(session.as_deref(), method, params)
    }

    fn call_at(&mut self, session: Option<&str>, method: &'static str, params: &Value) -> Result<Value, CdpError> {
        let call = self.connection.send(session, method, params)?;
        loop {
            let message = self.connection.receive()?;
            if message.id == Some(call) {
                return message.into_answer(method);
            }
            self.hear(&message)?;
            if self.is_lost && session.is_some() {
                return Err(CdpError::Refused { method, message: "the page is gone".to_owned() });
            }
        }
    }

    /// Reacts to what has happened.
    fn hear(&mut self, message: &Message) -> Result<(), CdpError> {
        let session = message.session.as_deref().unwrap_or_default();
        let field = |name: &str| message.params.get(name).and_then(Value::as_str).unwrap_or_default();
        let here = session == self.session;
        match message.method.as_str() {
            "Fetch.requestPaused" => self.answer(session, &message.params)?,
            "Page.lifecycleEvent" if here && field("name") == self.awaited => {
                self.there.push(field("loaderId").to_owned())
            }
            // Files are refused by the browser itself, before they are asked for.
            "Log.entryAdded" => {
                let said = message.params.pointer("/entry/text").and_then(Value::as_str).unwrap_or_default();
                if let Some(address) = said.strip_prefix(NOT_ALLOWED) {
                    self.refuse(address);
                }
            }
            "Page.javascriptDialogOpening" => {
                self.connection.send(Some(session), "Page.handleJavaScriptDialog", &json!({ "accept": true }))?;
            }
            "Inspector.targetCrashed" if here => self.is_lost = true,
            "Inspector.detached" if here => self.is_lost = true,
            "Target.attachedToTarget"
                if message.params.pointer("/targetInfo/type").and_then(Value::as_str) == Some("iframe") =>
            {
                let frame = field("sessionId").to_owned();
                self.prepare(&frame)?;
                self.connection.send(Some(&frame), "Runtime.runIfWaitingForDebugger", &json!({}))?;
            }
            // Whatever else the page starts waits for a debugger until its context ends.
            _ => {}
        }
        Ok(())
    }

    fn refuse(&mut self, address: &str) {
        if self.refused.len() < REFUSED_MAX && !self.refused.iter().any(|refused| refused == address) {
            self.refused.push(address.to_owned());
        }
    }

    /// Answers what the page asks for.
    fn answer(&mut self, session: &str, asked: &Value) -> Result<(), CdpError> {
        let request = asked.get("requestId").cloned().unwrap_or_default();
        let address = asked.pointer("/request/url").and_then(Value::as_str).unwrap_or_default();
        if let Some(part) = self.site.get(address) {
            let headers = json!([
                { "name": "Content-Type", "value": part.media_type },
                // Letters that come from elsewhere are shown only when that allows it.
                { "name": "Access-Control-Allow-Origin", "value": "*" },
            ]);
            let body = BASE64_STANDARD.encode(&part.bytes);
            let answer = json!({ "requestId": request, "responseCode": 200, "responseHeaders": headers, "body": body });
            self.connection.send(Some(session), "Fetch.fulfillRequest", &answer)?;
            return Ok(());
        }
        self.refuse(address);
        // A document that is aborted leaves in its place what there was; one that is blocked shows an error.
        let is_document = asked.get("resourceType").and_then(Value::as_str) == Some("Document");
        let reason = if is_document { "Aborted" } else { "BlockedByClient" };
        self.connection.send(
            Some(session),
            "Fetch.failRequest",
            &json!({ "requestId": request, "errorReason": reason }),
        )?;
        Ok(())
    }
}

/// The part of the paper inside the margins, in pixels of CSS: width and height.
fn sheet(settings: &Html) -> [f64; 2] {
    let [top, right, bottom, left] = settings.margins;
    let (width, height) = match settings.landscape {
        true => (settings.paper_height, settings.paper_width),
        false => (settings.paper_width, settings.paper_height),
    };
    [width - left - right, height - top - bottom].map(|length| length.max(1.0) / INCH * 96.0 / settings.scale)
}

fn gone(what: &dyn std::fmt::Display) -> CdpError {
    CdpError::Gone(std::io::Error::other(format!("an answer that is none: {what}")))
}

/// The settings in the words of the protocol.
fn print_settings(settings: &Html, fit: f64) -> Value {
    let [top, right, bottom, left] = settings.margins.map(|margin| margin / INCH);
    let line = |html: &str| if html.is_empty() { NO_LINE.to_owned() } else { html.to_owned() };
    json!({
        "paperWidth": settings.paper_width / INCH,
        "paperHeight": settings.paper_height / INCH,
        "landscape": settings.landscape,
        "preferCSSPageSize": settings.prefer_css_page_size,
        "marginTop": top,
        "marginRight": right,
        "marginBottom": bottom,
        "marginLeft": left,
        "scale": (settings.scale * fit).max(SCALE_MIN),
        "printBackground": settings.background,
        "displayHeaderFooter": !settings.header.is_empty() || !settings.footer.is_empty(),
        "headerTemplate": line(&settings.header),
        "footerTemplate": line(&settings.footer),
        "generateTaggedPDF": true,
        "generateDocumentOutline": true,
        "transferMode": "ReturnAsStream",
    })
}
