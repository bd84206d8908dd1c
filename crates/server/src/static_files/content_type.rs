//! The values of `Content-Type`, asked of the application once for each kind of name.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use http::HeaderValue;

/// Tells the `Content-Type` of a file from its name; `None` if it cannot.
pub type ContentTypeOf = Arc<dyn Fn(&str) -> Option<HeaderValue> + Send + Sync>;

/// How many suffixes are remembered.
const MOST: usize = 1024;

pub(super) struct ContentTypes {
    of_name: ContentTypeOf,
    by_suffix: RwLock<HashMap<Box<str>, HeaderValue>>,
}

impl fmt::Debug for ContentTypes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ContentTypes")
            .field("by_suffix", &self.by_suffix)
            .finish_non_exhaustive()
    }
}

impl ContentTypes {
    pub(super) fn new(of_name: ContentTypeOf) -> Self {
        Self {
            of_name,
            by_suffix: RwLock::default(),
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<HeaderValue> {
        let suffix = suffix(name);
        let known = self.by_suffix.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = known.get(suffix) {
            return Some(value.clone());
        }
        // The application must not be asked while the lock is held.
        drop(known);
        let value = (self.of_name)(&format!("name{suffix}"))?;
        let mut known = self.by_suffix.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(suffix.into(), value.clone());
        Some(value)
    }
}

/// All that decides: the extensions. The dots that a name begins with start none.
fn suffix(name: &str) -> &str {
    let name = name.trim_start_matches('.');
    name.find('.').map_or("", |dot| &name[dot..])
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn suffixes() {
        for (name, expected) in [
            ("a.txt", ".txt"),
            ("a.tar.gz", ".tar.gz"),
            (".profile", ""),
            ("..a.js", ".js"),
            ("README", ""),
        ] {
            assert_eq!(suffix(name), expected, "{name}");
        }
    }

    #[test]
    fn the_application_is_asked_once_for_each_suffix() {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        let types = ContentTypes::new(Arc::new(move |name| {
            seen.lock().unwrap().push(name.to_owned());
            Some(HeaderValue::from_static("text/x"))
        }));
        for name in ["a.txt", "b.txt", "c", "d"] {
            assert_eq!(types.get(name), Some(HeaderValue::from_static("text/x")));
        }
        assert_eq!(*asked.lock().unwrap(), ["name.txt", "name"]);
        for number in 0..2 * MOST {
            types.get(&format!("a.{number}"));
        }
        assert!(types.by_suffix.read().unwrap().len() <= MOST);
    }
}
