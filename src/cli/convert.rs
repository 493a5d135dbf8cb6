//! `bindery convert`: files in, one file out, through the HTTP API of a running service.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context as _, bail};
use clap::Args;
use futures_util::TryStreamExt;
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::{
    Client, Response, StatusCode,
    multipart::{Form, Part},
};
use serde::Deserialize;
use serde_json::json;
use tokio::{fs::File, io::AsyncWriteExt, time::Instant};
use tokio_util::io::ReaderStream;

use super::{print, say};

/// How often the service is asked again while a result is not there.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// What to convert and how.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// Files to convert, in the order of the result; folders with -r
    #[arg(required = true, value_name = "FILE")]
    inputs: Vec<PathBuf>,
    /// File to write; its name is taken from the result when it is a folder
    #[arg(short, long, default_value = ".", value_name = "FILE")]
    output: PathBuf,
    /// Workflow, as listed by GET /workflows
    #[arg(short, long)]
    workflow: Option<String>,
    /// Profile of the workflow
    #[arg(short, long)]
    profile: Option<String>,
    /// Name of the job
    #[arg(long)]
    name: Option<String>,
    /// Password to try on every document; may be repeated
    #[arg(long = "password", value_name = "PASSWORD")]
    passwords: Vec<String>,
    /// Job option, as in META.TITLE=Report; may be repeated
    #[arg(long = "job-option", value_name = "NAME=VALUE", value_parser = name_and_value)]
    job_options: Vec<(String, String)>,
    /// Take the files of folders, too, in the order of their names
    #[arg(short, long)]
    recursive: bool,
    /// Keep the job after its result is fetched
    #[arg(long)]
    keep: bool,
    /// Address of the service
    #[arg(long, default_value = "http://127.0.0.1:13033/conversion/v1.0/rest", value_name = "URL")]
    url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Created {
    job_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JobResult {
    status: String,
    error: Option<JobError>,
    #[serde(default)]
    events: Vec<Event>,
    #[serde(default)]
    data_list: Vec<Data>,
}

#[derive(Deserialize)]
struct JobError {
    code: String,
    message: String,
}

#[derive(Deserialize)]
struct Event {
    code: String,
    severity: String,
    message: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    result_id: String,
    file_name: String,
}

/// Converts, prints the path of the result, and says how it went on standard error.
///
/// # Errors
/// When the service cannot be reached or refuses. A job that fails is no error here but exit code 1.
pub(super) async fn convert(options: Options) -> anyhow::Result<ExitCode> {
    let inputs = list_inputs(&options.inputs, options.recursive)?;
    // One process-wide choice of cryptography; a second choice of the same is harmless.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        tracing::debug!("the cryptography is chosen already");
    }
    let service = Service { client: Client::builder().build()?, base: options.url.trim_end_matches('/').to_owned() };
    let began = Instant::now();
    let job = service.create(&options).await?;
    let outcome = run(&service, &job, &inputs, &options, began).await;
    if !options.keep
        && let Err(error) = service.delete(&job).await
    {
        say(&format!("the job {job} could not be deleted: {error:#}"));
    }
    outcome
}

async fn run(
    service: &Service,
    job: &str,
    inputs: &[PathBuf],
    options: &Options,
    began: Instant,
) -> anyhow::Result<ExitCode> {
    let elapsed = || format!("{:>7.2} s", began.elapsed().as_secs_f64());
    say(&format!("{}  job {job} created", elapsed()));
    let bar =
        ProgressBar::new(inputs.len() as u64).with_style(ProgressStyle::with_template("  {bar:30} {pos}/{len} {msg}")?);
    for input in inputs {
        bar.set_message(input.display().to_string());
        service.add(job, input).await.with_context(|| format!("cannot add {}", input.display()))?;
        bar.suspend(|| say(&format!("{}  {} added", elapsed(), input.display())));
        bar.inc(1);
    }
    bar.finish_and_clear();
    service.start(job).await?;
    say(&format!("{}  started, converting", elapsed()));
    let spinner = ProgressBar::new_spinner();
    spinner.enable_steady_tick(Duration::from_millis(100));
    let result = service.result(job).await?;
    spinner.finish_and_clear();
    for event in &result.events {
        say(&format!("           - {}: {} ({})", event.severity, event.message, event.code));
    }
    if let Some(error) = result.error {
        say(&format!("{}  failed: {} ({})", elapsed(), error.message, error.code));
        return Ok(ExitCode::FAILURE);
    }
    say(&format!("{}  converted: {}", elapsed(), result.status));
    for data in &result.data_list {
        let path = if options.output.is_dir() {
            options.output.join(local_name(&data.file_name))
        } else {
            options.output.clone()
        };
        service.fetch(job, &data.result_id, &path).await?;
        print(&path.display().to_string());
    }
    say(&format!("{}  fetched", elapsed()));
    Ok(ExitCode::SUCCESS)
}

