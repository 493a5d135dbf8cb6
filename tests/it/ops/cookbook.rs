//! Every statement of docs/operations.md runs as the role that the text names, and gives the columns that it shows.

use std::{fs, path::Path};

use sqlx::{AssertSqlSafe, Column, Connection, Executor, SqlSafeStr};

use super::{conn_as, sample};

/// A statement, the role that it is for, and the output that is shown for it.
struct Recipe {
    title: String,
    role: String,
    sql: String,
    output: String,
}

fn recipes(text: &str) -> Vec<Recipe> {
    let (mut title, mut role) = (String::new(), String::new());
    let mut recipes: Vec<Recipe> = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(heading) = line.strip_prefix("### ") {
            (title, role) = (heading.to_owned(), String::new());
        } else if let Some((name, _)) = line.strip_prefix("As `").and_then(|rest| rest.split_once('`')) {
            name.clone_into(&mut role);
        } else if let Some(kind) = line.strip_prefix("```") {
            let block: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
            match kind {
                "sql" => recipes.push(Recipe {
                    title: title.clone(),
                    role: role.clone(),
                    sql: block.join("\n"),
                    output: String::new(),
                }),
                "text" => recipes.last_mut().expect("a statement stands before its output").output = block.join("\n"),
                other => panic!("a block of kind `{other}`: the cookbook has sql and text"),
            }
        }
    }
    recipes
}

#[tokio::test]
async fn every_statement_of_the_cookbook_runs_as_the_role_that_the_text_says_and_gives_the_columns_that_it_shows() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operations.md");
    let recipes = recipes(&fs::read_to_string(path).unwrap());
    let database = sample().await;
    for Recipe { title, role, sql, output } in &recipes {
        let mut conn = conn_as(&database, role).await;
        // Rolled back, so that each statement finds the same afternoon.
        let mut tx = conn.begin().await.unwrap();
        let prepared = (&mut *tx).prepare(AssertSqlSafe(sql.clone()).into_sql_str()).await;
        let prepared = prepared.unwrap_or_else(|error| panic!("{title}: {error}"));
        let columns: Vec<_> =
            sqlx::Statement::columns(&prepared).iter().map(|column| column.name().to_owned()).collect();
        let found = sqlx::query(AssertSqlSafe(sql.clone())).fetch_all(&mut *tx).await;
        let found = found.unwrap_or_else(|error| panic!("{title}: {error}"));
        tx.rollback().await.unwrap();
        let shown: Vec<_> =
            output.lines().next().unwrap_or_default().split('|').map(|cell| cell.trim().to_owned()).collect();
        assert_eq!(columns, shown, "{title}: what is shown is not what comes");
        // Who else is connected differs from one moment to the next.
        assert!(!found.is_empty() || sql.contains("ops.sessions()"), "{title}: the sample has nothing to show");
    }
    let questions: std::collections::BTreeSet<_> = recipes.iter().map(|recipe| &recipe.title).collect();
    assert_eq!(questions.len(), 20, "twenty questions: {questions:?}");
}
