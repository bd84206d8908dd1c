//! Shared libraries of the archive as files, since the dynamic linker loads nothing else.
//!
//! They are written once into a directory that belongs to the user, is closed to everyone else and is named after the
//! libraries' content. Where no such directory can be had, they live in memory for as long as the process does.

use std::collections::HashSet;
use std::ffi::CString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::IntoRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use rustix::fs::MemfdFlags;

use super::archive::{Archive, Entry};
use super::unpack_directory::{Candidate, UnpackDirectory};

/// A shared library that could not be made available.
#[derive(Debug, thiserror::Error)]
pub(super) enum UnpackError {
    #[error("{0} is not carried in this program")]
    Absent(String),
    #[error("{name} could not be loaded: {reason}")]
    Load { name: String, reason: String },
    #[error("{name} has nowhere to be loaded from: {directory}; {memory}")]
    NoPlace {
        name: String,
        directory: String,
        memory: io::Error,
    },
}

/// The path of a file with the content of `name`, after loading the libraries that `packaging/carry` found it to need.
pub(super) fn shared_library(archive: &Archive, name: &str) -> Result<PathBuf, UnpackError> {
    static LOADED: Mutex<Option<HashSet<String>>> = Mutex::new(None);
    let needed = archive
        .get(&format!("{name}.needs"))
        .map(|entry| entry.data)
        .unwrap_or_default();
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    let loaded = loaded.get_or_insert_with(HashSet::new);
    for library in String::from_utf8_lossy(needed).lines() {
        if !loaded.contains(library) {
            load(library, &place(archive, library)?)?;
            loaded.insert(library.to_owned());
        }
    }
    place(archive, name)
}

/// Loads a library for good. The dynamic linker then takes it wherever its name (`SONAME`) is asked for.
fn load(name: &str, path: &Path) -> Result<(), UnpackError> {
    let failed = |reason: String| UnpackError::Load {
        name: name.to_owned(),
        reason,
    };
    let path = CString::new(path.as_os_str().as_bytes()).map_err(|error| failed(error.to_string()))?;
    // SAFETY: `path` is a C string; the constructors that run are those of a library the build chose to carry.
    if unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_LAZY | libc::RTLD_LOCAL) }.is_null() {
        // SAFETY: after a failure `dlerror` returns a string that is valid until the next call in this thread.
        let reason = unsafe { std::ffi::CStr::from_ptr(libc::dlerror()) }
            .to_string_lossy()
            .into_owned();
        return Err(failed(reason));
    }
    Ok(())
}

fn place(archive: &Archive, name: &str) -> Result<PathBuf, UnpackError> {
    static DIRECTORY: OnceLock<Result<UnpackDirectory, String>> = OnceLock::new();
    let entry = archive
        .get(name)
        .ok_or_else(|| UnpackError::Absent(name.to_owned()))?;
    let digest = archive
        .get("digest")
        .map(|entry| String::from_utf8_lossy(entry.data))
        .unwrap_or_default();
    let directory = DIRECTORY.get_or_init(|| choose(&candidates(), &digest));
    let written = match directory {
        Ok(UnpackDirectory { path, .. }) => {
            in_directory(path, name, entry).map_err(|error| format!("{}: {error}", path.display()))
        }
        Err(reason) => Err(reason.clone()),
    };
    written.or_else(|reason| {
        in_memory(name, entry).map_err(|memory| UnpackError::NoPlace {
            name: name.to_owned(),
            directory: reason,
            memory,
        })
    })
}

/// Best first: systemd's cache directory of the service, the user's cache directory, and memory-backed or temporary
/// file systems.
fn candidates() -> Vec<Candidate> {
    let variable = |name| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let user = rustix::process::geteuid().as_raw();
    let caches = [
        variable("CACHE_DIRECTORY"),
        variable("XDG_CACHE_HOME").map(|path| path.join("fastrapi-server")),
        variable("HOME").map(|path| path.join(".cache").join("fastrapi-server")),
    ];
    let temporary = [std::env::temp_dir(), PathBuf::from("/dev/shm")];
    let temporary = temporary.map(|base| base.join(format!("fastrapi-server-{user}")));
    let caches = caches.into_iter().flatten().map(|path| Candidate {
        path,
        recursive: true,
    });
    caches
        .chain(temporary.into_iter().map(|path| Candidate {
            path,
            recursive: false,
        }))
        .collect()
}

fn choose(candidates: &[Candidate], digest: &str) -> Result<UnpackDirectory, String> {
    let mut reasons = Vec::new();
    for candidate in candidates {
        match UnpackDirectory::open(candidate, digest) {
            Ok(directory) => return Ok(directory),
            Err(error) => reasons.push(format!("{}: {error}", candidate.path.display())),
        }
    }
    Err(reasons.join("; "))
}

