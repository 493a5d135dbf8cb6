use std::{io, net::IpAddr, sync::Arc};

use axum::{
    Router,
    http::header,
    response::{AppendHeaders, Redirect},
    routing::get,
};
use bindery::egress::{Error, Resolve};
use futures_util::future::BoxFuture;

use super::fetch;
use crate::support::remote::{Prepared, Remote, egress, egress_by, nobody};

const REFUSED: Error = Error::NotAllowed { redirected: false };
const REFUSED_BEHIND: Error = Error::NotAllowed { redirected: true };

fn document() -> Router {
    Router::new().route("/a.txt", get(|| async { "a text" }))
}

/// A host that must not be called at all.
async fn untouchable() -> Remote {
    Remote::by_hand(|_stream| async { Ok(()) }).await
}

#[tokio::test]
async fn nothing_inside_is_called_without_leave_however_it_is_written() {
    let inside = untouchable().await;
    let port = inside.address.port();
    let out = egress("");
    for host in [
        "127.0.0.1",
        "127.1",
        "0x7f000001",
        "2130706433",
        "localhost",
        "LocalHost",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
        "127.0.0.2",
        "169.254.169.254",
        "[fd00:ec2::254]",
    ] {
        let error = fetch(&out, &format!("http://{host}:{port}/a.txt")).await.unwrap_err();
        assert_eq!(error, REFUSED, "{host}");
    }
    assert_eq!(inside.connections(), 0);
}

