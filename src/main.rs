//! The `bindery` program. Everything is in the library; this hands it the arguments and the exit code.

fn main() -> std::process::ExitCode {
    bindery::cli::run(std::env::args_os())
}
