use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use reqwest::Method;

use crate::support::{Site, documents, wait::seconds};

#[tokio::test]
async fn any_number_of_waiters_on_two_instances_get_the_same_answer() {
    let site = Site::new().await;
    let (_one, first) = site.serve().await;
    let (_two, second) = site.serve().await;
    let job = first.begin(&[documents::text("a.txt"), documents::png("b.png")]).await;
    let mut waiters = Vec::new();
    for client in [&first, &second, &first, &second, &first, &second] {
        let (client, job) = (client.clone(), job.clone());
        waiters.push(tokio::spawn(async move { client.result(&job).await }));
    }
    let _work = site.work();
    let mut answers = Vec::new();
    for waiter in waiters {
        answers.push(tokio::time::timeout(seconds(60), waiter).await.expect("all are answered").unwrap());
    }
    assert_eq!(answers[0]["status"], "success", "{}", answers[0]);
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(second.result(&job).await, answers[0], "asking again works");
}

#[tokio::test]
async fn a_waiter_is_woken_by_the_bell_and_not_by_its_next_look() {
    let site = Site::new().await;
    let (_one, first) = site.serve().await;
    let (_two, second) = site.serve().await;
    let mut fastest = Duration::MAX;
    // Its own look comes every two seconds; three tries are woken by chance in time with a likelihood under one in a thousand.
    for _ in 0..3 {
        let job = first.begin(&[documents::text("a.txt")]).await;
        let waiter = tokio::spawn({
            let (second, job) = (second.clone(), job.clone());
            async move { (second.result(&job).await, Instant::now()) }
        });
        first
            .send(first.request(Method::GET, &format!("/jobs/{job}/result")).header("prefer", "wait=1"))
            .await
            .problem(504);
        first.post(&format!("/jobs/{job}:cancel")).await.expect(202);
        let canceled = Instant::now();
        let (result, woken) = waiter.await.unwrap();
        assert_eq!(result["error"]["code"], "canceled");
        fastest = fastest.min(woken.saturating_duration_since(canceled));
    }
    assert!(fastest < Duration::from_millis(200), "{fastest:?}");
}

#[tokio::test]
async fn a_client_may_say_how_long_it_waits() {
    let site = Site::new().await;
    let (_serve, client) = site.serve_with(&[("BINDERY_RESULT_WAIT", "2s")]).await;
    let job = client.begin(&[documents::text("a.txt")]).await;
    let path = format!("/jobs/{job}/result");
    let began = Instant::now();
    let answer = client.send(client.request(Method::GET, &path).header("prefer", "wait=0")).await;
    answer.problem(504);
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(answer.header("preference-applied"), "wait=0");
    assert!(began.elapsed() < seconds(1), "{:?}", began.elapsed());
    // The service's own limit is the longest, whatever a client prefers.
    let began = Instant::now();
    let answer = client.send(client.request(Method::GET, &path).header("prefer", "respond-async, wait=100")).await;
    answer.problem(504);
    assert_eq!(answer.header("preference-applied"), "", "it is not honoured");
    assert!(began.elapsed() >= seconds(2) && began.elapsed() < seconds(6), "{:?}", began.elapsed());
    let _work = site.work();
    let result = loop {
        let answer = client.get(&path).await;
        if answer.status != 504 {
            break answer.expect(200).json();
        }
    };
    assert_eq!(result["status"], "success");
    let answer =
        client.send(client.request(Method::GET, &path).header("prefer", "Wait=1; a=b, handling=lenient")).await;
    assert_eq!(answer.expect(200).header("preference-applied"), "wait=1");
    assert_eq!(client.get(&path).await.expect(200).header("preference-applied"), "");
}

#[tokio::test]
async fn a_waiter_that_leaves_takes_nothing_along() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let job = client.begin(&[documents::text("a.txt")]).await;
    let request =
        client.request(Method::GET, &format!("/jobs/{job}/result")).timeout(Duration::from_millis(200)).build();
    assert!(reqwest::Client::builder().no_proxy().build().unwrap().execute(request.unwrap()).await.is_err());
    let _work = site.work();
    assert_eq!(client.result(&job).await["status"], "success");
}

#[tokio::test]
async fn a_waiting_call_does_not_keep_the_api_from_stopping() {
    let site = Site::new().await;
    let (mut serve, client) = site.serve().await;
    let job = client.begin(&[documents::text("a.txt")]).await;
    let waiter = tokio::spawn({
        let (client, path) = (client.clone(), format!("/jobs/{job}/result"));
        async move { client.send(client.request(Method::GET, &path).header("prefer", "wait=60")).await.status }
    });
    client
        .send(client.request(Method::GET, &format!("/jobs/{job}/result")).header("prefer", "wait=0"))
        .await
        .problem(504);
    let began = Instant::now();
    serve.signal(Signal::SIGTERM);
    let status = serve.ended(seconds(15)).await;
    assert!(status.success(), "{status}");
    assert!(began.elapsed() < seconds(12), "{:?}", began.elapsed());
    waiter.abort();
}
