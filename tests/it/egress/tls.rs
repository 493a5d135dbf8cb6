use bindery::egress::Error;

use super::fetch;
use crate::support::{
    authority::Authority,
    remote::{Prepared, Remote, egress_by},
};

const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\na text";

#[tokio::test]
async fn a_host_is_called_by_https_when_its_certificate_is_trusted_and_names_it() {
    let authority = Authority::new();
    let remote = authority.host("files.test", ANSWER.to_owned(), true).await;
    let url = format!("https://files.test:{}/a.txt", remote.address.port());
    assert_eq!(fetch(&authority.trusted(), &url).await.unwrap(), "a text");
    for host in ["other.test", "127.0.0.1"] {
        let error = fetch(&authority.trusted(), &url.replace("files.test", host)).await.unwrap_err();
        assert_eq!(error, Error::CannotConnect, "{host}");
    }
    assert_eq!(fetch(&Authority::new().trusted(), &url).await.unwrap_err(), Error::CannotConnect);
    let trusting_nobody = egress_by("127.0.0.1", Prepared::answers(&[&["127.0.0.1"]]));
    assert_eq!(fetch(&trusting_nobody, &url).await.unwrap_err(), Error::CannotConnect);
}

#[tokio::test]
async fn a_redirect_does_not_lead_from_https_back_to_http() {
    let authority = Authority::new();
    let secure = authority.host("files.test", ANSWER.to_owned(), true).await;
    let plain = Remote::by_hand(|_stream| async { Ok(()) }).await;
    let fetch_by_way_of = async |place: String| {
        let moved = format!("HTTP/1.1 302 Found\r\nlocation: {place}\r\ncontent-length: 0\r\n\r\n");
        let first = authority.host("first.test", moved, true).await;
        fetch(&authority.trusted(), &format!("https://first.test:{}/", first.address.port())).await
    };
    let place = format!("https://files.test:{}/", secure.address.port());
    assert_eq!(fetch_by_way_of(place).await.unwrap(), "a text");
    assert_eq!(fetch_by_way_of(plain.url("/")).await.unwrap_err(), Error::NotAllowed { redirected: true });
    assert_eq!(plain.connections(), 0);
}

#[tokio::test]
async fn a_document_without_a_length_is_whole_only_with_a_farewell() {
    let authority = Authority::new();
    for (says_farewell, expected) in [(true, Ok("a text".into())), (false, Err(Error::BrokenOff))] {
        let remote = authority.host("files.test", "HTTP/1.1 200 OK\r\n\r\na text".to_owned(), says_farewell).await;
        let url = format!("https://files.test:{}/", remote.address.port());
        assert_eq!(fetch(&authority.trusted(), &url).await, expected);
    }
}
