//! The directory that shared libraries are unpacked to, and the ones that other builds left behind.
//!
//! Whoever uses a directory holds a shared lock on a file in it. A build that makes its own directory removes those
//! that nobody has locked: it takes the lock for itself alone, and moves the directory away before it removes it, so
//! that a program which starts meanwhile either waits or makes a new one.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, OFlags, StatVfsMountFlags, flock};

/// A directory in which ours may be made.
pub(super) struct Candidate {
    pub(super) path: PathBuf,
    /// Whether its parents are made too. Those of the system's own directories are not ours to make.
    pub(super) recursive: bool,
}

/// A directory that stays for as long as this lives.
#[derive(Debug)]
pub(super) struct UnpackDirectory {
    pub(super) path: PathBuf,
    _in_use: File,
}

const IN_USE: &str = ".in-use";
const LEAVING: &str = ".leaving-";
/// Builds before the lock did not say that they use their directory.
const AGE_WITHOUT_LOCK: Duration = Duration::from_secs(24 * 60 * 60);

impl UnpackDirectory {
    /// Makes `candidate` and the directory `digest` in it, where they are missing, and takes a share of it.
    pub(super) fn open(candidate: &Candidate, digest: &str) -> io::Result<Self> {
        make(&candidate.path, candidate.recursive)?;
        let path = candidate.path.join(digest);
        let is_new = make(&path, candidate.recursive)?;
        let path = path.canonicalize()?;
        check(&path)?;
        let in_use = share(&path, candidate.recursive)?;
        if is_new {
            remove_others(&path);
        }
        Ok(Self {
            path,
            _in_use: in_use,
        })
    }
}

/// Makes a directory; whether it was not there.
fn make(path: &Path, recursive: bool) -> io::Result<bool> {
    let existed = path.is_dir();
    match DirBuilder::new().recursive(recursive).mode(0o700).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        made => made.map(|()| !existed),
    }
}

/// Nobody else may be able to put files into the directory, and programs must be allowed in it.
fn check(directory: &Path) -> io::Result<()> {
    for ancestor in directory.ancestors() {
        check_owner(ancestor, ancestor == directory)?;
    }
    if rustix::fs::statvfs(directory)?
        .f_flag
        .contains(StatVfsMountFlags::NOEXEC)
    {
        return Err(io::Error::other("the file system is mounted noexec"));
    }
    Ok(())
}

/// Nobody but root and this user may be able to put another file, or another directory, in the place of ours.
fn check_owner(path: &Path, innermost: bool) -> io::Result<()> {
    let metadata = fs::symlink_metadata(path)?;
    let user = rustix::process::geteuid().as_raw();
    let owned = metadata.uid() == user || (metadata.uid() == 0 && !innermost);
    let sticky = metadata.mode() & 0o1000 != 0;
    let closed = if innermost {
        metadata.mode() & 0o077 == 0
    } else {
        metadata.mode() & 0o022 == 0 || sticky
    };
    if metadata.is_dir() && owned && closed {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::PermissionDenied,
        format!("{} is open to other users", path.display()),
    ))
}

/// Locks the directory against removal. It may be removed until the lock is had: then it is made again.
fn share(directory: &Path, recursive: bool) -> io::Result<File> {
    let path = directory.join(IN_USE);
    loop {
        make(directory, recursive)?;
        let lock = match open_lock(&path, true) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            lock => lock?,
        };
        flock(&lock, FlockOperation::LockShared)?;
        let locked = lock.metadata()?;
        if fs::symlink_metadata(&path).is_ok_and(|found| found.ino() == locked.ino()) {
            return Ok(lock);
        }
    }
}

fn open_lock(path: &Path, create: bool) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(create)
        .mode(0o600)
        .custom_flags(i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or_default())
        .open(path)
}

/// Removes the directories beside `own` that other builds made and nobody uses.
fn remove_others(own: &Path) {
    let Some(parent) = own.parent() else { return };
    let Ok(entries) = fs::read_dir(parent) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let is_digest = name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        if path == own || !(is_digest || name.starts_with(LEAVING)) || check_owner(&path, true).is_err() {
            continue;
        }
        if let Err(error) = remove(&path, name) {
            tracing::debug!("{} of another build stays: {error}", path.display());
        }
    }
}

