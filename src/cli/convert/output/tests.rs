use tokio::io::AsyncWriteExt;

use super::*;
use crate::cli::convert::{
    inputs::{self, Given},
    report::Level,
};

fn report() -> Arc<Report> {
    Arc::new(Report::new(Level::Quiet, false))
}

async fn prepared(path: &Path, existing: Option<Existing>) -> Result<Output, Failure> {
    Output::prepare(Some(path), false, existing, &[], report()).await
}

/// Saves a result of a few bytes and gives the name of its file.
async fn save(output: &Output, offered: &str, bytes: &str) -> Result<String, Failure> {
    let fill = async |file: &mut File| file.write_all(bytes.as_bytes()).await.map_err(Failure::local);
    let path = output.save(Path::new(""), offered, 0, fill).await?.unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), bytes);
    Ok(path.file_name().unwrap().to_str().unwrap().to_owned())
}

/// The files of a folder.
fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_file_in_a_folder_is_replaced_only_when_told_so() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.pdf"), "old").unwrap();
    let output = prepared(folder.path(), None).await.unwrap();
    assert_eq!(output.check_free(Path::new(""), "a").unwrap_err().exit.code(), 4);
    assert!(output.check_free(Path::new(""), "b").is_ok());
    assert_eq!(save(&output, "a.pdf", "new").await.unwrap_err().exit.code(), 4);
    assert_eq!(fs::read_to_string(folder.path().join("a.pdf")).unwrap(), "old");
    let output = prepared(folder.path(), Some(Existing::Number)).await.unwrap();
    assert_eq!(save(&output, "a.pdf", "new").await.unwrap(), "a-1.pdf");
    let output = prepared(folder.path(), Some(Existing::Replace)).await.unwrap();
    assert_eq!(save(&output, "a.pdf", "new").await.unwrap(), "a.pdf");
    assert_eq!(files(folder.path()), ["a-1.pdf", "a.pdf"], "no half file is left");
}

#[tokio::test]
async fn results_of_one_call_never_replace_each_other() {
    for existing in [None, Some(Existing::Replace), Some(Existing::Number)] {
        let folder = tempfile::tempdir().unwrap();
        let output = prepared(folder.path(), existing).await.unwrap();
        for (number, name) in ["a.pdf", "a-1.pdf", "a-2.pdf"].iter().enumerate() {
            assert_eq!(save(&output, "a.pdf", &number.to_string()).await.unwrap(), *name, "{existing:?}");
        }
    }
}

#[tokio::test]
async fn a_named_file_is_replaced_unless_it_is_an_input() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pdf");
    fs::write(&path, "old").unwrap();
    let output = prepared(&path, None).await.unwrap();
    assert_eq!(save(&output, "other.pdf", "new").await.unwrap(), "a.pdf");
    let given = vec![Given { path: path.clone(), options: Vec::new() }];
    let inputs = inputs::gather(given, false, None).await.unwrap();
    let refused = Output::prepare(Some(&path), false, None, &inputs, report()).await.unwrap_err();
    assert_eq!(refused.exit.code(), 2);
    assert!(Output::prepare(Some(&path), false, Some(Existing::Replace), &inputs, report()).await.is_ok());
}

#[tokio::test]
async fn nobody_to_ask_means_no() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pdf");
    fs::write(&path, "old").unwrap();
    if !io::stdin().is_terminal() {
        assert_eq!(prepared(&path, Some(Existing::Ask)).await.unwrap_err().exit.code(), 4);
    }
    assert!(prepared(&folder.path().join("b.pdf"), Some(Existing::Ask)).await.is_ok());
}

#[tokio::test]
async fn a_result_that_breaks_off_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let output = prepared(folder.path(), None).await.unwrap();
    let fill = async |file: &mut File| {
        file.write_all(b"half").await.map_err(Failure::local)?;
        Err(Failure::interrupted())
    };
    assert!(output.save(Path::new(""), "a.pdf", 0, fill).await.is_err());
    assert!(files(folder.path()).is_empty());
}

#[test]
fn the_output_of_split_jobs_is_a_folder_that_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("no/out");
    assert!(place(Some(folder.path()), true).is_ok());
    assert!(place(None, true).is_ok());
    for (path, split, code) in [
        (missing.clone(), true, 2),
        (PathBuf::from("-"), true, 2),
        (folder.path().join("no/"), false, 2),
        (missing, false, 4),
    ] {
        assert_eq!(place(Some(&path), split).unwrap_err().exit.code(), code, "{}", path.display());
    }
}

#[test]
fn a_name_from_the_service_reaches_no_other_folder() {
    let long = format!("{}.pdf", "ä".repeat(300));
    for (label, expected) in [
        ("a.pdf", "a.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\dir\\a.pdf", "a.pdf"),
        ("/", "result.pdf"),
        ("", "result.pdf"),
        ("..", "result.pdf"),
        (".bashrc", "result.pdf"),
        ("a\u{0}\n.pdf", "a.pdf"),
    ] {
        assert_eq!(local_name(label), expected, "{label:?}");
    }
    let cut = local_name(&long);
    assert!(cut.len() <= NAME_BYTES_MAX && cut.ends_with("ä.pdf"), "{cut}");
}
