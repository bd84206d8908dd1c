//! Sockets to accept on: bound first, so that a conflict shows early, and opened for clients later.

use std::fmt;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::str::FromStr;

use socket2::{Domain, SockAddr, Socket, Type};

use crate::siblings::Siblings;

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BindAddress {
    /// A host name or IP address, and a port (0 takes a free one).
    Tcp {
        /// Name or address.
        host: String,
        /// Port number.
        port: u16,
    },
    /// The path of a Unix-domain socket.
    Unix(PathBuf),
}

impl fmt::Display for BindAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl FromStr for BindAddress {
    type Err = String;

    /// Reads `host:port`, `[v6]:port` or `unix:/path`.
    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("unix:") {
            return Ok(Self::Unix(path.into()));
        }
        let (host, port) = text
            .rsplit_once(':')
            .ok_or_else(|| format!("{text:?} has no port"))?;
        let port = port
            .parse()
            .map_err(|_| format!("{port:?} is not a port number"))?;
        let host = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host);
        Ok(Self::Tcp {
            host: host.into(),
            port,
        })
    }
}

/// A listener could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("cannot {step} {address}: {source}")]
pub struct ListenError {
    /// The address as the user would write it.
    pub address: String,
    /// What failed: `resolve`, `bind`, `listen on` or `use`.
    pub step: &'static str,
    /// The operating system's error.
    pub source: io::Error,
}

impl ListenError {
    fn new(address: &impl ToString, step: &'static str, source: io::Error) -> Self {
        Self {
            address: address.to_string(),
            step,
            source,
        }
    }

    /// What the user can do about it, where that is known.
    pub fn hint(&self) -> Option<String> {
        match self.source.kind() {
            io::ErrorKind::AddrInUse if self.address.starts_with("unix:") => {
                Some("another process listens on this socket; stop it or choose another path".into())
            }
            io::ErrorKind::AddrInUse => {
                let port = self.address.rsplit(':').next().unwrap_or_default();
                Some(format!(
                    "another process listens on this port (`ss -ltnp 'sport = :{port}'` shows which); stop it or choose another port with --port"
                ))
            }
            io::ErrorKind::NotFound if self.address.starts_with("unix:") => {
                Some("the directory of the socket does not exist; make it first".into())
            }
            io::ErrorKind::PermissionDenied if self.address.starts_with("unix:") => {
                Some("the directory of the socket must be writable for this user".into())
            }
            _ if self.step == "resolve" => {
                Some("--host takes an address of this machine, or a name that stands for one".into())
            }
            io::ErrorKind::PermissionDenied => Some(
                "ports below 1024 need CAP_NET_BIND_SERVICE; choose a higher port or grant the capability"
                    .into(),
            ),
            io::ErrorKind::AddrNotAvailable => Some(
                "the address does not belong to this machine; 0.0.0.0 listens on all of its addresses".into(),
            ),
            _ => None,
        }
    }
}

/// A socket that has its address but does not take connections yet.
#[derive(Debug)]
pub struct BoundListener {
    socket: Socket,
    address: LocalAddress,
    listening: bool,
    siblings: Option<Siblings>,
}

/// The address of a listening socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LocalAddress {
    /// IP address and port.
    Tcp(SocketAddr),
    /// Path of a Unix-domain socket; empty when it has none.
    Unix(PathBuf),
}

impl fmt::Display for LocalAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// Binds without listening: a port in use is reported now, clients are refused until [`BoundListener::listen`].
///
/// # Errors
/// [`ListenError`] names the address and the operating system's reason.
pub fn bind(address: &BindAddress) -> Result<BoundListener, ListenError> {
    match address {
        BindAddress::Tcp { host, port } => bind_tcp(address, host, *port),
        BindAddress::Unix(path) => bind_unix(address, path),
    }
}

fn bind_tcp(address: &BindAddress, host: &str, port: u16) -> Result<BoundListener, ListenError> {
    let candidates = (host, port)
        .to_socket_addrs()
        .map_err(|error| ListenError::new(address, "resolve", error))?;
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no addresses");
    for candidate in candidates {
        match bind_socket(candidate) {
            Ok(socket) => {
                return BoundListener::new(socket, false).map_err(|e| ListenError::new(address, "bind", e));
            }
            Err(error) => last = error,
        }
    }
    Err(ListenError::new(address, "bind", last))
}

fn bind_socket(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM.cloexec(), None)?;
    // Without it a restart fails for a minute because of connections in TIME_WAIT; on Linux it does not allow a
    // second listener.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

fn bind_unix(address: &BindAddress, path: &PathBuf) -> Result<BoundListener, ListenError> {
    let failed = |error| ListenError::new(address, "bind", error);
    let name = SockAddr::unix(path).map_err(failed)?;
    // A socket file whose process is gone is in the way of bind(2); nobody answers there.
    if let Err(error) = std::os::unix::net::UnixStream::connect(path) {
        if error.kind() == io::ErrorKind::ConnectionRefused {
            std::fs::remove_file(path).map_err(failed)?;
        }
    }
    let socket = Socket::new(Domain::UNIX, Type::STREAM.cloexec(), None).map_err(failed)?;
    socket.bind(&name).map_err(failed)?;
    BoundListener::new(socket, false).map_err(failed)
}

impl BoundListener {
    fn new(socket: Socket, listening: bool) -> io::Result<Self> {
        let name = socket.local_addr()?;
        let address = match name.as_socket() {
            Some(address) => LocalAddress::Tcp(address),
            None => LocalAddress::Unix(name.as_pathname().map(PathBuf::from).unwrap_or_default()),
        };
        Ok(Self {
            socket,
            address,
            listening,
            siblings: None,
        })
    }