struct Service {
    client: Client,
    base: String,
}

impl Service {
    async fn create(&self, options: &Options) -> anyhow::Result<String> {
        let passwords = options.passwords.iter().map(|password| json!({ "name": "DOC.PASSWORD", "value": password }));
        let others = options.job_options.iter().map(|(name, value)| json!({ "name": name, "value": value }));
        let body: Vec<_> = passwords.chain(others).collect();
        let query: Vec<(&str, &String)> =
            [("workflow", &options.workflow), ("profile", &options.profile), ("name", &options.name)]
                .into_iter()
                .filter_map(|(name, value)| Some((name, value.as_ref()?)))
                .collect();
        let request = self.client.post(format!("{}/jobs", self.base)).query(&query).json(&body);
        let answer = request
            .send()
            .await
            .with_context(|| format!("no service answers at {}; is `bindery up` running?", self.base))?;
        Ok(accepted(answer).await?.json::<Created>().await?.job_id)
    }

    async fn add(&self, job: &str, path: &Path) -> anyhow::Result<()> {
        let file = File::open(path).await?;
        let bytes = file.metadata().await?.len();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let body = reqwest::Body::wrap_stream(ReaderStream::with_capacity(file, 256 << 10));
        let form = Form::new().part("data", Part::stream_with_length(body, bytes).file_name(name));
        let request = self.client.post(format!("{}/jobs/{job}/data", self.base)).multipart(form);
        accepted(request.send().await?).await.map(|_| ())
    }

    async fn start(&self, job: &str) -> anyhow::Result<()> {
        accepted(self.client.post(format!("{}/jobs/{job}:start", self.base)).send().await?).await.map(|_| ())
    }

    /// Waits for the result; a wait that ends without one is simply begun anew.
    async fn result(&self, job: &str) -> anyhow::Result<JobResult> {
        loop {
            let answer = self.client.get(format!("{}/jobs/{job}/result", self.base)).send().await?;
            if matches!(answer.status(), StatusCode::GATEWAY_TIMEOUT | StatusCode::SERVICE_UNAVAILABLE) {
                tokio::time::sleep(ASK_AGAIN).await;
                continue;
            }
            return Ok(accepted(answer).await?.json().await?);
        }
    }

    async fn fetch(&self, job: &str, result: &str, path: &Path) -> anyhow::Result<()> {
        let answer =
            accepted(self.client.get(format!("{}/jobs/{job}/result/{result}", self.base)).send().await?).await?;
        let mut bytes = answer.bytes_stream();
        let mut file = File::create(path).await.with_context(|| format!("cannot write {}", path.display()))?;
        while let Some(chunk) = bytes.try_next().await? {
            file.write_all(&chunk).await?;
        }
        file.flush().await?;
        Ok(())
    }

    async fn delete(&self, job: &str) -> anyhow::Result<()> {
        accepted(self.client.delete(format!("{}/jobs/{job}", self.base)).send().await?).await.map(|_| ())
    }
}

/// Turns a problem into an error that says what the service says.
async fn accepted(answer: Response) -> anyhow::Result<Response> {
    if answer.status().is_success() {
        return Ok(answer);
    }
    let status = answer.status();
    let text = answer.text().await.unwrap_or_default();
    let problem: Option<serde_json::Value> = serde_json::from_str(&text).ok();
    let detail = problem.as_ref().and_then(|problem| problem.get("detail")?.as_str()).unwrap_or("no reason given");
    bail!("the service answered {status}: {detail}");
}

fn list_inputs(given: &[PathBuf], recursive: bool) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in given {
        if !path.is_dir() {
            files.push(path.clone());
        } else if recursive {
            let mut entries =
                std::fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<_>>>()?;
            entries.sort();
            files.extend(list_inputs(&entries, true)?);
        } else {
            bail!("{} is a folder; say -r to convert what is in it", path.display());
        }
    }
    if let Some(missing) = files.iter().find(|file| !file.is_file()) {
        bail!("there is no file {}", missing.display());
    }
    Ok(files)
}

/// A name from the service is a label: only its last part names a file here.
fn local_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    if last.is_empty() || last.starts_with('.') { "result.pdf".to_owned() } else { last.to_owned() }
}

fn name_and_value(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .ok_or_else(|| "use NAME=VALUE".to_owned())
}
