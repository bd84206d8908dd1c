//! Finding the virtual environment whose packages the application uses.

use std::fs;
use std::path::{Path, PathBuf};

use super::PYTHON_VERSION;
use super::error::InterpreterError;

/// How a virtual environment was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VenvSource {
    /// `--venv`.
    Option,
    /// The variable `VIRTUAL_ENV`, which an activated environment sets.
    Environment,
    /// A directory `.venv` beside the application or in the working directory.
    Found,
}

/// A virtual environment of the right Python version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Venv {
    /// Its directory, absolute.
    pub path: PathBuf,
    /// How it was chosen.
    pub source: VenvSource,
}

impl Venv {
    /// The interpreter's path inside the environment. It tells CPython's `site` which environment is active, and is
    /// `sys.executable`; the file need not exist.
    #[must_use]
    pub fn executable(&self) -> PathBuf {
        self.path.join("bin").join("python")
    }

    /// The directory that packages are installed into.
    #[must_use]
    pub fn site_packages(&self) -> PathBuf {
        self.path
            .join("lib")
            .join(format!("python{PYTHON_VERSION}"))
            .join("site-packages")
    }
}

/// The environment to use, if there is one: the `named` one, else the activated one, else `.venv` in `app_dir` or in
/// the working directory.
pub(super) fn discover(named: Option<&Path>, app_dir: &Path) -> Result<Option<Venv>, InterpreterError> {
    let activated = std::env::var_os("VIRTUAL_ENV")
        .filter(|value| !value.is_empty())
        .map(PathBuf::from);
    discover_from(named, activated.as_deref(), &[app_dir, Path::new("")])
}

fn discover_from(
    named: Option<&Path>,
    activated: Option<&Path>,
    beside: &[&Path],
) -> Result<Option<Venv>, InterpreterError> {
    if let Some(path) = named {
        return check(path, VenvSource::Option).map(Some);
    }
    if let Some(path) = activated {
        return check(path, VenvSource::Environment).map(Some);
    }
    beside
        .iter()
        .map(|directory| directory.join(".venv"))
        .find(|candidate| candidate.join("pyvenv.cfg").is_file())
        .map(|path| check(&path, VenvSource::Found))
        .transpose()
}

fn check(path: &Path, source: VenvSource) -> Result<Venv, InterpreterError> {
    let not_a_venv = |reason: String| InterpreterError::NotAVenv {
        path: path.to_owned(),
        source_of_path: source,
        reason,
    };
    let settings = fs::read_to_string(path.join("pyvenv.cfg"))
        .map_err(|error| not_a_venv(format!("pyvenv.cfg cannot be read: {error}")))?;
    let absolute = std::path::absolute(path).map_err(|error| not_a_venv(error.to_string()))?;
    let venv = Venv {
        path: absolute,
        source,
    };
    let found = version_in(&settings).or_else(|| version_of_library(&venv.path));
    match found {
        Some(found) if found != PYTHON_VERSION => Err(InterpreterError::VersionMismatch {
            path: venv.path,
            source_of_path: source,
            found,
        }),
        Some(_) => match other_package(&venv) {
            Some(found) => Err(InterpreterError::PackageMismatch {
                path: venv.path,
                found,
            }),
            None => Ok(venv),
        },
        None => Err(not_a_venv("its Python version is not recorded".to_owned())),
    }
}

/// The version of the wheel `fastrapi-server` that is installed in the environment, if it is not this program's.
fn other_package(venv: &Venv) -> Option<String> {
    fs::read_dir(venv.site_packages()).ok()?.find_map(|entry| {
        let name = entry.ok()?.file_name();
        let version = name
            .to_str()?
            .strip_prefix("fastrapi_server-")?
            .strip_suffix(".dist-info")?;
        (version != env!("CARGO_PKG_VERSION")).then(|| version.to_owned())
    })
}

/// The `major.minor` version in a `pyvenv.cfg`. The key is `version` in environments of the standard library's `venv`
/// and `version_info` in those of virtualenv and uv; keys are compared in lower case, as CPython's `site` does.
fn version_in(settings: &str) -> Option<String> {
    settings.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        let key = key.trim().to_ascii_lowercase();
        if key != "version" && key != "version_info" {
            return None;
        }
        let mut parts = value.trim().split('.');
        Some(format!("{}.{}", parts.next()?, parts.next()?))
    })
}

