//! Memory that is the read-only image of the program's file.

use std::ffi::{c_int, c_void};

/// Lets go of the whole pages of `bytes` if they are a part of the program's image: the system finds them in the file
/// when they are read again. Bytes that lie elsewhere stay as they are.
pub(super) fn release(bytes: &'static [u8]) {
    if !is_read_only_image(bytes) {
        return;
    }
    let page = rustix::param::page_size();
    let range = bytes.as_ptr_range();
    let begin = range.start.addr().next_multiple_of(page);
    let end = range.end.addr() / page * page;
    if begin < end {
        // SAFETY: the pages are whole and were mapped from a file without the right to be written, so what is read from
        // them later is the file's content, which is the same.
        let released = unsafe {
            rustix::mm::madvise(
                bytes.as_ptr().with_addr(begin).cast_mut().cast(),
                end - begin,
                rustix::mm::Advice::LinuxDontNeed,
            )
        };
        if let Err(error) = released {
            tracing::debug!("pages of carried modules stay in memory: {error}");
        }
    }
}

struct Search {
    begin: usize,
    end: usize,
    found: bool,
}

/// Whether the bytes lie in a segment that was loaded from a file and cannot be written to.
fn is_read_only_image(bytes: &'static [u8]) -> bool {
    let range = bytes.as_ptr_range();
    let mut search = Search {
        begin: range.start.addr(),
        end: range.end.addr(),
        found: false,
    };
    // SAFETY: `visit` gets `search` back, which outlives the call, and does not unwind.
    unsafe { libc::dl_iterate_phdr(Some(visit), (&raw mut search).cast()) };
    search.found
}

/// Looks at the segments of one loaded file; not 0 ends the iteration.
unsafe extern "C" fn visit(info: *mut libc::dl_phdr_info, _size: usize, search: *mut c_void) -> c_int {
    // SAFETY: the loader gives a description that is valid during the call, and the pointer of the caller above.
    let (info, search) = unsafe { (&*info, &mut *search.cast::<Search>()) };
    // SAFETY: the description names the place and number of the program headers, which stay as they are.
    let headers = unsafe { std::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum)) };
    search.found = headers.iter().any(|header| {
        let begin = info.dlpi_addr.wrapping_add(header.p_vaddr);
        // Bytes beyond `p_filesz` come from no file.
        let end = begin.wrapping_add(header.p_filesz);
        header.p_type == libc::PT_LOAD
            && header.p_flags & libc::PF_W == 0
            && begin <= search.begin as u64
            && search.end as u64 <= end
    });
    c_int::from(search.found)
}

#[cfg(test)]
mod tests {
    use super::*;

    static LINKED: [u8; 65536] = [7; 65536];

    #[test]
    fn linked_bytes_are_let_go_and_read_again() {
        assert!(is_read_only_image(&LINKED));
        release(&LINKED);
        assert!(std::hint::black_box(&LINKED).iter().all(|byte| *byte == 7));
    }

    #[test]
    fn bytes_made_at_run_time_are_kept() {
        let made: &'static [u8] = vec![7; 65536].leak();
        assert!(!is_read_only_image(made));
        release(made);
        assert!(made.iter().all(|byte| *byte == 7));
    }
}
