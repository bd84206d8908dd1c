//! Where a request comes from when a proxy passes it on.
//!
//! The fields are the ones that every proxy sends, `X-Forwarded-For` and `X-Forwarded-Proto`; whom to believe is set as
//! for uvicorn's `--forwarded-allow-ips`. A client can write such fields itself, so only what a trusted peer has added
//! counts: addresses are read from the end, where the last proxy appends, up to the first that is no trusted proxy.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use http::header::HeaderName;
use http::{Extensions, HeaderMap};
use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::state::ConnectionInfo;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The peers whose word about the client is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrustedProxies {
    /// Everyone, also who comes by a Unix-domain socket; written `*`.
    Everyone,
    /// Those of these networks; written as addresses and networks with commas between them.
    Networks(Vec<IpNet>),
}

impl TrustedProxies {
    /// Nobody.
    pub const NOBODY: Self = Self::Networks(Vec::new());

    /// This machine alone, as uvicorn has it.
    pub fn loopback() -> Self {
        Self::Networks(vec![IpAddr::from([127, 0, 0, 1]).into()])
    }

    pub(crate) fn trust(&self, peer: Option<SocketAddr>) -> bool {
        match self {
            Self::Everyone => true,
            Self::Networks(_) => peer.is_some_and(|peer| self.contain(peer.ip())),
        }
    }

    fn contain(&self, address: IpAddr) -> bool {
        match self {
            Self::Everyone => true,
            // A listener for both families shows IPv4 clients as ::ffff:a.b.c.d (RFC 4291 2.5.5.2).
            Self::Networks(networks) => networks
                .iter()
                .any(|network| network.contains(&address.to_canonical())),
        }
    }

    /// What a request that a trusted peer passes on says of its origin; `None` if it says nothing that can be used.
    pub(super) fn origin(&self, headers: &HeaderMap, peer: &ConnectionInfo) -> Option<ConnectionInfo> {
        let scheme = headers
            .get_all(X_FORWARDED_PROTO)
            .iter()
            .next_back()
            .and_then(|value| scheme(value.as_bytes()));
        let client = self.client(headers);
        (scheme.is_some() || client.is_some()).then(|| ConnectionInfo {
            peer: client.or(peer.peer),
            local: peer.local.clone(),
            scheme: scheme.unwrap_or(peer.scheme),
        })
    }

    /// The last address that is no trusted proxy, or the first of all. What stands before something that is not an
    /// address has no proxy's word, and is not looked at.
    fn client(&self, headers: &HeaderMap) -> Option<SocketAddr> {
        let mut client = None;
        for value in headers.get_all(X_FORWARDED_FOR).iter().rev() {
            // The client may have sent any bytes, to which the proxy has appended.
            for element in value.as_bytes().rsplit(|byte| *byte == b',') {
                let text = std::str::from_utf8(element).ok();
                let Some(address) = text.and_then(|text| address(text.trim())) else {
                    return client;
                };
                client = Some(address);
                if !self.contain(address.ip()) {
                    return client;
                }
            }
        }
        client
    }
}

impl ConnectionInfo {
    /// Where a request comes from: what a trusted proxy said, else the connection that it came on.
    pub fn of<'a>(extensions: &'a Extensions, connection: Option<&'a Self>) -> Option<&'a Self> {
        extensions.get().or(connection)
    }
}

fn scheme(value: &[u8]) -> Option<&'static str> {
    let is = |names: [&str; 2]| {
        names
            .iter()
            .any(|name| value.trim_ascii().eq_ignore_ascii_case(name.as_bytes()))
    };
    if is(["http", "ws"]) {
        Some("http")
    } else if is(["https", "wss"]) {
        Some("https")
    } else {
        None
    }
}

/// An address, with a port (some proxies send it) or without, which is port 0.
fn address(text: &str) -> Option<SocketAddr> {
    let without_port = || text.trim_start_matches('[').trim_end_matches(']').parse();
    text.parse()
        .ok()
        .or_else(|| Some(SocketAddr::new(without_port().ok()?, 0)))
}

impl FromStr for TrustedProxies {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        let mut networks = Vec::new();
        for name in names {
            if name == "*" {
                return Ok(Self::Everyone);
            }
            let network = name
                .parse()
                .or_else(|_| name.parse::<IpAddr>().map(IpNet::from))
                .map_err(|_| {
                    format!(
                        "{name:?} is no address, such as 10.0.0.1, no network, such as 10.0.0.0/8, and not *"
                    )
                })?;
            networks.push(network);
        }
        Ok(Self::Networks(networks))
    }
}

impl fmt::Display for TrustedProxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Networks(networks) = self else {
            return f.write_str("*");
        };
        for (index, network) in networks.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            if network.prefix_len() == network.max_prefix_len() {
                write!(f, "{comma}{}", network.addr())?;
            } else {
                write!(f, "{comma}{network}")?;
            }
        }
        Ok(())
    }
}

