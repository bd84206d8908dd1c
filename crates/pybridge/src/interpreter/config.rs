//! `PyConfig`: what CPython is told before it starts (PEP 587).

use std::ffi::{CStr, CString, OsStr, c_char};
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;

use pyo3::ffi;
use pyo3::prelude::*;

use super::archive;
use super::arenas;
use super::carried_module::carried_module;
use super::error::InterpreterError;
use super::frozen;
use super::program;
use super::venv::Venv;
use super::{InterpreterOptions, ModuleInit, PYTHON_VERSION};

/// The interpreter that the program was built with. Without carried modules it tells where the standard library is.
const BUILD_PYTHON: &str = env!("FASTRAPI_BUILD_PYTHON");

pub(super) fn start(options: &InterpreterOptions, venv: Option<&Venv>) -> Result<(), InterpreterError> {
    preinitialize()?;
    arenas::install();
    if let Some(init) = options.extension {
        register(c"fastrapi._core", init);
    }
    let carried = archive::carried();
    let mut config = Config::new();
    match carried {
        Some(archive) => {
            frozen::register(&archive).ok_or(InterpreterError::Damaged)?;
            register(c"_fastrapi_carried", carried_module::__pyo3_init);
            set_carried_paths(
                &mut config,
                archive.root().ok_or(InterpreterError::Damaged)?,
                venv,
            )?;
        }
        None => set_installed_paths(&mut config, venv)?,
    }
    config.set_argv(options)?;
    config.initialize()?;
    // SAFETY: `Py_InitializeFromConfig` left this thread attached; the state is found again by `PyGILState_Ensure`.
    unsafe { ffi::PyEval_SaveThread() };
    Python::attach(|py| {
        release_interrupt_signal(py)?;
        ignore_file_size_signal(py)?;
        if carried.is_some() {
            let environment = venv.map(|venv| venv.path.as_os_str());
            py.import("_fastrapi_importer")?
                .call_method1("complete", (environment,))?;
        }
        Ok(())
    })
    .map_err(InterpreterError::Prepare)
}

/// Everything is in the binary: no path is left for CPython to look for, and so none of its warnings to be had.
fn set_carried_paths(config: &mut Config, root: &str, venv: Option<&Venv>) -> Result<(), InterpreterError> {
    let library = format!("{root}/lib/python{PYTHON_VERSION}");
    let packages = format!("{root}/fastrapi");
    let root = OsStr::new(root);
    let program = program::own_executable().unwrap_or_default();
    let executable = venv.map_or_else(|| program.clone(), Venv::executable);
    let prefix = venv.map_or(root, |venv| venv.path.as_os_str());
    config.set(Field::ProgramName, executable.as_os_str())?;
    config.set(Field::Executable, executable.as_os_str())?;
    config.set(Field::BaseExecutable, program.as_os_str())?;
    config.set(Field::Prefix, prefix)?;
    config.set(Field::ExecPrefix, prefix)?;
    // Given, so that a `PYTHONHOME` in the environment, which belongs to another interpreter, is not looked at.
    config.set(Field::Home, root)?;
    config.set(Field::BasePrefix, root)?;
    config.set(Field::BaseExecPrefix, root)?;
    config.set(Field::PlatLibDir, OsStr::new("lib"))?;
    config.set(Field::StdlibDir, OsStr::new(&library))?;
    let asked_for = std::env::var_os("PYTHONPATH").unwrap_or_default();
    for path in std::env::split_paths(&asked_for).filter(|path| !path.as_os_str().is_empty()) {
        config.add_search_path(path.as_os_str())?;
    }
    config.add_search_path(OsStr::new(&library))?;
    config.add_search_path(OsStr::new(&format!("{library}/lib-dynload")))?;
    config.add_search_path(OsStr::new(&packages))
}

