//! `bindery migrate`: the schema.

use super::{config::Config, logging, parts, print};
use crate::storage::{self, pool};

/// Applies missing migrations and says which.
///
/// # Errors
/// When the database cannot be reached or a migration fails.
pub(super) async fn migrate(config: Config) -> anyhow::Result<()> {
    logging::start(&config);
    let mut conn = pool::connect(&parts::session(&config)?).await?;
    let applied = storage::migrate(&mut conn).await?;
    for name in &applied {
        print(name);
    }
    print(&format!("the schema is at version {}, {} migrations applied", storage::migrate::version(), applied.len()));
    Ok(())
}
