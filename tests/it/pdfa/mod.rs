//! The validator of PDF/A against the verdicts of others, and as a command.

mod cases;
mod command;
