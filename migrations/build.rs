//! Rebuilds the crate when a migration is added: `embed_migrations!` does not notice a new file itself.
fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
