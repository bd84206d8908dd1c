//! Types of settings that are more than a number or a text.

use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;
use std::time::Duration;

use clap::ValueEnum;
use serde::de::{self, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A span of time, written as (fractional) seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seconds(pub(crate) Duration);

impl Seconds {
    pub(crate) const fn new(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    fn checked(seconds: f64) -> Result<Self, String> {
        Duration::try_from_secs_f64(seconds)
            .map(Self)
            .map_err(|_| format!("{seconds} is not a number of seconds"))
    }
}

impl FromStr for Seconds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse()
            .map_err(|_| "expected a number of seconds".to_owned())
            .and_then(Self::checked)
    }
}

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.subsec_nanos() == 0 {
            serializer.serialize_u64(self.0.as_secs())
        } else {
            serializer.serialize_f64(self.0.as_secs_f64())
        }
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        f64::deserialize(deserializer).and_then(|seconds| Self::checked(seconds).map_err(de::Error::custom))
    }
}

/// A number of bytes, written as an integer or with one of the units `KiB`, `MiB` and `GiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) u64);

impl Size {
    pub(crate) const fn mebibytes(count: u64) -> Self {
        Self(count * 1024 * 1024)
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
        let unit: u64 = match text[digits.len()..].trim() {
            "" | "B" => 1,
            "KiB" => 1024,
            "MiB" => 1024 * 1024,
            "GiB" => 1024 * 1024 * 1024,
            other => return Err(format!("unknown unit {other:?}, expected KiB, MiB or GiB")),
        };
        let count: u64 = digits
            .parse()
            .map_err(|_| "expected a number of bytes, such as 65536 or 8MiB".to_owned())?;
        count
            .checked_mul(unit)
            .map(Self)
            .ok_or_else(|| format!("{text} is too large"))
    }
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberOrText {
            expected: "a number of bytes",
            number: |n| Ok(Self(n)),
        })
    }
}

/// How many worker processes serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Workers {
    /// As many as the process may use cores.
    Auto,
    /// This many.
    Count(NonZeroUsize),
}

impl Workers {
    pub(crate) const ONE: Self = Self::Count(NonZeroUsize::MIN);

    /// The number of processes. Container limits count, as the operating system's affinity and quota do.
    pub(crate) fn count(self) -> usize {
        match self {
            Self::Auto => std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
            Self::Count(count) => count.get(),
        }
    }

    fn number(count: u64) -> Result<Self, String> {
        usize::try_from(count)
            .ok()
            .and_then(NonZeroUsize::new)
            .map(Self::Count)
            .ok_or_else(|| "expected at least 1 worker, or \"auto\"".to_owned())
    }
}

impl FromStr for Workers {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            _ => text
                .parse()
                .map_err(|_| "expected a number or \"auto\"".to_owned())
                .and_then(Self::number),
        }
    }
}

impl Serialize for Workers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str("auto"),
            Self::Count(count) => serializer.serialize_u64(count.get() as u64),
        }
    }
}

impl<'de> Deserialize<'de> for Workers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberOrText {
            expected: "a number or \"auto\"",
            number: Self::number,
        })
    }
}

/// Reads a value that a file may hold as a number or as a text.
struct NumberOrText<T> {
    expected: &'static str,
    number: fn(u64) -> Result<T, String>,
}

impl<T: FromStr<Err = String>> Visitor<'_> for NumberOrText<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<T, E> {
        (self.number)(value).map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<T, E> {
        let unsigned =
            u64::try_from(value).map_err(|_| E::invalid_value(Unexpected::Signed(value), &self))?;
        self.visit_u64(unsigned)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<T, E> {
        value.parse().map_err(E::custom)
    }
}

/// What is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogLevel {
    Error,
    // The name that Python's logging and other servers have for it.
    #[value(alias = "warning")]
    #[serde(alias = "warning")]
    Warn,
    Info,
    Debug,
    Trace,
}

/// Which event loop runs coroutines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LoopKind {
    /// uvloop where it can be imported.
    Auto,
    Uvloop,
    Asyncio,
}

/// How requests reach the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Lane {
    /// Directly where the route allows.
    Auto,
    /// Always by the ASGI call.
    General,
}

/// Where sync callables run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Placement {
    /// In the pool at first, inline once they have proved short.
    Auto,
    Inline,
    Pool,
}

/// Whether the application is told about start and stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Lifespan {
    /// If it knows the protocol.
    Auto,
    /// It has to know the protocol.
    On,
    Off,
}

/// What `import fastapi` gives the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FastApiMode {
    /// FastrAPI, unless the installed FastAPI is newer than what it matches.
    Auto,
    /// FastrAPI, whatever is installed.
    Replace,
    /// The installed FastAPI, through the general lane.
    Real,
    /// What is installed; FastrAPI is only found by its own name.
    Native,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!("65536".parse(), Ok(Size(65536)));
        assert_eq!("8MiB".parse(), Ok(Size::mebibytes(8)));
        assert_eq!("2 KiB".parse(), Ok(Size(2048)));
        for wrong in ["", "MiB", "8MB", "-1", "1.5GiB", "99999999999GiB"] {
            assert!(wrong.parse::<Size>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn seconds_may_have_fractions_and_are_never_negative() {
        assert_eq!("0.5".parse(), Ok(Seconds(Duration::from_millis(500))));
        assert_eq!("30".parse(), Ok(Seconds::new(30)));
        for wrong in ["", "-1", "nan", "inf", "5s"] {
            assert!(wrong.parse::<Seconds>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn workers_are_counted_from_one() {
        assert_eq!("1".parse(), Ok(Workers::ONE));
        assert!(Workers::Auto.count() >= 1);
        for wrong in ["0", "-1", "many"] {
            assert!(wrong.parse::<Workers>().is_err(), "{wrong}");
        }
    }
}
