//! The archive of Python modules inside the binary, read in place.
//!
//! Layout, little-endian, written by `packaging/carry`: the magic number; the number of entries and the length of all
//! names (`u32` each); one record an entry, sorted by name; the names; the data. A record is the name's offset and
//! length, the data's offset (`u64`), its length as stored, and its length before compression, 0 if it is not
//! compressed. Code objects and shared libraries never are: they are used where they lie, in pages that all
//! worker processes share.

use std::sync::OnceLock;

const MAGIC: &[u8; 8] = b"FRCARRY1";
const HEADER: usize = 16;
const RECORD: usize = 24;

static CARRIED: OnceLock<Archive> = OnceLock::new();

/// A file in the archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) data: &'static [u8],
    /// Whether `data` is a zlib stream.
    pub(super) compressed: bool,
}

/// A validated archive.
#[derive(Debug, Clone, Copy)]
pub(super) struct Archive {
    bytes: &'static [u8],
    count: usize,
    names: usize,
    data: usize,
}

/// Declares the modules that the binary carries; to be called before [`initialize`](super::initialize). An empty
/// archive means that the Python installation the program was built with is used.
///
/// # Errors
/// `bytes` is not an archive, which is a fault of the build.
pub fn carry(bytes: &'static [u8]) -> Result<(), MalformedArchive> {
    if !bytes.is_empty() {
        let archive = Archive::open(bytes).ok_or(MalformedArchive)?;
        CARRIED.set(archive).map_err(|_| MalformedArchive)?;
    }
    Ok(())
}

/// The bytes are not an archive of Python modules, or there already is one.
#[derive(Debug, thiserror::Error)]
#[error("the Python modules carried in this program are damaged")]
pub struct MalformedArchive;

pub(super) fn carried() -> Option<Archive> {
    CARRIED.get().copied()
}

impl Archive {
    fn open(bytes: &'static [u8]) -> Option<Self> {
        let count = usize::try_from(number(bytes, MAGIC.len())?).ok()?;
        let length_of_names = usize::try_from(number(bytes, MAGIC.len() + 4)?).ok()?;
        let names = HEADER + count * RECORD;
        let data = names + length_of_names;
        (bytes.starts_with(MAGIC) && data <= bytes.len()).then_some(Self {
            bytes,
            count,
            names,
            data,
        })
    }

    /// The entry called `name`.
    pub(super) fn get(&self, name: &str) -> Option<Entry> {
        let index = self.position(name.as_bytes()).ok()?;
        let record = self.record(index)?;
        let offset = self.data + usize::try_from(u64::from_le_bytes(record[8..16].try_into().ok()?)).ok()?;
        let stored = usize::try_from(number(record, 16)?).ok()?;
        Some(Entry {
            data: self.bytes.get(offset..offset + stored)?,
            compressed: number(record, 20)? != 0,
        })
    }

    /// The path below which the files appear to be.
    pub(super) fn root(&self) -> Option<&'static str> {
        std::str::from_utf8(self.get("root")?.data).ok()
    }

    /// The names directly inside `directory`, without it, in order; those of subdirectories once, ending in `/`.
    pub(super) fn list(&self, directory: &str) -> Vec<&'static str> {
        let prefix = format!("{directory}/");
        let first = self
            .position(prefix.as_bytes())
            .unwrap_or_else(|position| position);
        let mut found: Vec<&'static str> = Vec::new();
        for name in (first..self.count).map_while(|index| self.name(index)) {
            let Some(rest) = name.strip_prefix(prefix.as_bytes()) else {
                break;
            };
            let Ok(rest) = std::str::from_utf8(rest) else {
                continue;
            };
            let child = rest.find('/').map_or(rest, |end| &rest[..=end]);
            if found.last() != Some(&child) {
                found.push(child);
            }
        }
        found
    }

    fn position(&self, name: &[u8]) -> Result<usize, usize> {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.name(middle).unwrap_or_default().cmp(name) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return Ok(middle),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        Err(low)
    }

    fn record(&self, index: usize) -> Option<&'static [u8]> {
        let start = HEADER + index * RECORD;
        self.bytes.get(start..start + RECORD)
    }

    fn name(&self, index: usize) -> Option<&'static [u8]> {
        let record = self.record(index)?;
        let start = self.names + usize::try_from(number(record, 0)?).ok()?;
        let length = usize::try_from(number(record, 4)?).ok()?;
        self.bytes.get(start..start + length)
    }
}

fn number(bytes: &[u8], offset: usize) -> Option<u32> {
    Some(u32::from_le_bytes(
        bytes.get(offset..offset + 4)?.try_into().ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(entries: &[(&str, &[u8], u32)]) -> &'static [u8] {
        let (mut records, mut names, mut data) = (Vec::new(), Vec::new(), Vec::new());
        for (name, content, uncompressed) in entries {
            records.extend(u32::try_from(names.len()).unwrap().to_le_bytes());
            records.extend(u32::try_from(name.len()).unwrap().to_le_bytes());
            records.extend(u64::try_from(data.len()).unwrap().to_le_bytes());
            records.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
            records.extend(uncompressed.to_le_bytes());
            names.extend(name.as_bytes());
            data.extend(*content);
        }
        let mut bytes = MAGIC.to_vec();
        bytes.extend(u32::try_from(entries.len()).unwrap().to_le_bytes());
        bytes.extend(u32::try_from(names.len()).unwrap().to_le_bytes());
        bytes.extend([records, names, data].concat());
        bytes.leak()
    }

    #[test]
    fn entries_are_found_by_name_and_nothing_else_is() {
        let archive =
            Archive::open(archive(&[("a", b"one", 0), ("a/b", b"", 0), ("c", b"three", 9)])).unwrap();
        assert_eq!(
            archive.get("a"),
            Some(Entry {
                data: b"one",
                compressed: false
            })
        );
        assert_eq!(
            archive.get("a/b"),
            Some(Entry {
                data: b"",
                compressed: false
            })
        );
        assert_eq!(
            archive.get("c"),
            Some(Entry {
                data: b"three",
                compressed: true
            })
        );
        for absent in ["", "a/", "b", "d"] {
            assert_eq!(archive.get(absent), None, "{absent}");
        }
    }

    #[test]
    fn a_directory_lists_its_children_once() {
        let entries: &[(&str, &[u8], u32)] = &[
            ("d.x", b"", 0),
            ("d/a/b", b"", 0),
            ("d/a/c", b"", 0),
            ("d/z", b"", 0),
            ("e", b"", 0),
        ];
        let archive = Archive::open(archive(entries)).unwrap();
        assert_eq!(archive.list("d"), ["a/", "z"]);
        assert_eq!(archive.list("d/a"), ["b", "c"]);
        assert!(archive.list("absent").is_empty());
    }

    #[test]
    fn damaged_bytes_are_refused_or_read_as_absent() {
        let whole = archive(&[("a", b"one", 0)]);
        assert!(Archive::open(b"").is_none());
        assert!(Archive::open(b"FRCARRY2\0\0\0\0\0\0\0\0").is_none());
        assert!(Archive::open(&whole[..HEADER + 3]).is_none());
        assert_eq!(Archive::open(&whole[..whole.len() - 1]).unwrap().get("a"), None);
    }
}
