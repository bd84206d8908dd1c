//! Reading a callable's code for names of things that block.
//!
//! The learned placement would find out, but only by blocking a worker once. Code that plainly says that it blocks
//! is kept in the pool from the start.
use std::collections::HashSet;

use pyo3::exceptions::PyAttributeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::Placement;

/// Functions, classes and modules whose use means waiting for something outside this thread.
const BLOCKING: &[&str] = &[
    // time, input and output
    "sleep",
    "input",
    "open",
    "select",
    "poll",
    "fsync",
    "wait",
    // threads
    "acquire",
    "Lock",
    "RLock",
    "Condition",
    "Semaphore",
    "BoundedSemaphore",
    "Barrier",
    "Event",
    "Queue",
    "LifoQueue",
    "PriorityQueue",
    "SimpleQueue",
    "ThreadPoolExecutor",
    "ProcessPoolExecutor",
    "from_thread",
    "run_coroutine_threadsafe",
    "BlockingPortal",
    "multiprocessing",
    // processes
    "subprocess",
    "Popen",
    "check_output",
    "check_call",
    "system",
    // the network
    "socket",
    "create_connection",
    "recv",
    "sendall",
    "getaddrinfo",
    "gethostbyname",
    "urlopen",
    "urlretrieve",
    "requests",
    "httpx",
    "urllib3",
    "HTTPConnection",
    "HTTPSConnection",
    "smtplib",
    "SMTP",
    "ftplib",
    "paramiko",
    // services
    "boto3",
    "botocore",
    "psycopg",
    "psycopg2",
    "pymysql",
    "MySQLdb",
    "pymongo",
    "MongoClient",
    "pika",
    "redis",
];

/// How deep calls into functions of the same package are followed, and how many functions are read in all.
const MAX_DEPTH: usize = 4;
const MAX_FUNCTIONS: usize = 64;

/// Reads the callables that make up one call (a handler and its sync dependencies) and says where they may run.
#[must_use]
pub fn inspect(py: Python<'_>, callables: &[Bound<'_, PyAny>]) -> Placement {
    let mut reader = Reader {
        py,
        seen: HashSet::new(),
    };
    let found = callables
        .iter()
        .find_map(|callable| match reader.callable(callable, MAX_DEPTH) {
            Ok(found) => found,
            Err(error) => {
                tracing::debug!(%error, "a callable could not be inspected");
                None
            }
        });
    Placement::new(found.map(|name| format!("its code mentions '{name}'")))
}

struct Reader<'py> {
    py: Python<'py>,
    seen: HashSet<usize>,
}

type Found = PyResult<Option<&'static str>>;

impl<'py> Reader<'py> {
    fn callable(&mut self, callable: &Bound<'py, PyAny>, depth: usize) -> Found {
        let py = self.py;
        if let Some(code) = optional(callable, "__code__")? {
            let globals =
                optional(callable, "__globals__")?.and_then(|globals| globals.cast_into::<PyDict>().ok());
            let package = package_of(callable)?;
            return self.code(&code, globals.as_ref(), &package, depth);
        }
        // A partial, a bound method, a wrapper, then an instance of a class with `__call__`.
        for attribute in ["func", "__func__", "__wrapped__"] {
            if let Some(inner) = optional(callable, attribute)? {
                return self.callable(&inner, depth);
            }
        }
        let kind = callable.get_type();
        match optional(kind.as_any(), "__call__")? {
            Some(call) if call.hasattr(intern!(py, "__code__"))? => self.callable(&call, depth),
            // Written in C, or a class: its timing has to tell.
            _ => Ok(None),
        }
    }

    fn code(
        &mut self,
        code: &Bound<'py, PyAny>,
        globals: Option<&Bound<'py, PyDict>>,
        package: &str,
        depth: usize,
    ) -> Found {
        if self.seen.len() >= MAX_FUNCTIONS || !self.seen.insert(code.as_ptr() as usize) {
            return Ok(None);
        }
        let names: Vec<String> = code.getattr(intern!(self.py, "co_names"))?.extract()?;
        if let Some(name) = names.iter().find_map(|name| blocking(name)) {
            return Ok(Some(name));
        }
        // Functions and comprehensions inside.
        let constants = code
            .getattr(intern!(self.py, "co_consts"))?
            .cast_into::<PyTuple>()?;
        for constant in constants
            .iter()
            .filter(|constant| constant.hasattr("co_names").unwrap_or(false))
        {
            if let Some(name) = self.code(&constant, globals, package, depth)? {
                return Ok(Some(name));
            }
        }
        let Some(globals) = globals.filter(|_| depth > 0) else {
            return Ok(None);
        };
        for name in &names {
            let Some(value) = globals.get_item(name)? else {
                continue;
            };
            if !value.is_callable() || !value.hasattr(intern!(self.py, "__code__"))? {
                continue;
            }
            if package_of(&value)? == package {
                if let Some(name) = self.callable(&value, depth - 1)? {
                    return Ok(Some(name));
                }
            }
        }
        Ok(None)
    }
}

fn blocking(name: &str) -> Option<&'static str> {
    BLOCKING.iter().copied().find(|blocking| *blocking == name)
}

/// The top-level package: code of other packages is not read, it is too much and too general.
fn package_of(callable: &Bound<'_, PyAny>) -> PyResult<String> {
    let module = optional(callable, "__module__")?.filter(|module| !module.is_none());
    let module: String = module.map_or(Ok(String::new()), |module| module.extract())?;
    Ok(module.split('.').next().unwrap_or_default().to_owned())
}

fn optional<'py>(object: &Bound<'py, PyAny>, attribute: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    match object.getattr(attribute) {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_instance_of::<PyAttributeError>(object.py()) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use pyo3::types::PyModule;

    use super::*;

    const SOURCE: &std::ffi::CStr = c"
import functools, threading, time
lock = threading.Lock()

def plain(x):
    return {'x': [str(y).join('ab') for y in range(x)]}

def sleeps():
    time.sleep(1)

def indirectly(x):
    return helper(x)

def helper(x):
    return [sleeps() for _ in range(x)]

def locks():
    lock.acquire()

def recursive(x):
    return recursive(x - 1) if x else 0

class Callable:
    def __call__(self):
        return open('x')

    def method(self):
        return input()

partial = functools.partial(sleeps)
@functools.wraps(sleeps)
def wrapper(*args):
    return 1
instance = Callable()
method = instance.method
builtin = len
";

    fn reason(name: &str) -> Option<String> {
        Python::initialize();
        Python::attach(|py| {
            let module = PyModule::from_code(py, SOURCE, c"inspected.py", c"inspected").unwrap();
            let callable = module.getattr(name).unwrap();
            inspect(py, &[callable]).pinned().map(str::to_owned)
        })
    }

    #[test]
    fn code_that_says_that_it_blocks_is_pinned() {
        for (name, mention) in [
            ("sleeps", "sleep"),
            ("indirectly", "sleep"),
            ("locks", "acquire"),
            ("partial", "sleep"),
            ("instance", "open"),
            ("method", "input"),
        ] {
            assert_eq!(
                reason(name),
                Some(format!("its code mentions '{mention}'")),
                "{name}"
            );
        }
    }

    #[test]
    fn other_code_has_to_show_by_its_timing() {
        for name in ["plain", "recursive", "builtin", "wrapper"] {
            assert_eq!(reason(name), None, "{name}");
        }
    }
}
