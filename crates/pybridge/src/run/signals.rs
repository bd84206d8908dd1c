//! SIGINT and SIGTERM, taken by tokio so that they are seen while Python is busy.
use pyo3::prelude::*;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Waits for the two signals that stop the server.
#[derive(Debug)]
pub(super) struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignals {
    /// Installs the handlers; within a runtime.
    pub(super) fn install() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// The number of the next signal.
    pub(super) async fn next(&mut self) -> i32 {
        tokio::select! {
            _ = self.interrupt.recv() => SignalKind::interrupt().as_raw_value(),
            _ = self.terminate.recv() => SignalKind::terminate().as_raw_value(),
        }
    }
}

/// Keeps Python from turning SIGINT into a `KeyboardInterrupt` on the main thread, in the middle of the event loop.
/// A handler of the application's own stays.
pub(super) fn take_from_python(py: Python<'_>) -> PyResult<()> {
    let module = py.import("signal")?;
    let interrupt = module.getattr("SIGINT")?;
    let present = module.call_method1("getsignal", (&interrupt,))?;
    if present.is(&module.getattr("default_int_handler")?) {
        module.call_method1("signal", (interrupt, module.getattr("SIG_DFL")?))?;
    }
    Ok(())
}
