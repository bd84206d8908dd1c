//! The path of the running program.

use std::ffi::{CStr, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The absolute path that this process was started from. Where `/proc` is not mounted the kernel's auxiliary vector
/// (`AT_EXECFN`) tells it.
#[must_use]
pub fn own_executable() -> Option<PathBuf> {
    std::env::current_exe()
        .ok()
        .or_else(|| std::path::absolute(started_as()?).ok())
}

fn started_as() -> Option<&'static Path> {
    // SAFETY: `getauxval` has no preconditions; it returns 0 for what the kernel did not pass.
    let pointer = unsafe { libc::getauxval(libc::AT_EXECFN) } as *const std::ffi::c_char;
    if pointer.is_null() {
        return None;
    }
    // SAFETY: the kernel put a C string there, on the initial stack, which stays for the life of the process.
    let name = unsafe { CStr::from_ptr(pointer) };
    Some(Path::new(OsStr::from_bytes(name.to_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_lead_to_the_same_file() {
        let direct = std::env::current_exe().unwrap().canonicalize().unwrap();
        assert_eq!(own_executable().unwrap().canonicalize().unwrap(), direct);
        assert_eq!(
            std::path::absolute(started_as().unwrap())
                .unwrap()
                .canonicalize()
                .unwrap(),
            direct
        );
    }
}
