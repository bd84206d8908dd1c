//! What the files held when they were last looked at.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// A hash of each file's content. Editors and tools write files again without changing them, and one save is several
/// events; only new content is a change.
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    contents: HashMap<PathBuf, u64>,
}

impl Snapshot {
    /// Takes the file's content as known.
    pub(super) fn remember(&mut self, path: &Path) {
        if let Some(content) = content(path) {
            self.contents.insert(path.to_owned(), content);
        }
    }

    /// Takes the file's content as unknown.
    pub(super) fn forget(&mut self, path: &Path) {
        self.contents.remove(path);
    }

    /// Whether the file has another content than before, is new, or is gone.
    pub(super) fn has_changed(&mut self, path: &Path) -> bool {
        match content(path) {
            Some(content) => self.contents.insert(path.to_owned(), content) != Some(content),
            None => self.contents.remove(path).is_some(),
        }
    }
}

/// None for a file that does not exist or cannot be read, which Python cannot either.
fn content(path: &Path) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    std::fs::read(path).ok()?.hash(&mut hasher);
    Some(hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_new_content_is_a_change() {
        let path = std::env::temp_dir().join(format!("fastrapi-snapshot-{}.py", std::process::id()));
        let mut snapshot = Snapshot::default();
        assert!(!snapshot.has_changed(&path));
        std::fs::write(&path, "a").unwrap();
        assert!(snapshot.has_changed(&path));
        std::fs::write(&path, "a").unwrap();
        assert!(!snapshot.has_changed(&path));
        std::fs::write(&path, "b").unwrap();
        snapshot.remember(&path);
        assert!(!snapshot.has_changed(&path));
        snapshot.forget(&path);
        assert!(snapshot.has_changed(&path));
        std::fs::remove_file(&path).unwrap();
        assert!(snapshot.has_changed(&path));
        assert!(!snapshot.has_changed(&path));
    }
}
