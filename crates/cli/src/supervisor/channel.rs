//! The line between a supervisor and one worker: a socket that is the worker's standard input.
//!
//! The supervisor sends the listening socket (SCM_RIGHTS), the worker's place among its siblings and the settings, and
//! the worker answers with what it serves once it is ready. Afterwards the line stays silent: its end tells the worker
//! that the supervisor is gone.

use std::io::{self, BufRead, BufReader, IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags,
};

use server::siblings::Siblings;

use crate::banner::Served;
use crate::settings::Settings;

/// Tells the worker at the other end what to serve, and on which socket; also its place in a tally of connections, if
/// there is one.
pub(super) fn send_orders(
    line: &UnixStream,
    listener: BorrowedFd<'_>,
    seat: Option<(BorrowedFd<'_>, usize)>,
    settings: &Settings,
) -> io::Result<()> {
    let mut descriptors = vec![listener];
    descriptors.extend(seat.map(|(tally, _)| tally));
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    // Always fits: the space was made for it.
    let _fits = control.push(SendAncillaryMessage::ScmRights(&descriptors));
    rustix::net::sendmsg(line, &[IoSlice::new(b"L")], &mut control, SendFlags::NOSIGNAL)?;
    write_line(line, &(seat.map_or(0, |(_, place)| place), settings))
}

fn write_line(mut line: &UnixStream, value: &impl serde::Serialize) -> io::Result<()> {
    let mut text = serde_json::to_vec(value).map_err(io::Error::other)?;
    text.push(b'\n');
    line.write_all(&text)
}

/// What a worker is told.
#[derive(Debug)]
pub(crate) struct ReceivedOrders {
    /// The socket to accept on.
    pub(crate) listener: OwnedFd,
    /// The other processes that do.
    pub(crate) siblings: Option<Siblings>,
    pub(crate) settings: Settings,
}

/// The worker's end of the line.
#[derive(Debug)]
pub(crate) struct WorkerLine {
    stream: BufReader<UnixStream>,
}

impl WorkerLine {
    /// Takes the line from standard input, which is at its end from then on. (`/dev/null` would do the same, but a
    /// chroot need not have it.)
    pub(crate) fn take() -> io::Result<Self> {
        let stream = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
        let (ended, _) = UnixStream::pair()?;
        rustix::stdio::dup2_stdin(ended)?;
        Ok(Self::new(stream))
    }

    fn new(stream: UnixStream) -> Self {
        Self {
            stream: BufReader::new(stream),
        }
    }

    /// Waits for what [`send_orders`] sends.
    pub(crate) fn receive_orders(&mut self) -> io::Result<ReceivedOrders> {
        let (listener, tally) = self.receive_descriptors()?;
        let mut text = String::new();
        self.stream.read_line(&mut text)?;
        let (place, settings) = serde_json::from_str(&text)?;
        Ok(ReceivedOrders {
            listener,
            siblings: tally.map(|tally| Siblings::new(tally, place)),
            settings,
        })
    }

    fn receive_descriptors(&self) -> io::Result<(OwnedFd, Option<OwnedFd>)> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let mut byte = [0];
        let buffers = &mut [IoSliceMut::new(&mut byte)];
        rustix::net::recvmsg(
            self.stream.get_ref(),
            buffers,
            &mut control,
            RecvFlags::CMSG_CLOEXEC,
        )?;
        control
            .drain()
            .find_map(|message| match message {
                RecvAncillaryMessage::ScmRights(mut descriptors) => {
                    descriptors.next().map(|listener| (listener, descriptors.next()))
                }
                _ => None,
            })
            .ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, "the supervisor sent no socket"))
    }

    /// Tells the supervisor that requests are served.
    pub(crate) fn announce(&self, served: &Served) -> io::Result<()> {
        write_line(self.stream.get_ref(), served)
    }

    /// Calls `gone` on a thread of its own once the supervisor is gone.
    pub(crate) fn watch(&self, gone: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let mut stream = self.stream.get_ref().try_clone()?;
        std::thread::Builder::new()
            .name("supervisor-watch".into())
            .spawn(move || {
                let mut byte = [0];
                while matches!(stream.read(&mut byte), Ok(1..)) {}
                gone();
            })?;
        Ok(())
    }
}

/// Waits for a worker's announcement; none if the worker ends without one.
pub(super) async fn read_announcement(line: UnixStream) -> Option<Served> {
    use tokio::io::AsyncBufReadExt;
    line.set_nonblocking(true).ok()?;
    let line = tokio::net::UnixStream::from_std(line).ok()?;
    let mut text = String::new();
    tokio::io::BufReader::new(line).read_line(&mut text).await.ok()?;
    serde_json::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use server::siblings::Tally;

    use super::*;
    use crate::settings::Layer;

    fn line() -> (UnixStream, WorkerLine) {
        let (supervisor, worker) = UnixStream::pair().unwrap();
        (supervisor, WorkerLine::new(worker))
    }

    #[tokio::test]
    async fn orders_go_through_the_line_and_the_answer_comes_back() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let settings = Layer {
            app: Some("main:app".into()),
            ..Layer::default()
        }
        .settle();
        let (supervisor, mut worker) = line();
        send_orders(&supervisor, listener.as_fd(), None, &settings).unwrap();
        let received = worker.receive_orders().unwrap();
        let socket = std::net::TcpListener::from(received.listener);
        assert_eq!(socket.local_addr().unwrap(), listener.local_addr().unwrap());
        assert!(received.siblings.is_none());
        assert_eq!(received.settings, settings);

        let served = Served {
            app: "main:app".into(),
            python: "3.11".into(),
            event_loop: "uvloop".into(),
            routes: Some((12, 3)),
            note: Some("a note".into()),
        };
        worker.announce(&served).unwrap();
        assert_eq!(read_announcement(supervisor).await, Some(served));
    }

    #[test]
    fn a_place_among_siblings_goes_through_the_line() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let tally = Tally::new().unwrap();
        let (supervisor, mut worker) = line();
        let settings = Layer::default().settle();
        send_orders(&supervisor, listener.as_fd(), Some((tally.as_fd(), 3)), &settings).unwrap();
        let siblings = worker.receive_orders().unwrap().siblings.unwrap();
        assert_eq!(siblings.place(), 3);
    }

    #[tokio::test]
    async fn a_worker_that_ends_announces_nothing() {
        let (supervisor, worker) = line();
        drop(worker);
        assert_eq!(read_announcement(supervisor).await, None);
    }

    #[test]
    fn the_worker_learns_that_its_supervisor_is_gone() {
        let (supervisor, mut worker) = line();
        let (sender, receiver) = std::sync::mpsc::channel();
        worker.watch(move || sender.send(()).unwrap()).unwrap();
        drop(supervisor);
        receiver.recv().unwrap();
        assert!(worker.receive_orders().is_err());
    }
}