#[tokio::test]
async fn what_is_allowed_is_called_by_name_address_or_network() {
    let remote = Remote::serving(document()).await;
    let port = remote.address.port();
    for allow in ["127.0.0.1", "127.0.0.0/8", &format!("127.0.0.1:{port}"), "localhost,127.0.0.1"] {
        assert_eq!(fetch(&egress(allow), &remote.url("/a.txt")).await.unwrap(), "a text", "{allow}");
    }
    for allow in ["127.0.0.2", "10.0.0.0/8", &format!("127.0.0.1:{}", port ^ 1), "localhost"] {
        assert_eq!(fetch(&egress(allow), &remote.url("/a.txt")).await.unwrap_err(), REFUSED, "{allow}");
    }
    let by_name = egress_by("files.test", Prepared::answers(&[&["127.0.0.1"]]));
    assert_eq!(fetch(&by_name, &format!("http://Files.Test:{port}/a.txt")).await.unwrap(), "a text");
    assert_eq!(remote.arrived().last().unwrap().header("host"), format!("files.test:{port}"));
    assert_eq!(fetch(&by_name, &format!("http://other.test:{port}/a.txt")).await.unwrap_err(), REFUSED);
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_a_moment_later_leads_nowhere_else() {
    let remote = Remote::serving(document()).await;
    let url = format!("http://files.test:{}/a.txt", remote.address.port());
    // The second answer would be another address; there is no second question.
    let resolver = Prepared::answers(&[&["127.0.0.1"], &["127.0.0.2"]]);
    assert_eq!(fetch(&egress_by("127.0.0.1", Arc::clone(&resolver) as _), &url).await.unwrap(), "a text");
    assert_eq!(resolver.asked(), 1);
    // First what must not be called, then what may: the first answer decides.
    let resolver = Prepared::answers(&[&["127.0.0.2"], &["127.0.0.1"]]);
    assert_eq!(fetch(&egress_by("127.0.0.1", Arc::clone(&resolver) as _), &url).await.unwrap_err(), REFUSED);
    assert_eq!(resolver.asked(), 1);
}

#[tokio::test]
async fn a_redirect_to_the_same_name_is_resolved_and_checked_anew() {
    let router = document().route("/moved", get(|| async { Redirect::temporary("/a.txt") }));
    let remote = Remote::serving(router).await;
    let url = format!("http://files.test:{}/moved", remote.address.port());
    let resolver = Prepared::answers(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let error = fetch(&egress_by("127.0.0.1", Arc::clone(&resolver) as _), &url).await.unwrap_err();
    assert_eq!((error, resolver.asked()), (REFUSED_BEHIND, 2));
}

#[tokio::test]
async fn of_several_addresses_only_those_that_are_allowed_are_dialed() {
    let (remote, inside) = (Remote::serving(document()).await, untouchable().await);
    let both = || Prepared::answers(&[&["10.255.255.1", "fd00::1", "127.0.0.1"]]);
    let url = format!("http://files.test:{}/a.txt", remote.address.port());
    assert_eq!(fetch(&egress_by("127.0.0.1", both()), &url).await.unwrap(), "a text");
    let url = format!("http://files.test:{}/a.txt", inside.address.port());
    assert_eq!(fetch(&egress_by("10.0.0.0/16", both()), &url).await.unwrap_err(), REFUSED);
    assert_eq!(inside.connections(), 0);
}

#[tokio::test]
async fn a_redirect_leads_only_where_the_url_itself_could_have_led() {
    let inside = untouchable().await;
    let places = [
        inside.url("/a.txt"),
        format!("http://localhost:{}/", inside.address.port()),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "http://[::1]/".to_owned(),
        "//127.0.0.2/a".to_owned(),
        "file:///etc/passwd".to_owned(),
        "ftp://127.0.0.1/".to_owned(),
        "data:,a".to_owned(),
    ];
    for place in places {
        let to = place.clone();
        let remote = Remote::serving(Router::new().route("/", get(|| async move { Redirect::to(&to) }))).await;
        let error = fetch(&egress(&remote.entry()), &remote.url("/")).await.unwrap_err();
        assert_eq!(error, REFUSED_BEHIND, "{place}");
        let told = error.to_string();
        assert!(!told.contains("127.") && !told.contains("169."), "it names no address: {told}");
    }
    assert_eq!(inside.connections(), 0);
}

#[tokio::test]
async fn a_name_and_a_password_go_to_the_host_of_the_url_and_to_no_other() {
    let other = Remote::serving(document()).await;
    let (away, back) = (other.url("/a.txt"), "/second");
    let router = Router::new()
        .route("/first", get(move || async move { Redirect::temporary(back) }))
        .route("/second", get(|| async move { Redirect::temporary(&away) }));
    let remote = Remote::serving(router).await;
    let out = egress("127.0.0.1");
    let url = format!("http://us%40er:geheim@{}/first", remote.address);
    assert_eq!(fetch(&out, &url).await.unwrap(), "a text");
    let authorized: Vec<_> =
        remote.arrived().iter().map(|request| request.header("authorization").to_owned()).collect();
    // us@er:geheim
    assert_eq!(authorized, ["Basic dXNAZXI6Z2VoZWlt", "Basic dXNAZXI6Z2VoZWlt"]);
    let arrived = other.arrived();
    assert_eq!(arrived[0].header("authorization"), "");
    assert_eq!((arrived[0].header("referer"), arrived[0].header("cookie")), ("", ""));
}

#[tokio::test]
async fn a_redirect_cannot_bring_a_password_of_its_own() {
    let other = Remote::serving(document()).await;
    let place = format!("http://user:planted@{}/a.txt", other.address);
    let remote = Remote::serving(Router::new().route("/", get(|| async move { Redirect::to(&place) }))).await;
    assert_eq!(fetch(&egress("127.0.0.1"), &remote.url("/")).await.unwrap(), "a text");
    assert_eq!(other.arrived()[0].header("authorization"), "");
}

#[tokio::test]
async fn a_cookie_is_not_kept() {
    let set = || async { (AppendHeaders([(header::SET_COOKIE, "a=b; Path=/")]), Redirect::to("/a.txt")) };
    let remote = Remote::serving(document().route("/", get(set))).await;
    assert_eq!(fetch(&egress("127.0.0.1"), &remote.url("/")).await.unwrap(), "a text");
    assert!(remote.arrived().iter().all(|request| request.header("cookie").is_empty()));
}

#[tokio::test]
async fn a_request_says_who_sends_it_and_asks_for_the_document_as_it_is() {
    let remote = Remote::serving(document()).await;
    fetch(&egress("127.0.0.1"), &remote.url("/a.txt?b=c#d")).await.unwrap();
    let arrived = &remote.arrived()[0];
    assert_eq!(arrived.uri, "/a.txt?b=c");
    assert!(arrived.header("user-agent").starts_with("bindery/"));
    assert_eq!((arrived.header("accept"), arrived.header("accept-encoding")), ("*/*", "identity"));
    let mut names: Vec<_> = arrived.headers.keys().map(|name| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["accept", "accept-encoding", "host", "user-agent"]);
}

/// A resolver that is asked in vain.
#[derive(Debug)]
struct Silent;

impl Resolve for Silent {
    fn resolve(&self, _host: String) -> BoxFuture<'_, io::Result<Vec<IpAddr>>> {
        Box::pin(std::future::pending())
    }
}

/// A resolver that knows nothing.
#[derive(Debug)]
struct Ignorant;

impl Resolve for Ignorant {
    fn resolve(&self, _host: String) -> BoxFuture<'_, io::Result<Vec<IpAddr>>> {
        Box::pin(std::future::ready(Err(io::Error::other("no such name"))))
    }
}

#[tokio::test]
async fn a_name_without_an_address_cannot_be_resolved() {
    let url = "http://files.test/a.txt";
    assert_eq!(fetch(&egress_by("", Prepared::answers(&[&[]])), url).await.unwrap_err(), Error::CannotResolve);
    assert_eq!(fetch(&egress_by("", Arc::new(Ignorant)), url).await.unwrap_err(), Error::CannotResolve);
    assert_eq!(fetch(&egress_by("", Arc::new(Silent)), url).await.unwrap_err(), Error::CannotResolve);
}

#[tokio::test]
async fn where_nothing_listens_no_connection_comes_about() {
    let address = nobody().await;
    for scheme in ["http", "https"] {
        let error = fetch(&egress("127.0.0.1"), &format!("{scheme}://{address}/")).await.unwrap_err();
        assert_eq!(error, Error::CannotConnect);
    }
}

#[tokio::test]
async fn whoever_speaks_no_tls_is_not_reached_by_https() {
    let remote = Remote::serving(document()).await;
    let error = fetch(&egress("127.0.0.1"), &format!("https://{}/a.txt", remote.address)).await.unwrap_err();
    assert_eq!(error, Error::CannotConnect);
}
