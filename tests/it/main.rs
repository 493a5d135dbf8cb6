//! The service as a whole: real processes, a real PostgreSQL, real engines; and the rules of the house.
//!
//! `cargo nextest run` starts a throw-away PostgreSQL by itself. With plain `cargo test`, start one first:
//! `export BINDERY_TEST_DATABASE_URL=$(.ci/postgres start target/test-postgres)`.

#[cfg(test)]
mod api;
#[cfg(test)]
mod egress;
#[cfg(test)]
mod engines;
#[cfg(test)]
mod migrations;
#[cfg(test)]
mod ops;
#[cfg(test)]
mod pdfa;
#[cfg(test)]
mod problems;
#[cfg(test)]
mod processes;
#[cfg(test)]
mod queue;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod shell;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tidy;
#[cfg(test)]
mod trouble;
#[cfg(test)]
mod up;
#[cfg(test)]
mod workflows;
