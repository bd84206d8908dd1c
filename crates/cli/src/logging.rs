//! The log, on standard error.

use std::io::IsTerminal;

use tracing::level_filters::LevelFilter;

use crate::settings::LogLevel;

/// Starts logging. Later calls in the same process change nothing.
pub(crate) fn start(level: LogLevel) {
    let filter = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let terminal = std::io::stderr().is_terminal();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(filter)
        .with_target(false)
        .with_ansi(terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()))
        .finish();
    // An error means that there is a subscriber already: an embedding program's, whose choice counts.
    let _already_logging = tracing::subscriber::set_global_default(subscriber);
}