    /// Shares the connections out with other processes that accept on this socket.
    #[must_use]
    pub fn with_siblings(self, siblings: Siblings) -> Self {
        Self {
            siblings: Some(siblings),
            ..self
        }
    }

    /// Takes over a socket inherited from a parent process or a service manager, listening or not.
    ///
    /// # Errors
    /// When the descriptor is not a stream socket.
    pub fn from_fd(fd: OwnedFd) -> Result<Self, ListenError> {
        let failed = |error| ListenError::new(&"the inherited socket", "use", error);
        let socket = Socket::from(fd);
        if socket.r#type().map_err(failed)? != Type::STREAM {
            return Err(failed(io::Error::new(
                io::ErrorKind::InvalidInput,
                "it is not a stream socket",
            )));
        }
        let listening = socket.is_listener().map_err(failed)?;
        Self::new(socket, listening).map_err(failed)
    }

    /// The address that was bound, with the real port.
    pub fn address(&self) -> &LocalAddress {
        &self.address
    }

    /// Starts to take connections; at most `backlog` of them wait to be accepted.
    ///
    /// # Errors
    /// [`ListenError`], for instance when another process listened on the port in the meantime.
    pub fn listen(self, backlog: u32) -> Result<Listener, ListenError> {
        let failed = |error| ListenError::new(&self.address, "listen on", error);
        if !self.listening {
            self.socket
                .listen(i32::try_from(backlog).unwrap_or(i32::MAX))
                .map_err(failed)?;
        }
        self.socket.set_nonblocking(true).map_err(failed)?;
        Ok(Listener {
            address: self.address,
            socket: self.socket,
            siblings: self.siblings,
        })
    }

    /// A second handle of the same socket, for instance for another worker; one that knows of no siblings.
    ///
    /// # Errors
    /// When the process has no descriptor left.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(Self {
            socket: self.socket.try_clone()?,
            address: self.address.clone(),
            listening: self.listening,
            siblings: None,
        })
    }
}

impl AsFd for BoundListener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// A socket that takes connections; [`crate::serve()`] accepts them.
#[derive(Debug)]
pub struct Listener {
    socket: Socket,
    address: LocalAddress,
    siblings: Option<Siblings>,
}

impl Listener {
    /// The address that clients connect to.
    pub fn address(&self) -> &LocalAddress {
        &self.address
    }

    pub(crate) fn take_siblings(&mut self) -> Option<Siblings> {
        self.siblings.take()
    }

    pub(crate) fn into_tokio(self) -> io::Result<AcceptSocket> {
        Ok(match self.address {
            LocalAddress::Tcp(_) => AcceptSocket::Tcp(tokio::net::TcpListener::from_std(self.socket.into())?),
            LocalAddress::Unix(_) => {
                let socket: OwnedFd = self.socket.into();
                AcceptSocket::Unix(tokio::net::UnixListener::from_std(socket.into())?)
            }
        })
    }
}

pub(crate) enum AcceptSocket {
    Tcp(tokio::net::TcpListener),
    Unix(tokio::net::UnixListener),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loopback(port: u16) -> BindAddress {
        BindAddress::Tcp {
            host: "127.0.0.1".into(),
            port,
        }
    }

    fn port_of(address: &LocalAddress) -> u16 {
        match address {
            LocalAddress::Tcp(address) => address.port(),
            LocalAddress::Unix(path) => panic!("{path:?} has no port"),
        }
    }

    #[test]
    fn a_bound_socket_refuses_until_it_listens() {
        let bound = bind(&loopback(0)).unwrap();
        let target = ("127.0.0.1", port_of(bound.address()));
        assert_eq!(
            std::net::TcpStream::connect(target).unwrap_err().kind(),
            io::ErrorKind::ConnectionRefused
        );
        let _listener = bound.listen(8).unwrap();
        std::net::TcpStream::connect(target).unwrap();
    }

    #[test]
    fn a_port_in_use_is_an_error_with_a_hint() {
        let first = bind(&loopback(0)).unwrap();
        let port = port_of(first.address());
        let _listener = first.listen(8).unwrap();
        let error = bind(&loopback(port)).unwrap_err();
        assert_eq!(error.source.kind(), io::ErrorKind::AddrInUse);
        assert!(
            error
                .to_string()
                .starts_with(&format!("cannot bind 127.0.0.1:{port}: ")),
            "{error}"
        );
        assert!(error.hint().unwrap().contains("--port"));
    }

    #[test]
    fn a_stale_socket_file_is_replaced_and_a_live_one_is_not() {
        let path = std::env::temp_dir().join(format!("server-listener-{}.sock", std::process::id()));
        let address = BindAddress::Unix(path.clone());
        drop(bind(&address).unwrap().listen(1).unwrap());
        let _live = bind(&address).unwrap().listen(1).unwrap();
        assert_eq!(
            bind(&address).unwrap_err().source.kind(),
            io::ErrorKind::AddrInUse
        );
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn addresses_are_read_and_shown() {
        for text in ["127.0.0.1:80", "[::1]:8000", "unix:/run/app.sock"] {
            assert_eq!(text.parse::<BindAddress>().unwrap().to_string(), text);
        }
        assert!("localhost".parse::<BindAddress>().is_err());
        assert!("localhost:http".parse::<BindAddress>().is_err());
    }
}