/// The version that the environment's library directory is named after.
fn version_of_library(path: &Path) -> Option<String> {
    let mut versions = fs::read_dir(path.join("lib")).ok()?.filter_map(|entry| {
        let name = entry.ok()?.file_name();
        name.to_str()?.strip_prefix("python").map(str::to_owned)
    });
    versions.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Directory(PathBuf);

    impl Directory {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("fastrapi-venv-{name}-{}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn venv(&self, name: &str, settings: &str) -> PathBuf {
            let path = self.0.join(name);
            fs::create_dir_all(&path).unwrap();
            fs::write(path.join("pyvenv.cfg"), settings).unwrap();
            path
        }
    }

    impl Drop for Directory {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    fn right_version() -> String {
        format!("home = /usr/bin\nversion = {PYTHON_VERSION}.2\n")
    }

    #[test]
    fn the_named_environment_wins_over_the_activated_one_and_that_over_a_neighbour() {
        let directory = Directory::new("order");
        let named = directory.venv("named", &right_version());
        let activated = directory.venv("activated", &right_version());
        let neighbour = directory.venv(".venv", &right_version());
        let beside = [directory.0.as_path()];
        let chosen = |named: Option<&PathBuf>, activated: Option<&PathBuf>| {
            discover_from(
                named.map(PathBuf::as_path),
                activated.map(PathBuf::as_path),
                &beside,
            )
            .unwrap()
            .unwrap()
        };
        assert_eq!(
            chosen(Some(&named), Some(&activated)),
            Venv {
                path: named.clone(),
                source: VenvSource::Option
            }
        );
        assert_eq!(
            chosen(None, Some(&activated)),
            Venv {
                path: activated.clone(),
                source: VenvSource::Environment
            }
        );
        assert_eq!(
            chosen(None, None),
            Venv {
                path: neighbour,
                source: VenvSource::Found
            }
        );
    }

    #[test]
    fn no_environment_is_no_error() {
        let directory = Directory::new("none");
        assert_eq!(discover_from(None, None, &[&directory.0]).unwrap(), None);
    }

    #[test]
    fn a_missing_environment_that_was_asked_for_is_an_error() {
        let directory = Directory::new("missing");
        let missing = directory.0.join("missing");
        for (named, activated) in [(Some(missing.as_path()), None), (None, Some(missing.as_path()))] {
            let error = discover_from(named, activated, &[]).unwrap_err();
            assert!(matches!(error, InterpreterError::NotAVenv { .. }), "{error}");
            assert!(error.hint().is_some());
        }
    }

    #[test]
    fn an_environment_of_another_python_is_refused() {
        let directory = Directory::new("version");
        let path = directory.venv("old", "home = /usr/bin\nversion_info = 3.8.18.final.0\n");
        let error = discover_from(Some(&path), None, &[]).unwrap_err();
        let InterpreterError::VersionMismatch { found, .. } = &error else {
            panic!("{error}")
        };
        assert_eq!(found, "3.8");
    }

    #[test]
    fn an_environment_with_the_wheel_of_another_version_is_refused() {
        let directory = Directory::new("wheel");
        let path = directory.venv("venv", &right_version());
        let packages = path
            .join("lib")
            .join(format!("python{PYTHON_VERSION}"))
            .join("site-packages");
        fs::create_dir_all(packages.join(format!("fastrapi_server-{}.dist-info", env!("CARGO_PKG_VERSION"))))
            .unwrap();
        assert!(discover_from(Some(&path), None, &[]).is_ok());
        fs::create_dir_all(packages.join("fastrapi_server-99.0.dist-info")).unwrap();
        let error = discover_from(Some(&path), None, &[]).unwrap_err();
        assert!(
            matches!(&error, InterpreterError::PackageMismatch { found, .. } if found == "99.0"),
            "{error}"
        );
    }

    #[test]
    fn the_library_directory_tells_the_version_where_the_settings_do_not() {
        let directory = Directory::new("library");
        let path = directory.venv("bare", "home = /usr/bin\n");
        assert!(discover_from(Some(&path), None, &[]).is_err());
        fs::create_dir_all(path.join("lib").join(format!("python{PYTHON_VERSION}"))).unwrap();
        assert!(discover_from(Some(&path), None, &[]).is_ok());
    }
}
