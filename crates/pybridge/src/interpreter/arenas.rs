//! CPython's first arenas, in huge pages.
//!
//! What a start imports fills them from end to end and stays, so that huge pages cost no memory there and save the
//! start a fault of a page for each 4 KiB. Later arenas may stay nearly empty; they are CPython's own business.

use std::ffi::c_void;
use std::io;
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::{AtomicU32, Ordering};

use pyo3::ffi::{PyObject_GetArenaAllocator, PyObject_SetArenaAllocator, PyObjectArenaAllocator};
use rustix::mm::{Advice, MapFlags, ProtFlags};

/// The size of arenas from CPython 3.10 on (`ARENA_SIZE` of Objects/obmalloc.c).
const ARENA: usize = 1 << 20;
const HUGE_PAGE: usize = 2 << 20;
/// An application of one route has 17.
const ARENAS: u32 = 12;
const REGION: usize = ARENA * ARENAS as usize;

/// Has CPython ask [`Arenas`] for its arenas. To be called between its pre-initialisation and its initialisation, when it
/// has none. Where the system has no huge pages, everything stays as it was.
pub(super) fn install() {
    let region = match Region::reserve() {
        Ok(region) => region,
        Err(error) => return tracing::debug!("no huge pages for Python's arenas: {error}"),
    };
    let mut others = PyObjectArenaAllocator {
        ctx: null_mut(),
        alloc: None,
        free: None,
    };
    // SAFETY: CPython fills the structure, which may be asked for before it starts.
    unsafe { PyObject_GetArenaAllocator(&raw mut others) };
    // CPython keeps the pointer as long as the process lives.
    let arenas: &'static Arenas = Box::leak(Box::new(Arenas { region, others }));
    let mut allocator = PyObjectArenaAllocator {
        ctx: std::ptr::from_ref(arenas).cast_mut().cast(),
        alloc: Some(allocate),
        free: Some(free),
    };
    // SAFETY: no arena exists yet; the functions are made for this context, which is never freed.
    unsafe { PyObject_SetArenaAllocator(&raw mut allocator) };
}

struct Arenas {
    region: Region,
    /// Where arenas come from that the region has no place for.
    others: PyObjectArenaAllocator,
}

extern "C" fn allocate(context: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: the context is the one that `install` made.
    let arenas = unsafe { &*context.cast::<Arenas>() };
    if size == ARENA
        && let Some(arena) = arenas.region.take()
    {
        return arena.as_ptr();
    }
    arenas
        .others
        .alloc
        .map_or(null_mut(), |allocate| allocate(arenas.others.ctx, size))
}

extern "C" fn free(context: *mut c_void, arena: *mut c_void, size: usize) {
    // SAFETY: the context is the one that `install` made.
    let arenas = unsafe { &*context.cast::<Arenas>() };
    if arenas.region.give_back(arena) {
        return;
    }
    if let Some(free) = arenas.others.free {
        free(arenas.others.ctx, arena, size);
    }
}

/// Memory for [`ARENAS`] arenas that begins with a huge page.
struct Region {
    begin: NonNull<c_void>,
    /// One bit for each arena in use.
    taken: AtomicU32,
}

impl Region {
    fn reserve() -> io::Result<Self> {
        let (access, kind) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE);
        // SAFETY: the system chooses the place, nothing that exists is replaced.
        let mapped = unsafe { rustix::mm::mmap_anonymous(null_mut(), REGION + HUGE_PAGE, access, kind) }?;
        let head = mapped.align_offset(HUGE_PAGE);
        let begin = mapped.wrapping_byte_add(head);
        // SAFETY: all of it lies within the mapping made above, which nobody else knows.
        unsafe {
            if head > 0 {
                rustix::mm::munmap(mapped, head)?;
            }
            rustix::mm::munmap(begin.wrapping_byte_add(REGION), HUGE_PAGE - head)?;
            rustix::mm::madvise(begin, REGION, Advice::LinuxHugepage)?;
        }
        let begin = NonNull::new(begin).ok_or(io::ErrorKind::AddrNotAvailable)?;
        Ok(Self {
            begin,
            taken: AtomicU32::new(0),
        })
    }

    /// An arena that is not in use.
    fn take(&self) -> Option<NonNull<c_void>> {
        let next = |taken: u32| {
            let bit = taken.trailing_ones();
            (bit < ARENAS).then_some(taken | 1 << bit)
        };
        let before = self
            .taken
            .fetch_update(Ordering::Acquire, Ordering::Relaxed, next)
            .ok()?;
        let offset = before.trailing_ones() as usize * ARENA;
        // SAFETY: `next` saw a bit of an arena of the region, so the offset is within it.
        Some(unsafe { self.begin.byte_add(offset) })
    }

    /// Takes an arena back, and gives its memory to the system. False if it is none of the region's.
    fn give_back(&self, arena: *mut c_void) -> bool {
        let offset = arena.addr().wrapping_sub(self.begin.addr().get());
        if offset >= REGION {
            return false;
        }
        // SAFETY: CPython is done with the arena, which lies in the region.
        if let Err(error) = unsafe { rustix::mm::madvise(arena, ARENA, Advice::LinuxDontNeed) } {
            tracing::debug!("an arena stays in memory: {error}");
        }
        self.taken.fetch_and(!(1 << (offset / ARENA)), Ordering::Release);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    extern "C" fn no_arena(_context: *mut c_void, _size: usize) -> *mut c_void {
        null_mut()
    }

    extern "C" fn must_not_be_freed(_context: *mut c_void, arena: *mut c_void, _size: usize) {
        assert!(arena.is_null());
    }

    fn arenas() -> Arenas {
        Arenas {
            region: Region::reserve().unwrap(),
            others: PyObjectArenaAllocator {
                ctx: null_mut(),
                alloc: Some(no_arena),
                free: Some(must_not_be_freed),
            },
        }
    }

    #[test]
    fn arenas_fill_huge_pages_one_after_the_other() {
        let arenas = arenas();
        let context = (&raw const arenas).cast_mut().cast();
        let begin = arenas.region.begin.as_ptr();
        assert_eq!(begin.addr() % HUGE_PAGE, 0);
        for number in 0..ARENAS as usize {
            let arena = allocate(context, ARENA);
            assert_eq!(arena, begin.wrapping_byte_add(number * ARENA));
            // SAFETY: the arena has been allocated just now, and is that large.
            unsafe { arena.cast::<u8>().write_bytes(7, ARENA) };
        }
        assert!(allocate(context, ARENA).is_null(), "asked the others");
    }

    #[test]
    fn a_freed_arena_is_used_again() {
        let arenas = arenas();
        let context = (&raw const arenas).cast_mut().cast();
        let taken = [(); 3].map(|()| allocate(context, ARENA));
        // SAFETY: the arena has been allocated, and is written and read within.
        unsafe { taken[1].cast::<u8>().write(7) };
        free(context, taken[1], ARENA);
        // SAFETY: as above; the memory stays mapped.
        assert_eq!(unsafe { taken[1].cast::<u8>().read() }, 0, "given to the system");
        assert_eq!(allocate(context, ARENA), taken[1]);
    }

    #[test]
    fn other_sizes_and_other_arenas_are_left_to_the_others() {
        let arenas = arenas();
        let context = (&raw const arenas).cast_mut().cast();
        assert!(allocate(context, 2 * ARENA).is_null());
        free(context, null_mut(), ARENA);
        assert_eq!(allocate(context, ARENA), arenas.region.begin.as_ptr());
    }
}
