//! The content of small files, in memory.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, PoisonError, RwLock};

use super::entity::Entity;

/// Larger files are not kept.
pub(super) const MAX_FILE: u64 = 1024 * 1024;
/// How much is kept of all files of one directory.
const MAX_TOTAL: usize = 32 * 1024 * 1024;
/// What an entry takes besides the content, so that empty files are bounded as well.
const ENTRY: usize = 1024;

/// Files by the paths under which they were asked for. It says nothing about whether they are still the same.
#[derive(Debug, Default)]
pub(super) struct Memory(RwLock<Kept>);

#[derive(Debug, Default)]
struct Kept {
    by_path: HashMap<Arc<str>, Arc<Entity>>,
    /// The paths, the oldest first.
    order: VecDeque<Arc<str>>,
    total: usize,
}

impl Memory {
    pub(super) fn get(&self, path: &str) -> Option<Arc<Entity>> {
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
        kept.by_path.get(path).cloned()
    }

    /// Keeps a file, in place of older ones if there is no room.
    pub(super) fn keep(&self, path: &str, entity: Arc<Entity>) {
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        kept.insert(path.into(), entity);
        kept.shrink();
    }
}

impl Kept {
    fn insert(&mut self, path: Arc<str>, entity: Arc<Entity>) {
        self.total += weight(&entity);
        match self.by_path.insert(Arc::clone(&path), entity) {
            Some(former) => self.total -= weight(&former),
            None => self.order.push_back(path),
        }
    }

    fn shrink(&mut self) {
        while self.total > MAX_TOTAL {
            let Some(oldest) = self.order.pop_front() else {
                return;
            };
            if let Some(entity) = self.by_path.remove(&oldest) {
                self.total -= weight(&entity);
            }
        }
    }
}

fn weight(entity: &Entity) -> usize {
    ENTRY + entity.content.as_ref().map_or(0, bytes::Bytes::len)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderValue;

    use super::*;

    fn file_of(size: usize) -> Arc<Entity> {
        let metadata = std::fs::metadata(std::env::temp_dir()).unwrap();
        let mut entity = Entity::new(&metadata, HeaderValue::from_static("text/plain")).unwrap();
        entity.content = Some(Bytes::from(vec![0; size]));
        Arc::new(entity)
    }

    #[test]
    fn the_oldest_go_when_there_is_no_room() {
        let memory = Memory::default();
        let quarter = MAX_TOTAL / 4;
        for path in ["a", "b", "c", "a"] {
            memory.keep(path, file_of(quarter));
        }
        assert!(memory.get("a").is_some() && memory.get("c").is_some());
        memory.keep("d", file_of(quarter));
        assert!(memory.get("a").is_none(), "its place is that of its first coming");
        assert!(memory.get("b").is_some() && memory.get("d").is_some());
        assert_eq!(memory.0.read().unwrap().total, 3 * (quarter + ENTRY));
    }
}