fn remove(path: &Path, name: &str) -> io::Result<()> {
    let lock = match open_lock(&path.join(IN_USE), false) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let age = fs::symlink_metadata(path)?
                .modified()?
                .elapsed()
                .unwrap_or_default();
            if age < AGE_WITHOUT_LOCK {
                return Ok(());
            }
            None
        }
        lock => Some(lock?),
    };
    if let Some(lock) = &lock {
        match flock(lock, FlockOperation::NonBlockingLockExclusive) {
            Err(rustix::io::Errno::WOULDBLOCK) => return Ok(()),
            locked => locked?,
        }
    }
    let name = name.trim_start_matches(LEAVING);
    let leaving = path.with_file_name(format!("{LEAVING}{name}"));
    if leaving != path {
        fs::rename(path, &leaving)?;
    }
    fs::remove_dir_all(&leaving)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::time::SystemTime;

    use super::*;

    const OLD: &str = "0123456789abcdef0123456789abcdef";
    const NEW: &str = "fedcba9876543210fedcba9876543210";

    struct Base(PathBuf);

    impl Base {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("fastrapi-directory-{name}-{}", std::process::id()));
            DirBuilder::new().mode(0o700).create(&path).unwrap();
            Self(path.canonicalize().unwrap())
        }

        fn open(&self, digest: &str) -> UnpackDirectory {
            let candidate = Candidate {
                path: self.0.clone(),
                recursive: true,
            };
            UnpackDirectory::open(&candidate, digest).unwrap()
        }
    }

    impl Drop for Base {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    #[test]
    fn directories_of_other_builds_are_removed_once_nobody_uses_them() {
        let base = Base::new("others");
        let old = base.open(OLD);
        fs::write(old.path.join("lib.so"), b"old").unwrap();
        fs::create_dir(base.0.join("of-somebody-else")).unwrap();
        let new = base.open(NEW);
        assert!(old.path.is_dir() && new.path.is_dir());
        let old_path = old.path.clone();
        drop((old, new));
        fs::remove_dir_all(base.0.join(NEW)).unwrap();
        let new = base.open(NEW);
        assert!(!old_path.exists() && new.path.is_dir());
        assert_eq!(fs::read_dir(&base.0).unwrap().count(), 2);
    }

    #[test]
    fn a_directory_without_a_lock_is_removed_when_it_is_old() {
        let base = Base::new("unlocked");
        let old = base.0.join(OLD);
        DirBuilder::new().mode(0o700).create(&old).unwrap();
        drop(base.open(NEW));
        assert!(old.is_dir());
        let yesterday = SystemTime::now() - 2 * AGE_WITHOUT_LOCK;
        File::open(&old).unwrap().set_modified(yesterday).unwrap();
        fs::remove_dir_all(base.0.join(NEW)).unwrap();
        drop(base.open(NEW));
        assert!(!old.exists());
    }

    #[test]
    fn a_directory_that_is_open_to_others_is_neither_used_nor_removed() {
        let base = Base::new("open");
        let open = base.0.join(OLD);
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o755)).unwrap();
        let candidate = Candidate {
            path: base.0.clone(),
            recursive: true,
        };
        assert!(UnpackDirectory::open(&candidate, OLD).is_err());
        drop(base.open(NEW));
        assert!(open.is_dir());
    }

    #[test]
    fn who_starts_while_a_directory_leaves_makes_a_new_one() {
        let base = Base::new("race");
        let builds: Vec<_> = (0..8)
            .map(|build| {
                let path = base.0.clone();
                std::thread::spawn(move || {
                    for _ in 0..50 {
                        let candidate = Candidate {
                            path: path.clone(),
                            recursive: true,
                        };
                        let digest = format!("{:032x}", build % 2);
                        let directory = UnpackDirectory::open(&candidate, &digest).unwrap();
                        let file = directory.path.join(format!("{build}.so"));
                        fs::write(&file, b"library").unwrap();
                        assert_eq!(fs::read(&file).unwrap(), b"library");
                    }
                })
            })
            .collect();
        for build in builds {
            build.join().unwrap();
        }
    }
}
