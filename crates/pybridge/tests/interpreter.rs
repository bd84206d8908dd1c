//! Starting the embedded interpreter. A process can do this once, so this file holds one test.

use std::ffi::{CStr, OsString};
use std::path::PathBuf;

use pybridge::interpreter::{self, InterpreterError, InterpreterOptions, PYTHON_VERSION, VenvSource};
use pyo3::prelude::*;

struct TemporaryDirectory(PathBuf);

impl Drop for TemporaryDirectory {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

fn evaluate(expression: &CStr) -> String {
    Python::attach(|py| {
        let locals = pyo3::types::PyDict::new(py);
        py.run(
            c"import os, signal, site, ssl, sqlite3, ctypes, subprocess, sys",
            Some(&locals),
            None,
        )
        .unwrap();
        py.eval(expression, Some(&locals), None)
            .unwrap()
            .str()
            .unwrap()
            .to_string()
    })
}

#[test]
fn the_interpreter_starts_in_the_environment_it_was_given() {
    let directory = std::env::temp_dir().join(format!("fastrapi-interpreter-{}", std::process::id()));
    let packages = directory
        .join("lib")
        .join(format!("python{PYTHON_VERSION}"))
        .join("site-packages");
    let extra = directory.join("extra");
    std::fs::create_dir_all(&packages).unwrap();
    std::fs::create_dir_all(&extra).unwrap();
    let _cleanup = TemporaryDirectory(directory.clone());
    std::fs::write(
        directory.join("pyvenv.cfg"),
        format!("home = /usr/bin\nversion = {PYTHON_VERSION}.1\n"),
    )
    .unwrap();
    std::fs::write(packages.join("extra.pth"), extra.to_str().unwrap()).unwrap();

    let options = InterpreterOptions {
        venv: Some(directory.clone()),
        argv: vec![OsString::from("fastrapi-server"), OsString::from("app:app")],
        ..InterpreterOptions::default()
    };
    assert!(!interpreter::is_initialized());
    let venv = interpreter::initialize(&options).unwrap().unwrap();
    assert!(interpreter::is_initialized());
    assert_eq!(venv.source, VenvSource::Option);

    assert_eq!(evaluate(c"sys.prefix"), directory.to_str().unwrap());
    assert_eq!(evaluate(c"sys.executable"), venv.executable().to_str().unwrap());
    assert_eq!(evaluate(c"sys.argv"), "['fastrapi-server', 'app:app']");
    assert_eq!(
        evaluate(c"'.'.join(map(str, sys.version_info[:2]))"),
        PYTHON_VERSION
    );
    let found = format!("[{:?}, {:?}]", packages, extra).replace('"', "'");
    assert_eq!(
        evaluate(c"[path for path in sys.path if path.startswith(sys.prefix)]"),
        found
    );
    assert_eq!(
        evaluate(c"sys.flags.utf8_mode, sys.flags.no_user_site, sys.flags.safe_path"),
        "(1, 1, True)"
    );
    // Signals are the server's business: SIGINT must not raise KeyboardInterrupt somewhere in the application. It stays
    // as it was, which may be ignored: shells start background jobs so.
    assert_eq!(
        evaluate(c"signal.getsignal(signal.SIGINT) in (signal.SIG_DFL, signal.SIG_IGN)"),
        "True"
    );
    assert_eq!(
        evaluate(c"signal.getsignal(signal.SIGXFSZ) is signal.SIG_IGN"),
        "True"
    );
    assert_eq!(evaluate(c"'PYTHONHOME' in os.environ"), "False");

    assert!(matches!(
        interpreter::initialize(&options),
        Err(InterpreterError::AlreadyRunning)
    ));
    interpreter::finalize().unwrap();
}
