//! Web pages, by the real Chromium.

use std::{
    fs,
    io::ErrorKind,
    net::{TcpListener, UdpSocket},
    os::unix::fs::PermissionsExt as _,
};

use bindery::engines::settings::{Html, Settings};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::support::{
    Site,
    bench::{Bench, Made},
    documents::Document,
    hosts,
    service::{children, is_gone},
    until,
    wait::seconds,
};

fn settings(html: Html) -> Settings {
    Settings { html, ..Settings::default() }
}

fn with_scripts() -> Settings {
    settings(Html { scripts: true, ..Html::default() })
}

async fn page(html: impl AsRef<[u8]>, settings: &Settings) -> Made {
    Bench::with_browser().convert("browser", "page.html", html, settings).await
}

/// Width and height of the first page in millimetres; a browser thinks in pixels, so about.
fn size(made: &Made) -> [i64; 2] {
    let (_, page) = made.pdf().get_pages().pop_first().unwrap();
    let media = made.pdf().get_dictionary(page).unwrap().get(b"MediaBox").unwrap().as_array().unwrap();
    [2, 3].map(|place: usize| {
        let millimetres = f64::from(media[place].as_float().unwrap()) * 25.4 / 72.0;
        (0..2000).find(|whole| (f64::from(*whole) - millimetres).abs() <= 0.5).unwrap().into()
    })
}

/// The browsers that this test has running.
fn browsers() -> Vec<Pid> {
    browsers_of(Pid::this())
}

fn browsers_of(parent: Pid) -> Vec<Pid> {
    let is_browser = |args: &[String]| args.iter().any(|arg| arg == "--remote-debugging-pipe");
    children(parent).into_iter().filter(|(_, args)| is_browser(args)).map(|(pid, _)| pid).collect()
}

#[tokio::test]
async fn a_page_becomes_a_tagged_pdfa_with_an_outline_and_its_links() {
    let made = page("<!doctype html><html lang=en><title>Report</title><h1>One</h1><p>Text <a href=https://example.org>here</a><h2>Two</h2>", &Settings::default()).await;
    assert_eq!(made.words(), "One Text here Two");
    let catalog = made.pdf().catalog().unwrap();
    assert!(catalog.has(b"StructTreeRoot") && catalog.has(b"Outlines"), "{catalog:?}");
    assert_eq!(made.ran.engine.as_deref(), Some("chromium"));
    let version = made.ran.engine_version.as_deref().unwrap();
    assert!(version.split('.').all(|part| part.parse::<u32>().is_ok()), "{version}");
    assert_eq!(size(&made), [210, 297]);
    assert!(made.events().is_empty(), "{:?}", made.events());
}

#[tokio::test]
async fn paper_margins_lines_and_scale_are_as_set() {
    let html = Html {
        paper_width: 100.0,
        paper_height: 200.0,
        landscape: true,
        margins: [30.0, 10.0, 30.0, 10.0],
        header: "<b style='font-size: 9px'>HEAD <span class=title></span></b>".to_owned(),
        footer: "<b style='font-size: 9px'>FOOT <span class=pageNumber></span> of <span class=totalPages></span></b>"
            .to_owned(),
        ..Html::default()
    };
    let long = "<title>Name</title><p>one<p style='break-before: page'>two";
    let made = page(long, &settings(html)).await;
    assert_eq!(size(&made), [200, 100]);
    let text = made.words();
    assert!(text.contains("HEAD") && text.contains("Name") && text.contains("2 of 2"), "{text}");
    let filled = "word ".repeat(2000);
    let whole = page(&filled, &Settings::default()).await;
    let half = page(&filled, &settings(Html { scale: 0.5, ..Html::default() })).await;
    assert!(half.pdf().get_pages().len() * 2 <= whole.pdf().get_pages().len());
}

#[tokio::test]
async fn what_is_wider_than_the_paper_is_made_smaller_and_told_unless_the_page_says_how_it_is_printed() {
    let wide = "<div style='width: 1500px; text-align: right'>END</div>";
    let made = page(wide, &Settings::default()).await;
    assert!(
        made.events()[0].starts_with("ContentOverflow: The page is wider than the paper; it was made smaller, to 4"),
        "{:?}",
        made.events()
    );
    let made = page(format!("<style>@page {{ size: 500mm 100mm }}</style>{wide}"), &Settings::default()).await;
    assert!(made.events().is_empty());
    assert_eq!(size(&made), [500, 100]);
}

