//! Memory that is the read-only image of the program and of its libraries.
//!
//! Starting reads much of it once: modules to be imported, code that only runs at the start, symbols to be linked. The
//! system keeps what it has read of these files, and maps again what is used again.

use std::ffi::{CStr, c_int, c_void};
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

/// One entry of `/proc/PID/pagemap` (proc_pid_pagemap(5)): the page is in memory, it has been swapped out, which those of
/// files are not unless they were changed, and it is the file's.
const PRESENT: u64 = 1 << 63;
const SWAPPED: u64 = 1 << 62;
const FILE_PAGE: u64 = 1 << 61;
const ENTRY: usize = size_of::<u64>();

/// Lets go of the read-only parts of all loaded files that are as they are in the file. Parts that hold other pages
/// stay: those of a debugger or tracer with breakpoints, or with relocations in the code.
pub(super) fn release() {
    let result = File::open("/proc/self/pagemap").map(|pagemap| {
        // SAFETY: `visit` gets `pagemap`, which outlives the call, and does not unwind.
        unsafe { libc::dl_iterate_phdr(Some(visit), (&raw const pagemap).cast_mut().cast()) }
    });
    if let Err(error) = result {
        tracing::debug!("the program's image stays in memory: {error}");
    }
}

/// Looks at the segments of one loaded file; not 0 would end the iteration. While it runs, no file is unloaded.
unsafe extern "C" fn visit(info: *mut libc::dl_phdr_info, _size: usize, pagemap: *mut c_void) -> c_int {
    // SAFETY: the loader gives a description that is valid during the call, and the pointer of the caller above.
    let (info, pagemap) = unsafe { (&*info, &*pagemap.cast::<File>()) };
    if !is_file(info) {
        return 0;
    }
    // SAFETY: the description names the place and number of the program headers, which stay as they are.
    let headers = unsafe { std::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum)) };
    for header in headers {
        if header.p_type == libc::PT_LOAD && header.p_flags & libc::PF_W == 0 {
            let begin = info.dlpi_addr.wrapping_add(header.p_vaddr);
            // Bytes beyond `p_filesz` come from no file.
            if let Err(error) = release_segment(begin..begin.wrapping_add(header.p_filesz), pagemap) {
                tracing::debug!("a part of the program's image stays in memory: {error}");
            }
        }
    }
    0
}

/// The program itself has no name, a library its path, and what the kernel provides (vdso) a name without a directory.
fn is_file(info: &libc::dl_phdr_info) -> bool {
    if info.dlpi_name.is_null() {
        return false;
    }
    // SAFETY: the loader's names are NUL-terminated and valid during the call.
    let name = unsafe { CStr::from_ptr(info.dlpi_name) }.to_bytes();
    name.is_empty() || name.contains(&b'/')
}

fn release_segment(segment: Range<u64>, pagemap: &File) -> io::Result<()> {
    let page = rustix::param::page_size();
    let address = |place: u64| usize::try_from(place).map_err(io::Error::other);
    let begin = address(segment.start)?.next_multiple_of(page);
    let end = address(segment.end)? / page * page;
    if begin >= end || !is_unchanged(begin / page..end / page, pagemap)? {
        return Ok(());
    }
    // SAFETY: the pages are whole, were mapped from a file without the right to be written, and are the file's, so what
    // is read from them later is the same.
    unsafe {
        rustix::mm::madvise(
            std::ptr::with_exposed_provenance_mut(begin),
            end - begin,
            rustix::mm::Advice::LinuxDontNeed,
        )?;
    }
    Ok(())
}

/// Whether the pages that exist are the file's.
fn is_unchanged(pages: Range<usize>, pagemap: &File) -> io::Result<bool> {
    let entries = read_entries(pages, pagemap)?;
    Ok(entries
        .iter()
        .all(|entry| entry & (PRESENT | SWAPPED) == 0 || entry & FILE_PAGE != 0))
}

fn read_entries(pages: Range<usize>, pagemap: &File) -> io::Result<Vec<u64>> {
    let mut bytes = vec![0; pages.len() * ENTRY];
    pagemap.read_exact_at(&mut bytes, (pages.start * ENTRY) as u64)?;
    let entries = bytes.chunks_exact(ENTRY);
    // An entry that cannot be read would be one of a page that was changed.
    Ok(entries
        .map(|entry| entry.try_into().map_or(PRESENT, u64::from_ne_bytes))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    static LINKED: [u8; 1 << 20] = [7; 1 << 20];
    static READ: [u8; 65536] = [7; 65536];

    fn pages(bytes: &[u8]) -> Range<usize> {
        let page = rustix::param::page_size();
        let range = bytes.as_ptr_range();
        range.start.addr().div_ceil(page)..range.end.addr() / page
    }

    fn read(bytes: &[u8]) -> bool {
        std::hint::black_box(bytes).iter().all(|byte| *byte == 7)
    }

    #[test]
    fn linked_bytes_are_let_go_and_read_again() {
        assert!(read(&LINKED));
        release();
        let pagemap = File::open("/proc/self/pagemap").unwrap();
        let entries = read_entries(pages(&LINKED), &pagemap).unwrap();
        let present = entries.iter().filter(|entry| **entry & PRESENT != 0).count();
        // Who reads what lies beside them gets a few pages along with it.
        assert!(
            present < entries.len() / 2,
            "{present} of {} pages",
            entries.len()
        );
        assert!(read(&LINKED));
    }

    #[test]
    fn pages_that_are_not_the_files_are_seen() {
        let pagemap = File::open("/proc/self/pagemap").unwrap();
        let made = vec![7; 65536];
        assert!(read(&made) && read(&READ));
        assert!(!is_unchanged(pages(&made), &pagemap).unwrap());
        assert!(is_unchanged(pages(&READ), &pagemap).unwrap());
    }
}
