//! Which directories and files matter.

use std::path::Path;

/// Whether Python modules of the application may be in this directory: environments, caches and hidden directories
/// (version control among them) are left out.
pub(super) fn is_directory_of_interest(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return false;
    };
    !name.starts_with('.')
        && !matches!(name, "__pycache__" | "node_modules" | "site-packages")
        && !path.join("pyvenv.cfg").exists()
}

/// Whether a change of this file changes the application.
pub(super) fn is_file_of_interest(path: &Path) -> bool {
    let named = |name: &str| path.file_name().is_some_and(|file| file == name);
    let hidden = path
        .file_name()
        .and_then(|name| name.to_str())
        .is_some_and(|name| name.starts_with('.'));
    named(".env") || !hidden && path.extension().is_some_and(|extension| extension == "py")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_matter_and_what_an_application_writes_does_not() {
        for file in ["app.py", "a/b.py", ".env"] {
            assert!(is_file_of_interest(Path::new(file)), "{file}");
        }
        for file in [
            "app.pyc",
            "app.py~",
            ".app.py.swp",
            ".#app.py",
            "data.json",
            "app.log",
            "db.sqlite3-wal",
        ] {
            assert!(!is_file_of_interest(Path::new(file)), "{file}");
        }
    }

    #[test]
    fn environments_caches_and_hidden_directories_are_left_out() {
        assert!(is_directory_of_interest(Path::new("app/routers")));
        for directory in [".git", ".venv", "__pycache__", "a/node_modules"] {
            assert!(!is_directory_of_interest(Path::new(directory)), "{directory}");
        }
    }
}
