//! How to start this program once more.

use std::ffi::OsString;
use std::path::PathBuf;

use tokio::process::Command;

/// The command that starts this program: the binary, or an interpreter with the module that the wheel installs.
#[derive(Debug, Clone)]
pub struct Launcher {
    /// The executable.
    pub program: PathBuf,
    /// What comes before the program's own arguments.
    pub arguments: Vec<OsString>,
}

impl Launcher {
    /// Starts the standalone binary again. `name` is how the process was called, which has to do where the kernel
    /// does not tell.
    #[must_use]
    pub fn standalone(name: Option<&OsString>) -> Self {
        let program = pybridge::interpreter::own_executable().or_else(|| name.map(PathBuf::from));
        Self {
            program: program.unwrap_or_else(|| "fastrapi-server".into()),
            arguments: Vec::new(),
        }
    }

    /// A worker process; `app` is only there for whoever reads the list of processes.
    pub(crate) fn worker(&self, app: Option<&str>) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).arg("run").args(app).arg("--worker");
        command
    }
}
