use reqwest::{Method, header::HeaderMap};

use crate::support::{Answer, Client, Site};

const PAGE: &str = "https://app.example.com";

async fn preflight(client: &Client, origin: &str, path: &str, method: &str) -> Answer {
    let request = client.request(Method::OPTIONS, path).header("origin", origin);
    let request = request.header("access-control-request-method", method);
    client.send(request.header("access-control-request-headers", "content-type,idempotency-key,prefer")).await
}

async fn get(client: &Client, origin: &str, path: &str) -> Answer {
    client.send(client.request(Method::GET, path).header("origin", origin)).await
}

/// The words of a header that is a list, in lower case.
fn words(headers: &HeaderMap, name: &str) -> Vec<String> {
    let values = headers.get_all(name).iter().flat_map(|value| value.to_str().unwrap().split(','));
    values.map(|word| word.trim().to_ascii_lowercase()).collect()
}

#[tokio::test]
async fn on_this_machine_pages_of_any_origin_may_call_every_route() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let job = client.create().await;
    for (method, path) in [
        ("GET", "/".to_owned()),
        ("GET", "/workflows".to_owned()),
        ("POST", "/jobs/".to_owned()),
        ("POST", "/jobs?workflow=Archive%20PDF/A-2".to_owned()),
        ("DELETE", format!("/jobs/{job}")),
        ("POST", format!("/jobs/{job}/data")),
        ("POST", format!("/jobs/{job}:start")),
        ("POST", format!("/jobs/{job}%3Acancel")),
        ("GET", format!("/jobs/{job}/events")),
        ("GET", format!("/jobs/{job}/result/res_1")),
    ] {
        let answer = preflight(&client, PAGE, &path, method).await;
        assert!(matches!(answer.status, 200 | 204), "{method} {path}: {}", answer.status);
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        assert!(words(&answer.headers, "access-control-allow-methods").contains(&method.to_ascii_lowercase()));
        let allowed = words(&answer.headers, "access-control-allow-headers");
        assert!(["content-type", "idempotency-key", "prefer"].iter().all(|name| allowed.contains(&(*name).to_owned())));
    }
    assert_eq!(client.get(&format!("/jobs/{job}")).await.json()["status"]["code"], "creating", "nothing was done");
}

#[tokio::test]
async fn a_page_may_read_what_it_needs_of_every_answer_errors_too() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let job = client.create().await;
    for (path, status) in [("/jobs", 200), ("/jobs/job_1", 404), ("/nothing", 404), ("/jobs/x:start", 405)] {
        let answer = get(&client, PAGE, path).await.expect(status);
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        let exposed = words(&answer.headers, "access-control-expose-headers");
        for name in [
            "location",
            "etag",
            "content-disposition",
            "content-range",
            "retry-after",
            "x-request-id",
            "link",
            "preference-applied",
        ] {
            assert!(exposed.contains(&name.to_owned()), "{name} in {exposed:?}");
        }
    }
    assert!(!client.get(&format!("/jobs/{job}")).await.header("x-request-id").is_empty());
}

#[tokio::test]
async fn origins_that_are_listed_may_call_and_no_others() {
    let site = Site::new().await;
    let origins = "https://app.example.com, chrome-extension://abcdef";
    let (_serve, client) = site.serve_with(&[("BINDERY_CORS_ORIGINS", origins)]).await;
    for origin in [PAGE, "chrome-extension://abcdef"] {
        assert_eq!(get(&client, origin, "/jobs").await.header("access-control-allow-origin"), origin);
        let answer = preflight(&client, origin, "/jobs", "POST").await;
        assert_eq!(answer.header("access-control-allow-origin"), origin);
        assert!(words(&answer.headers, "vary").contains(&"origin".to_owned()));
    }
    for origin in ["https://other.example.com", "http://app.example.com", "https://app.example.com:8443", "null"] {
        for answer in
            [get(&client, origin, "/jobs").await.expect(200), preflight(&client, origin, "/jobs", "POST").await]
        {
            assert_eq!(answer.header("access-control-allow-origin"), "", "{origin}");
        }
    }
}

#[tokio::test]
async fn no_page_may_call_where_that_is_said_or_where_the_service_listens_elsewhere() {
    let site = Site::new().await;
    let elsewhere = [("BINDERY_LISTEN", "0.0.0.0:0"), ("BINDERY_ALLOW_ANONYMOUS", "true")];
    for env in [&[("BINDERY_CORS_ORIGINS", "none")][..], &elsewhere] {
        let (_serve, client) = site.serve_with(env).await;
        let answer = get(&client, PAGE, "/jobs").await.expect(200);
        assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("access-control")), "{:?}", answer.headers);
        let answer = preflight(&client, PAGE, "/jobs", "POST").await;
        assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("access-control")), "{:?}", answer.headers);
    }
    let all = [elsewhere[0], elsewhere[1], ("BINDERY_CORS_ORIGINS", "*")];
    let (_serve, client) = site.serve_with(&all).await;
    // It asks for the methods of a path, and is no preflight.
    let plain = client.send(client.request(Method::OPTIONS, "/jobs").header("origin", PAGE)).await.expect(204);
    assert!(plain.header("allow").contains("POST"), "{:?}", plain.headers);
    assert_eq!(get(&client, PAGE, "/jobs").await.header("access-control-allow-origin"), "*");
}
