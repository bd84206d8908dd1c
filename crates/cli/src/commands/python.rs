//! Starting Python, with what the settings say about it.

use pybridge::dropin::{self, DropInMode};
use pybridge::interpreter::{self, InterpreterError, InterpreterOptions};
use pybridge::loader::AppTarget;

use crate::exit::Exit;
use crate::module::core_module;
use crate::report::Report;
use crate::settings::{FastApiMode, Settings};

/// Starts the interpreter, unless this process is one, and decides what `import fastapi` finds. Returns what the user
/// should know of that.
pub(super) fn start(settings: &Settings) -> Result<Option<String>, Report> {
    start_interpreter(settings)?;
    let mode = match settings.fastapi {
        FastApiMode::Auto => DropInMode::Auto,
        FastApiMode::Replace => DropInMode::Replace,
        FastApiMode::Real => DropInMode::Real,
        FastApiMode::Native => DropInMode::Native,
    };
    dropin::choose(mode).map_err(|error| {
        Report::new(Exit::Configuration, "--fastapi cannot be satisfied").cause(error.to_string())
    })
}

fn start_interpreter(settings: &Settings) -> Result<(), Report> {
    if interpreter::is_initialized() {
        if settings.venv.is_some() {
            return Err(Report::new(Exit::Configuration, "--venv has no meaning here")
                .cause("this fastrapi-server runs in the Python environment that it is installed in"));
        }
        return Ok(());
    }
    let options = InterpreterOptions {
        venv: settings.venv.clone(),
        app_dir: settings.app_dir.clone(),
        argv: vec!["fastrapi-server".into()],
        extension: Some(core_module::__pyo3_init),
    };
    interpreter::initialize(&options).map_err(|error| cannot_start(&error))?;
    Ok(())
}

fn cannot_start(error: &InterpreterError) -> Report {
    let exit = match error {
        InterpreterError::NotAVenv { .. }
        | InterpreterError::VersionMismatch { .. }
        | InterpreterError::PackageMismatch { .. } => Exit::Configuration,
        _ => Exit::Internal,
    };
    Report::new(exit, "Python cannot be started")
        .cause(error.to_string())
        .maybe_hint(error.hint())
}

/// The application that the settings name.
pub(super) fn target(settings: &Settings) -> AppTarget {
    AppTarget {
        spec: settings.app.clone(),
        factory: settings.factory,
        app_dir: settings.app_dir.clone(),
    }
}
