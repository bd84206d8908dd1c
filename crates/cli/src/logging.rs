//! The log, on standard error.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};

use server::layers::access_log::{AccessLog, AccessRecord};
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

/// Records that may wait to be written; more are lost rather than requests held up.
const ACCESS_QUEUE: usize = 8192;
static LOST: AtomicU64 = AtomicU64::new(0);

/// An access log whose lines are written by a thread of its own: a terminal or pipe that nobody reads would otherwise
/// stop the threads that serve.
pub(crate) fn access_log() -> AccessLog {
    let (queue, records) = sync_channel(ACCESS_QUEUE);
    let writer = std::thread::Builder::new()
        .name("access-log".into())
        .spawn(move || write_records(&records));
    if let Err(error) = writer {
        tracing::error!("no access log: {error}");
    }
    AccessLog::new(move |record| {
        if queue.try_send(record).is_err() {
            LOST.fetch_add(1, Ordering::Relaxed);
        }
    })
}

fn write_records(records: &Receiver<AccessRecord>) {
    while let Ok(record) = records.recv() {
        tracing::info!("{record}");
        let lost = LOST.swap(0, Ordering::Relaxed);
        if lost > 0 {
            tracing::warn!("{lost} lines of the access log were lost");
        }
    }
}
