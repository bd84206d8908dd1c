//! The standalone binary.

use std::ffi::OsString;
use std::process::ExitCode;

use _core::Launcher;
use pybridge::interpreter;

/// Request handling makes many small allocations on many threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The Python modules that the binary carries; empty in a build without them.
static CARRIED: &[u8] = include_bytes!(env!("FASTRAPI_CARRIED_FILE"));

fn main() -> ExitCode {
    if let Err(error) = interpreter::carry(CARRIED) {
        eprintln!("error: {error}");
        return ExitCode::from(_core::Exit::Internal.code());
    }
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let launcher = Launcher::standalone(arguments.first());
    ExitCode::from(_core::run(arguments, launcher).code())
}