#[tokio::test]
async fn scripts_run_only_where_a_profile_says_so() {
    let html =
        "<p id=p>before</p><script>setTimeout(() => { p.textContent = 'after'; alert('dialogue') }, 50)</script>";
    assert!(page(html, &Settings::default()).await.text().contains("before"));
    assert!(page(html, &with_scripts()).await.text().contains("after"));
}

#[tokio::test]
async fn nothing_that_a_page_asks_for_leaves_it_whether_scripts_run_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let canary = folder.path().join("canary.html");
    fs::write(&canary, "<p>the canary</p>").unwrap();
    let (tcp, udp) = (TcpListener::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
    tcp.set_nonblocking(true).unwrap();
    udp.set_nonblocking(true).unwrap();
    let (web, stun) = (format!("http://{}", tcp.local_addr().unwrap()), udp.local_addr().unwrap());
    let file = format!("file://{}", canary.display());
    let html = format!(
        "<link rel=stylesheet href={web}/a.css><img src={web}/a.png><img src={file}><iframe src={file}></iframe><iframe src={web}></iframe>\
         <object data={file}></object><embed src={web}><meta http-equiv=refresh content='0;url={web}/next'>\
         <link rel=preconnect href={web}><link rel=dns-prefetch href={web}><p>shown</p>\
         <script>fetch('{web}'); new WebSocket('{web}'.replace('http', 'ws')); navigator.sendBeacon('{web}'); window.open('{web}');\
         fetch('{file}').then(r => r.text()).then(t => document.body.append(t));\
         let c = new RTCPeerConnection({{ iceServers: [{{ urls: 'stun:{stun}' }}] }}); c.createDataChannel('x'); c.createOffer().then(o => c.setLocalDescription(o));\
         new Worker(URL.createObjectURL(new Blob([`fetch('{web}')`])));</script>"
    );
    let bench = Bench::with_browser();
    for settings in [Settings::default(), with_scripts()] {
        let made = bench.convert("browser", "page.html", &html, &settings).await;
        let text = made.text();
        assert!(text.contains("shown") && !text.contains("canary"), "{text}");
        let told = made.events().join("\n");
        assert!(
            told.starts_with("ExternalResourceUnavailable") && told.contains("/a.css") && told.contains("canary.html"),
            "{told}"
        );
    }
    assert_eq!(tcp.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(udp.recv(&mut [0; 9]).unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[tokio::test]
async fn one_browser_serves_many_pages_which_know_nothing_of_each_other() {
    let bench = Bench::with_browser();
    let html = "<p id=p></p><script>p.textContent = 'seen: ' + localStorage.x + document.cookie; localStorage.x = 'stored'; document.cookie = 'c=stored'</script>";
    bench.convert("browser", "a.html", html, &with_scripts()).await;
    let first = browsers();
    assert_eq!(first.len(), 1);
    let made = bench.convert("browser", "b.html", html, &with_scripts()).await;
    assert!(made.text().contains("seen: undefined"), "{}", made.text());
    assert_eq!(browsers(), first);
}

#[tokio::test]
async fn pages_at_the_same_time_have_a_browser_each() {
    let bench = Bench::with_browser();
    let default = Settings::default();
    let convert = |name| bench.convert("browser", name, "<p>text", &default);
    let (a, b) = tokio::join!(convert("a.html"), convert("b.html"));
    assert!(a.text().contains("text") && b.text().contains("text"));
    assert_eq!(browsers().len(), 2);
}

#[tokio::test]
async fn a_page_that_never_ends_is_stopped_with_its_browser_and_the_next_one_gets_another() {
    let bench = Bench::new(|config| {
        config.engines.browser = hosts::config().engines.browser;
        config.time_max = seconds(6);
    });
    bench.convert("browser", "a.html", "<p>text", &with_scripts()).await;
    let first = browsers()[0];
    let made = bench.convert("browser", "b.html", "<script>while (true);</script>", &with_scripts()).await;
    assert_eq!(made.refusal(), ("timeout", "timed-out", "its conversion was stopped after 6 s"));
    is_gone("its browser", first).await;
    assert!(bench.convert("browser", "c.html", "<p>text", &with_scripts()).await.text().contains("text"));
}

#[tokio::test]
async fn a_page_that_takes_more_memory_than_there_is_for_it_costs_one_document() {
    let bench = Bench::new(|config| {
        config.engines.browser = hosts::config().engines.browser;
        config.memory_bytes_max = 512 << 20;
    });
    let hog = "<script>let kept = []; while (true) kept.push(new Uint8Array(1 << 24).fill(1));</script>";
    let made = bench.convert("browser", "a.html", hog, &with_scripts()).await;
    let (_, fault, message) = made.refusal();
    // Its process ends by itself when a limit of Chromium's own comes first.
    assert!(fault == "exceeded" || message.contains("more memory than there is"), "{fault}: {message}");
    assert!(bench.convert("browser", "b.html", "<p>text", &with_scripts()).await.text().contains("text"));
}

#[tokio::test]
async fn a_browser_has_no_network_and_ends_with_whoever_started_it() {
    let bench = Bench::with_browser();
    bench.convert("browser", "a.html", "<p>text", &Settings::default()).await;
    let browser = browsers()[0];
    let status = fs::read_to_string(format!("/proc/{browser}/status")).unwrap();
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
    assert_eq!((field("NoNewPrivs:"), field("Seccomp:")), ("1".to_owned(), "2".to_owned()));
    let network = |pid: &str| fs::read_link(format!("/proc/{pid}/ns/net")).unwrap();
    assert_ne!(network(&browser.to_string()), network("self"));
    if nix::unistd::geteuid().is_root() {
        assert!(field("Uid:").starts_with("65534"), "{status}");
    }
    let shared = bench.shared();
    assert!(fs::read_dir(&shared).unwrap().count() > 0);
    drop(bench);
    is_gone("the browser", browser).await;
}

#[tokio::test]
async fn where_chromium_cannot_make_its_own_sandbox_it_runs_in_the_cage_alone() {
    let folder = tempfile::tempdir().unwrap();
    // As on a kernel that gives it no namespaces: it ends at once, unless it is told to do without.
    let program = folder.path().join("program");
    let real = env!("CARGO_BIN_EXE_bindery");
    let script =
        format!("#!/bin/sh\ncase \"$*\" in *--no-inner-sandbox*) ;; *--browser*) exit 1 ;; esac\nexec {real} \"$@\"\n");
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let bench = Bench::new(|config| {
        config.engines.browser = hosts::config().engines.browser;
        config.program = program;
    });
    assert!(bench.convert("browser", "a.html", "<p>text", &Settings::default()).await.text().contains("text"));
    let command = fs::read_to_string(format!("/proc/{}/cmdline", browsers()[0])).unwrap();
    assert!(command.contains("--no-sandbox"), "{command}");
}

#[tokio::test]
async fn where_there_is_no_browser_the_error_says_what_to_install() {
    let made = Bench::new(|_| ()).convert("browser", "a.html", "<p>text", &Settings::default()).await;
    let (code, _, message) = made.refusal();
    assert_eq!(code, "configuration");
    assert!(message.contains("chromium-headless-shell"), "{message}");
}

#[tokio::test]
async fn a_browser_that_dies_in_the_middle_costs_one_attempt_and_the_job_completes() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let work = site.work();
    let rows = "<tr><td>cell</td></tr>".repeat(4_000);
    let job =
        client.begin(&[Document { name: "long.html".to_owned(), bytes: format!("<table>{rows}").into_bytes() }]).await;
    let is_host = |args: &[String]| args.iter().rfind(|arg| !arg.is_empty()).is_some_and(|arg| arg == "engine");
    let host = async || children(work.pid()).into_iter().find(|(_, args)| is_host(args));
    until("the host speaks to its browser", seconds(10), host).await;
    let browser = browsers_of(work.pid())[0];
    kill(browser, Signal::SIGKILL).unwrap();
    let done = client.finish(&job).await;
    assert_eq!(done.result["status"], "success", "{}", done.result);
    assert_eq!(site.db.count("select count(*) from attempts where kind = 'convert' and ending = 'retried'").await, 1);
}

#[tokio::test]
async fn a_web_archive_is_shown_with_the_parts_that_it_brings() {
    let archive = "From: <Saved by a browser>\r\nSubject: Page\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/related; type=\"text/html\"; boundary=cut\r\n\r\n\
        --cut\r\nContent-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\
        Content-Location: https://example.org/page.html\r\n\r\n<link rel=3Dstylesheet href=3Dlook.css><p>caf=E9\r\n\
        --cut\r\nContent-Type: text/css\r\nContent-Location: https://example.org/look.css\r\n\r\n\
        p::after { content: ' au lait' }\r\n--cut--\r\n";
    let made = Bench::with_browser().convert("browser", "page.mht", archive, &Settings::default()).await;
    assert_eq!(made.words(), "caf\u{e9} au lait");
    assert!(made.events().is_empty(), "{:?}", made.events());
}