/// Nothing is carried: CPython works out the paths of the installation that the program was built with.
fn set_installed_paths(config: &mut Config, venv: Option<&Venv>) -> Result<(), InterpreterError> {
    if !BUILD_PYTHON.is_empty() {
        config.set(Field::ProgramName, OsStr::new(BUILD_PYTHON))?;
    }
    match venv {
        Some(venv) => config.set(Field::Executable, venv.executable().as_os_str()),
        None => Ok(()),
    }
}

/// The first import of `signal` claims SIGINT for `KeyboardInterrupt` even where `install_signal_handlers` is off.
/// Imports it here and takes the signal back, unless it was ignored when the process started.
fn release_interrupt_signal(py: Python<'_>) -> PyResult<()> {
    let signal = py.import("_signal")?;
    let interrupt = signal.getattr("SIGINT")?;
    if signal
        .call_method1("getsignal", (&interrupt,))?
        .is(&signal.getattr("default_int_handler")?)
    {
        signal.call_method1("signal", (&interrupt, signal.getattr("SIG_DFL")?))?;
    }
    Ok(())
}

/// A write beyond the file size limit (`ulimit -f`, systemd's `LimitFSIZE=`) is an `OSError` where Python installs its
/// handlers; by default it ends the process.
fn ignore_file_size_signal(py: Python<'_>) -> PyResult<()> {
    let signal = py.import("_signal")?;
    signal
        .call_method1("signal", (signal.getattr("SIGXFSZ")?, signal.getattr("SIG_IGN")?))
        .map(drop)
}

pub(super) fn stop() -> Result<(), InterpreterError> {
    // SAFETY: the interpreter runs; this thread attaches to it first, as `Py_FinalizeEx` requires.
    let status = unsafe {
        ffi::PyGILState_Ensure();
        ffi::Py_FinalizeEx()
    };
    if status == 0 {
        Ok(())
    } else {
        Err(InterpreterError::Finalize)
    }
}

/// UTF-8 mode whatever the locale: a service started without `LANG` must read the same files as a shell does.
fn preinitialize() -> Result<(), InterpreterError> {
    let mut preconfig = MaybeUninit::<ffi::PyPreConfig>::uninit();
    // SAFETY: `PyPreConfig_InitIsolatedConfig` fills the whole structure; nothing of Python runs yet.
    let status = unsafe {
        ffi::PyPreConfig_InitIsolatedConfig(preconfig.as_mut_ptr());
        let preconfig = preconfig.assume_init_mut();
        preconfig.use_environment = 1;
        preconfig.isolated = 0;
        preconfig.configure_locale = 1;
        preconfig.utf8_mode = 1;
        ffi::Py_PreInitialize(preconfig)
    };
    check(status)
}

fn register(name: &'static CStr, init: ModuleInit) {
    // SAFETY: the interpreter is not running yet and the name lives for ever. The only failure is lack of memory,
    // after which the module is missing and its import says so.
    unsafe { ffi::PyImport_AppendInittab(name.as_ptr(), Some(init)) };
}

enum Field {
    ProgramName,
    Executable,
    BaseExecutable,
    Prefix,
    ExecPrefix,
    BasePrefix,
    BaseExecPrefix,
    PlatLibDir,
    StdlibDir,
    Home,
}

struct Config(ffi::PyConfig);

impl Config {
    /// Isolated settings, except that the `PYTHON*` variables which tune an interpreter (`PYTHONHASHSEED`,
    /// `PYTHONMALLOC`, `PYTHONWARNINGS` …) keep working. Those that would move its files do not: paths are explicit.
    fn new() -> Self {
        let mut config = MaybeUninit::<ffi::PyConfig>::uninit();
        // SAFETY: `PyConfig_InitIsolatedConfig` fills the whole structure.
        let mut config = unsafe {
            ffi::PyConfig_InitIsolatedConfig(config.as_mut_ptr());
            config.assume_init()
        };
        config.isolated = 0;
        config.use_environment = 1;
        config.user_site_directory = 0;
        config.safe_path = 1;
        config.install_signal_handlers = 0;
        config.parse_argv = 0;
        config.site_import = 1;
        Self(config)
    }

