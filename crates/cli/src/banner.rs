//! What is printed once requests are served.

use std::fmt;

use serde::{Deserialize, Serialize};
use server::listener::LocalAddress;

/// What a worker serves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Served {
    /// The application, as `module:attribute`.
    pub(crate) app: String,
    /// The interpreter's version.
    pub(crate) python: String,
    /// The event loop's implementation.
    pub(crate) event_loop: String,
    /// Routes on the direct and on the general lane; none where every request takes the general one.
    pub(crate) routes: Option<(usize, usize)>,
    /// What else the user should know.
    pub(crate) note: Option<String>,
}

/// The lines that tell that the server is ready.
pub(crate) struct Banner<'a> {
    pub(crate) served: &'a Served,
    pub(crate) address: &'a LocalAddress,
    pub(crate) workers: usize,
}

impl Banner<'_> {
    /// Prints the banner on standard error, beside the log.
    pub(crate) fn print(&self) {
        eprint!("{self}");
    }
}

impl fmt::Display for Banner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Served {
            app,
            python,
            event_loop,
            routes,
            note,
        } = self.served;
        let workers = if self.workers == 1 {
            "1 worker".to_owned()
        } else {
            format!("{} workers", self.workers)
        };
        writeln!(
            f,
            "fastrapi-server {} serves {app} on {}",
            env!("CARGO_PKG_VERSION"),
            Url(self.address)
        )?;
        writeln!(f, "  {workers}, Python {python}, {event_loop}")?;
        match routes {
            Some((direct, general)) => {
                writeln!(
                    f,
                    "  routes: {direct} on the direct lane, {general} on the general lane"
                )?;
            }
            None => writeln!(f, "  all requests on the general lane")?,
        }
        note.iter().try_for_each(|note| writeln!(f, "  {note}"))
    }
}

/// An address as a browser takes it.
struct Url<'a>(&'a LocalAddress);

impl fmt::Display for Url<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            LocalAddress::Tcp(address) => write!(f, "http://{address}"),
            LocalAddress::Unix(_) => self.0.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_banner_says_where_and_what() {
        let served = Served {
            app: "main:app".into(),
            python: "3.11".into(),
            event_loop: "uvloop".into(),
            routes: Some((12, 3)),
            note: Some("a note".into()),
        };
        let address = LocalAddress::Tcp(([127, 0, 0, 1], 8000).into());
        let text = Banner {
            served: &served,
            address: &address,
            workers: 2,
        }
        .to_string();
        assert!(
            text.contains("serves main:app on http://127.0.0.1:8000\n"),
            "{text}"
        );
        assert!(text.contains("2 workers, Python 3.11, uvloop\n"));
        assert!(text.contains("routes: 12 on the direct lane, 3 on the general lane\n"));
        assert!(text.ends_with("\n  a note\n"), "{text}");
    }
}
