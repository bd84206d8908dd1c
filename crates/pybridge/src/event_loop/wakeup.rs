//! What wakes the event loop: a descriptor that the loop watches for reading.
#[cfg(target_os = "linux")]
mod platform {
    use std::io;
    use std::os::fd::{AsRawFd, OwnedFd, RawFd};

    use rustix::event::{EventfdFlags, eventfd};

    /// An eventfd: one descriptor, one counter, no buffer that could fill up.
    #[derive(Debug)]
    pub(crate) struct Wakeup(OwnedFd);

    impl Wakeup {
        pub(crate) fn new() -> io::Result<Self> {
            Ok(Self(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?))
        }

        pub(crate) fn descriptor(&self) -> RawFd {
            self.0.as_raw_fd()
        }

        /// Makes the descriptor readable. An error can only be `EAGAIN`, when it is readable already.
        pub(crate) fn signal(&self) {
            let _already_readable = rustix::io::write(&self.0, &1_u64.to_ne_bytes());
        }

        /// Makes the descriptor unreadable again. An error can only be `EAGAIN`, when nothing was signalled.
        pub(crate) fn clear(&self) {
            let _not_signalled = rustix::io::read(&self.0, &mut [0_u8; 8]);
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use std::io::{self, Read as _, Write as _};
    use std::os::fd::{AsRawFd, RawFd};
    use std::os::unix::net::UnixStream;

    /// A pair of connected sockets, for systems without eventfd.
    #[derive(Debug)]
    pub(crate) struct Wakeup {
        reader: UnixStream,
        writer: UnixStream,
    }

    impl Wakeup {
        pub(crate) fn new() -> io::Result<Self> {
            let (reader, writer) = UnixStream::pair()?;
            reader.set_nonblocking(true)?;
            writer.set_nonblocking(true)?;
            Ok(Self { reader, writer })
        }

        pub(crate) fn descriptor(&self) -> RawFd {
            self.reader.as_raw_fd()
        }

        /// Makes the descriptor readable. A full buffer means that it is readable already.
        pub(crate) fn signal(&self) {
            let _already_readable = (&self.writer).write(&[1]);
        }

        /// Makes the descriptor unreadable again.
        pub(crate) fn clear(&self) {
            let mut bytes = [0_u8; 256];
            while matches!((&self.reader).read(&mut bytes), Ok(count) if count == bytes.len()) {}
        }
    }
}

pub(crate) use platform::Wakeup;

#[cfg(test)]
mod tests {
    use super::Wakeup;

    #[test]
    fn signalling_twice_and_clearing_once_leaves_nothing_to_read() {
        let wakeup = Wakeup::new().unwrap();
        wakeup.signal();
        wakeup.signal();
        wakeup.clear();
        // A second clear would block if the descriptor were blocking and empty; it must return.
        wakeup.clear();
        assert!(wakeup.descriptor() >= 0);
    }
}