    fn set(&mut self, field: Field, value: &OsStr) -> Result<(), InterpreterError> {
        let value = c_string(value, "a path")?;
        let config = &raw mut self.0;
        // SAFETY: `config` is initialised and the field belongs to it; CPython copies the text.
        let status = unsafe {
            let field = match field {
                Field::ProgramName => &raw mut (*config).program_name,
                Field::Executable => &raw mut (*config).executable,
                Field::BaseExecutable => &raw mut (*config).base_executable,
                Field::Prefix => &raw mut (*config).prefix,
                Field::ExecPrefix => &raw mut (*config).exec_prefix,
                Field::BasePrefix => &raw mut (*config).base_prefix,
                Field::BaseExecPrefix => &raw mut (*config).base_exec_prefix,
                Field::PlatLibDir => &raw mut (*config).platlibdir,
                Field::StdlibDir => &raw mut (*config).stdlib_dir,
                Field::Home => &raw mut (*config).home,
            };
            ffi::PyConfig_SetBytesString(config, field, value.as_ptr())
        };
        check(status)
    }

    fn add_search_path(&mut self, path: &OsStr) -> Result<(), InterpreterError> {
        let path = c_string(path, "a search path")?;
        self.0.module_search_paths_set = 1;
        // SAFETY: CPython is pre-initialised, as decoding needs; the decoded text is copied and then freed.
        unsafe {
            let decoded = ffi::Py_DecodeLocale(path.as_ptr(), std::ptr::null_mut());
            if decoded.is_null() {
                return Err(InterpreterError::Start {
                    message: "out of memory".to_owned(),
                    function: None,
                });
            }
            let status = ffi::PyWideStringList_Append(&raw mut self.0.module_search_paths, decoded);
            ffi::PyMem_RawFree(decoded.cast());
            check(status)
        }
    }

    fn set_argv(&mut self, options: &InterpreterOptions) -> Result<(), InterpreterError> {
        let arguments: Vec<CString> = options
            .argv
            .iter()
            .map(|argument| c_string(argument, "an argument"))
            .collect::<Result<_, _>>()?;
        let mut pointers: Vec<*const c_char> = arguments.iter().map(|argument| argument.as_ptr()).collect();
        let count = ffi::Py_ssize_t::try_from(pointers.len()).unwrap_or(0);
        // SAFETY: `pointers` holds `count` C strings, which CPython copies.
        check(unsafe { ffi::PyConfig_SetBytesArgv(&raw mut self.0, count, pointers.as_mut_ptr()) })
    }

    fn initialize(self) -> Result<(), InterpreterError> {
        // SAFETY: the configuration is complete and the interpreter does not run yet.
        check(unsafe { ffi::Py_InitializeFromConfig(&raw const self.0) })
    }
}

impl Drop for Config {
    fn drop(&mut self) {
        // SAFETY: initialised in `new` and cleared once.
        unsafe { ffi::PyConfig_Clear(&raw mut self.0) };
    }
}

fn c_string(value: &OsStr, what: &'static str) -> Result<CString, InterpreterError> {
    CString::new(value.as_bytes()).map_err(|_| InterpreterError::NulByte { what })
}

fn check(status: ffi::PyStatus) -> Result<(), InterpreterError> {
    // SAFETY: `status` was returned by CPython.
    if unsafe { ffi::PyStatus_Exception(status) } == 0 {
        return Ok(());
    }
    Err(InterpreterError::Start {
        message: text(status.err_msg).unwrap_or_else(|| format!("exit status {}", status.exitcode)),
        function: text(status.func),
    })
}

fn text(pointer: *const c_char) -> Option<String> {
    if pointer.is_null() {
        return None;
    }
    // SAFETY: not null, and CPython's messages are NUL-terminated constants.
    Some(unsafe { CStr::from_ptr(pointer) }.to_string_lossy().into_owned())
}
