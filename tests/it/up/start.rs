use crate::support::{Process, documents, up::Home, wait::seconds};

#[tokio::test]
async fn a_missing_server_program_is_one_clear_sentence() {
    let home = Home::new();
    let mut up = home.up(&["--pg-bin", "/nonexistent"]);
    assert!(!up.ended(seconds(20)).await.success());
    let output = up.output();
    let said: Vec<_> = output.lines().filter(|line| line.starts_with("bindery: ")).collect();
    let [sentence] = said.as_slice() else { panic!("one sentence: {}", up.output()) };
    assert!(
        sentence.contains("PostgreSQL") && sentence.contains("/nonexistent") && sentence.contains("BINDERY_PG_BIN"),
        "{sentence}"
    );
}

#[tokio::test]
async fn a_second_up_on_the_same_folder_is_refused_and_the_first_goes_on() {
    let home = Home::new();
    let first = home.up(&[]);
    let client = first.client().await;
    let mut second = home.up(&[]);
    assert!(!second.ended(seconds(20)).await.success());
    assert!(second.output().contains("another `bindery up`"), "{}", second.output());
    assert_eq!(client.convert(&[documents::text("a.txt")]).await.result["status"], "success");
}

#[tokio::test]
async fn the_origins_that_up_is_told_reach_its_api() {
    let home = Home::new();
    let up = home.up(&["--cors-origins", "https://app.example.com"]);
    let client = up.client().await;
    for (origin, allowed) in [("https://app.example.com", "https://app.example.com"), ("https://other.example.com", "")]
    {
        let answer = client.send(client.request(reqwest::Method::GET, "/").header("origin", origin)).await.expect(200);
        assert_eq!(answer.header("access-control-allow-origin"), allowed);
    }
}

#[tokio::test]
async fn the_simple_api_has_an_address_of_its_own() {
    let home = Home::new();
    let up = home.up(&[]);
    up.client().await;
    let simple = crate::support::Client::new(&up.simple_url().unwrap());
    let answer = simple.post_body("/http.input/archive-pdfa2-default?filename=a.txt", "text/plain", "Hello").await;
    assert_eq!(answer.expect(200).header("content-type"), "application/pdf");
}

#[tokio::test]
async fn the_embedded_database_is_durable_and_lets_nobody_in_by_the_network_without_a_password() {
    let home = Home::new();
    let up = home.up(&[]);
    up.client().await;
    let durable = "select count(*) from pg_settings where (name, setting) in (('fsync', 'on'), ('synchronous_commit', 'on'), ('full_page_writes', 'on'))";
    assert_eq!(home.count(&up, durable).await, 3);
    let port = home.count(&up, "select setting::bigint from pg_settings where name = 'port'").await;
    let stranger = sqlx::postgres::PgConnectOptions::new()
        .host("127.0.0.1")
        .port(u16::try_from(port).unwrap())
        .username("bindery")
        .database("bindery");
    let refused = <sqlx::PgConnection as sqlx::Connection>::connect_with(&stranger).await;
    assert!(refused.is_err());
}

#[tokio::test]
async fn doctor_says_what_this_machine_has() {
    let home = Home::new();
    let data = home.data().to_string_lossy().into_owned();
    let mut doctor = Process::start("doctor", &["doctor", "--data", &data], &[], home.data().parent().unwrap());
    doctor.ended(seconds(30)).await;
    let output = doctor.output();
    for part in ["libreoffice", "libheif", "fonts", "postgresql", &data.to_lowercase()] {
        assert!(output.to_lowercase().contains(part), "{part}: {output}");
    }
}
