//! All settings, in one list.
//!
//! Each has three spellings that follow from its name: the flag `--keep-alive-timeout`, the environment variable
//! `FASTRAPI_KEEP_ALIVE_TIMEOUT` and the key `keep_alive_timeout` of the configuration file. A flag wins over a
//! variable, a variable over the file, and the file over the default. Names that are not in the list are errors.

mod environment;
mod file;
mod layer;
mod list;
mod values;

use std::path::PathBuf;
use std::time::Duration;

use server::listener::BindAddress;

pub(crate) use layer::{document, read_flags};
pub(crate) use list::{Layer, Settings};
pub(crate) use values::{FastApiMode, Lane, Lifespan, LogLevel, LoopKind, Placement};

use crate::exit::Exit;
use crate::report::Report;

/// Settles every setting: `flags`, then the environment, then the file that one of them names.
pub(crate) fn resolve(flags: Layer, config: Option<PathBuf>) -> Result<Settings, Report> {
    let (environment, file_from_environment) = environment::read(std::env::vars_os())?;
    let file = match config.or(file_from_environment) {
        Some(path) => file::read(&path)?,
        None => Layer::default(),
    };
    let settings = flags.or(environment).or(file).settle();
    settings.check()?;
    Ok(settings)
}

impl Settings {
    /// Refuses what cannot be meant, before anything is bound or imported.
    fn check(&self) -> Result<(), Report> {
        let app = self.app.as_deref();
        let module = app.map(|app| app.rsplit_once(':').map_or(app, |(module, _)| module));
        let unusual = |module: &&str| module.is_empty() || (module.contains(':') && !module.ends_with(".py"));
        if module.filter(unusual).is_some() {
            let message = format!("'{}' does not name an application", app.unwrap_or_default());
            return Err(Report::new(Exit::Usage, message).hint(
                "the form is MODULE:ATTRIBUTE, such as main:app; without --app the usual files are looked at",
            ));
        }
        if !self.app_dir.is_dir() {
            let message = format!("{} is not a directory", self.app_dir.display());
            return Err(Report::new(Exit::Usage, message)
                .hint("--app-dir names the directory that the application is imported from"));
        }
        Ok(())
    }

    /// Where to listen.
    pub(crate) fn address(&self) -> BindAddress {
        match &self.uds {
            Some(path) => BindAddress::Unix(path.clone()),
            None => BindAddress::Tcp {
                host: self.host.clone(),
                port: self.port,
            },
        }
    }

    /// What requests in flight get to finish.
    pub(crate) fn graceful_timeout(&self) -> Duration {
        self.graceful_timeout.0
    }

    /// The part that the HTTP server takes.
    pub(crate) fn server(&self) -> server::ServerConfig {
        let size = |bytes: values::Size| usize::try_from(bytes.0).unwrap_or(usize::MAX);
        server::ServerConfig {
            header_read_timeout: self.header_read_timeout.0,
            keep_alive_timeout: self.keep_alive_timeout.0,
            body_timeout: self.body_timeout.0,
            write_timeout: self.write_timeout.0,
            graceful_timeout: self.graceful_timeout.0,
            max_header_bytes: size(self.max_header_bytes),
            max_headers: self.max_headers,
            max_connections: self.max_connections,
            in_memory_body_limit: self.in_memory_body_limit.0,
            max_body_size: self.max_body_size.map(|limit| limit.0),
            http1: self.http1,
            http2: self.http2,
            http2_max_concurrent_streams: self.http2_max_concurrent_streams,
            websocket: server::WebSocketConfig {
                max_message_size: size(self.websocket_max_message_size),
                queue: self.websocket_queue,
                ping_interval: self.websocket_ping_interval.0,
                ping_timeout: self.websocket_ping_timeout.0,
                compression: self.websocket_compression,
            },
            server_header: (!self.server_header.is_empty()).then(|| self.server_header.clone()),
            date_header: self.date_header,
            trusted_proxies: if self.proxy_headers {
                self.forwarded_allow_ips.clone()
            } else {
                server::TrustedProxies::NOBODY
            },
            ..server::ServerConfig::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_the_servers_own() {
        assert_eq!(
            Layer::default().settle().server(),
            server::ServerConfig::default()
        );
    }

    #[test]
    fn what_names_no_application_or_no_directory_is_refused() {
        let check = |app: &str, app_dir: &str| {
            let layer = Layer {
                app: Some(app.into()),
                app_dir: Some(app_dir.into()),
                ..Layer::default()
            };
            layer.settle().check()
        };
        for app in ["main:app", "main", "main.py:app", "a.b:c.d"] {
            assert!(check(app, ".").is_ok(), "{app}");
        }
        for app in ["", ":app", "main:app:x"] {
            assert!(check(app, ".").is_err(), "{app}");
        }
        assert!(check("main:app", "/no/such/directory").is_err());
    }

    #[test]
    fn a_socket_path_wins_over_host_and_port() {
        let layer = Layer {
            uds: Some("/run/app.sock".into()),
            ..Layer::default()
        };
        assert_eq!(
            layer.settle().address(),
            BindAddress::Unix("/run/app.sock".into())
        );
    }
}
