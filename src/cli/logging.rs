//! Where log lines go.

use tracing_subscriber::EnvFilter;

use super::config::{Config, LogFormat};

/// Starts logging to standard error, as text or JSON.
pub(super) fn start(config: &Config) {
    let builder = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(&config.log))
        .with_writer(std::io::stderr)
        .with_target(false);
    match config.log_format {
        LogFormat::Text => builder.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).init(),
        LogFormat::Json => builder.json().flatten_event(true).init(),
    }
}

/// Starts logging in an engine host: warnings only, since its standard error is kept with the attempt.
pub(super) fn start_engine() {
    tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_writer(std::io::stderr).with_ansi(false).init();
}