fn in_directory(directory: &Path, name: &str, entry: Entry) -> io::Result<PathBuf> {
    let file_name = name.replace('/', "-");
    let path = directory.join(&file_name);
    if is_complete(&path, entry) {
        return Ok(path);
    }
    // Another process may be doing the same: each writes a file of its own, and renaming replaces whole files.
    let partial = directory.join(format!(".{file_name}.{}", std::process::id()));
    let mut file = match new_file(&partial) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(&partial)?;
            new_file(&partial)?
        }
        created => created?,
    };
    if let Err(error) = file
        .write_all(entry.data)
        .and_then(|()| fs::rename(&partial, &path))
    {
        fs::remove_file(&partial)?;
        return Err(error);
    }
    Ok(path)
}

fn new_file(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o500)
        .open(path)
}

/// Whether an earlier start left the whole file. Its directory is ours alone, so its length tells enough.
fn is_complete(path: &Path, entry: Entry) -> bool {
    fs::symlink_metadata(path)
        .is_ok_and(|found| found.is_file() && usize::try_from(found.len()) == Ok(entry.data.len()))
}

fn in_memory(name: &str, entry: Entry) -> io::Result<PathBuf> {
    let mut file = File::from(rustix::fs::memfd_create(name, MemfdFlags::CLOEXEC)?);
    file.write_all(entry.data)?;
    // The descriptor stays open: the path leads to it.
    let path = PathBuf::from(format!("/proc/self/fd/{}", file.into_raw_fd()));
    fs::symlink_metadata(&path)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use std::fs::DirBuilder;
    use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, symlink};

    use super::*;

    const ENTRY: Entry = Entry {
        data: b"a library",
        compressed: false,
    };

    struct Base(PathBuf);

    impl Base {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("fastrapi-unpack-{name}-{}", std::process::id()));
            DirBuilder::new().mode(0o700).create(&path).unwrap();
            Self(path.canonicalize().unwrap())
        }
    }

    impl Drop for Base {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    fn in_cache(path: PathBuf) -> Candidate {
        Candidate {
            path,
            recursive: true,
        }
    }

    #[test]
    fn a_library_is_written_once_and_repaired_if_it_was_cut_off() {
        let base = Base::new("once");
        let directory = choose(&[in_cache(base.0.join("cache"))], "digest").unwrap().path;
        assert_eq!(fs::metadata(&directory).unwrap().mode() & 0o777, 0o700);
        let path = in_directory(&directory, "lib/x.so", ENTRY).unwrap();
        let first = fs::metadata(&path).unwrap().ino();
        assert_eq!(in_directory(&directory, "lib/x.so", ENTRY).unwrap(), path);
        assert_eq!(fs::metadata(&path).unwrap().ino(), first);
        fs::remove_file(&path).unwrap();
        fs::write(&path, b"a lib").unwrap();
        in_directory(&directory, "lib/x.so", ENTRY).unwrap();
        assert_eq!(fs::read(&path).unwrap(), ENTRY.data);
        // The library, and the lock.
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 2);
    }

    #[test]
    fn a_directory_that_others_can_reach_is_passed_over() {
        let base = Base::new("open");
        let open = base.0.join("open").join("digest");
        fs::create_dir_all(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o755)).unwrap();
        let inside = base.0.join("parent");
        fs::create_dir(&inside).unwrap();
        fs::set_permissions(&inside, fs::Permissions::from_mode(0o777)).unwrap();
        let good = base.0.join("good");
        let chosen = choose(
            &[base.0.join("open"), inside.join("cache"), good.clone()].map(in_cache),
            "digest",
        )
        .unwrap()
        .path;
        assert_eq!(chosen, good.join("digest"));
    }

    #[test]
    fn a_link_in_place_of_a_library_is_not_followed() {
        let base = Base::new("link");
        let elsewhere = base.0.join("elsewhere");
        fs::write(&elsewhere, b"b library").unwrap();
        symlink(&elsewhere, base.0.join("x.so")).unwrap();
        let path = in_directory(&base.0, "x.so", ENTRY).unwrap();
        assert!(fs::symlink_metadata(&path).unwrap().is_file());
        assert_eq!(fs::read(&elsewhere).unwrap(), b"b library");
    }

    #[test]
    fn the_parents_of_a_temporary_directory_are_not_made() {
        let base = Base::new("parents");
        let path = base.0.join("absent").join("x");
        assert!(
            choose(
                &[Candidate {
                    path: path.clone(),
                    recursive: false
                }],
                "digest"
            )
            .is_err()
        );
        assert!(!base.0.join("absent").exists());
        assert!(choose(&[in_cache(path)], "digest").is_ok());
    }

    #[test]
    fn memory_serves_where_no_directory_can_be_had() {
        let base = Base::new("memory");
        assert!(choose(&[in_cache(base.0.join("x\0"))], "digest").is_err());
        let path = in_memory("x.so", ENTRY).unwrap();
        assert_eq!(fs::read(path).unwrap(), ENTRY.data);
    }
}
