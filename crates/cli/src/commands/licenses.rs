//! `licenses`.

use std::io::{self, Read, Write};

use flate2::read::ZlibDecoder;

use crate::exit::Exit;
use crate::report::Report;

/// The document that `packaging/carry/licenses.py` made, compressed; empty in a build without it.
static DOCUMENT: &[u8] = include_bytes!(env!("FASTRAPI_LICENSES_FILE"));

/// Prints the licences of what this program is made of.
pub(crate) fn licenses() -> Result<Exit, Report> {
    if DOCUMENT.is_empty() {
        return Err(
            Report::new(Exit::Runtime, "this build does not carry its licences")
                .hint("`make build` puts them in; cargo alone does not"),
        );
    }
    let mut text = Vec::new();
    ZlibDecoder::new(DOCUMENT)
        .read_to_end(&mut text)
        .map_err(|error| {
            Report::new(Exit::Internal, "the licences carried in this program are damaged")
                .cause(error.to_string())
        })?;
    match io::stdout().write_all(&text) {
        // `licenses | head` is no failure.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Report::new(Exit::Runtime, "cannot write the licences").cause(error.to_string()))
        }
        _ => Ok(Exit::Success),
    }
}