impl Serialize for TrustedProxies {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TrustedProxies {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listener::LocalAddress;

    fn origin(trusted: &str, fields: &[(&'static str, &str)]) -> Option<(String, &'static str)> {
        let info = ConnectionInfo {
            peer: Some(([127, 0, 0, 1], 4711).into()),
            local: LocalAddress::Tcp(([127, 0, 0, 1], 8000).into()),
            scheme: "http",
        };
        let trusted: TrustedProxies = trusted.parse().unwrap();
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, value.parse().unwrap());
        }
        let origin = trusted.origin(&headers, &info)?;
        Some((origin.peer.unwrap().to_string(), origin.scheme))
    }

    #[test]
    fn the_client_is_the_last_that_is_no_trusted_proxy() {
        let client = |trusted: &str, fields: &[&str]| {
            let fields: Vec<_> = fields.iter().map(|value| ("x-forwarded-for", *value)).collect();
            origin(trusted, &fields).map(|(client, _)| client)
        };
        assert_eq!(client("127.0.0.1", &["1.2.3.4"]).unwrap(), "1.2.3.4:0");
        // The first is what the client claims to be.
        assert_eq!(client("127.0.0.1", &["6.6.6.6, 1.2.3.4"]).unwrap(), "1.2.3.4:0");
        assert_eq!(client("127.0.0.1", &["6.6.6.6", "1.2.3.4"]).unwrap(), "1.2.3.4:0");
        let both = "127.0.0.1, 10.0.0.0/8";
        assert_eq!(client(both, &["6.6.6.6,1.2.3.4, 10.1.2.3"]).unwrap(), "1.2.3.4:0");
        assert_eq!(client(both, &["10.9.9.9, 10.1.2.3"]).unwrap(), "10.9.9.9:0");
        assert_eq!(client("*", &["6.6.6.6, 1.2.3.4"]).unwrap(), "6.6.6.6:0");
        assert_eq!(client("127.0.0.1", &["1.2.3.4:567"]).unwrap(), "1.2.3.4:567");
        assert_eq!(client("127.0.0.1", &["2001:db8::1"]).unwrap(), "[2001:db8::1]:0");
        assert_eq!(
            client("127.0.0.1", &["[2001:db8::1]:567"]).unwrap(),
            "[2001:db8::1]:567"
        );
        assert_eq!(
            client(both, &["1.2.3.4, unknown, 10.1.2.3"]).unwrap(),
            "10.1.2.3:0"
        );
        for nothing in ["", "unknown", "1.2.3.4, _hidden", "1.2.3.4,"] {
            assert_eq!(client("127.0.0.1", &[nothing]), None, "{nothing}");
        }
    }

    #[test]
    fn what_the_client_wrote_takes_nothing_from_what_the_proxy_added() {
        let bytes = |value: &[u8]| http::HeaderValue::from_bytes(value).unwrap();
        for values in [
            vec![bytes(b"\xff, 1.2.3.4")],
            vec![bytes(b"\xff"), bytes(b"1.2.3.4")],
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(X_FORWARDED_FOR, value);
            }
            let client = TrustedProxies::loopback().client(&headers).unwrap();
            assert_eq!(client.to_string(), "1.2.3.4:0");
        }
    }

    #[test]
    fn the_scheme_is_one_of_two() {
        let scheme = |value| origin("127.0.0.1", &[("x-forwarded-proto", value)]).map(|(_, scheme)| scheme);
        assert_eq!(scheme("https"), Some("https"));
        assert_eq!(scheme(" WSS"), Some("https"));
        assert_eq!(scheme("http"), Some("http"));
        for nothing in ["", "gopher", "https, http"] {
            assert_eq!(scheme(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn peers_are_trusted_by_address() {
        let trust = |trusted: &str, peer: Option<&str>| {
            let trusted: TrustedProxies = trusted.parse().unwrap();
            trusted.trust(peer.map(|peer| peer.parse().unwrap()))
        };
        assert!(trust("127.0.0.1", Some("127.0.0.1:1")));
        assert!(trust("127.0.0.1", Some("[::ffff:127.0.0.1]:1")));
        assert!(trust("fd00::/8", Some("[fd00::5]:1")));
        assert!(!trust("127.0.0.1", Some("127.0.0.2:1")));
        assert!(!trust("", Some("127.0.0.1:1")));
        assert!(!trust("127.0.0.1", None));
        assert!(trust("*", None));
    }

    #[test]
    fn what_is_written_can_be_read_again() {
        for text in ["*", "127.0.0.1", "10.0.0.0/8,2001:db8::1", ""] {
            let trusted: TrustedProxies = text.parse().unwrap();
            assert_eq!(trusted.to_string(), text);
        }
        let error = "localhost".parse::<TrustedProxies>().unwrap_err();
        assert!(error.contains("\"localhost\""), "{error}");
    }
}
