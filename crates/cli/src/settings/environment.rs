//! Settings from environment variables.

use std::ffi::OsString;
use std::path::PathBuf;

use serde::Deserialize;

use super::file::unknown_name_hint;
use super::list::{Layer, Settings};
use crate::exit::Exit;
use crate::report::Report;

const PREFIX: &str = "FASTRAPI_";
const CONFIG: &str = "FASTRAPI_CONFIG";
/// The variable of uvicorn and gunicorn, which deployments behind a proxy have set already.
const FORWARDED_ALLOW_IPS: &str = "FORWARDED_ALLOW_IPS";

/// The variable that sets `name`.
pub(super) fn variable(name: &str) -> String {
    format!("{PREFIX}{}", name.to_ascii_uppercase())
}

/// Reads every variable that begins with `FASTRAPI_`: the settings, and the file that `FASTRAPI_CONFIG` names. Of others
/// only `FORWARDED_ALLOW_IPS` counts, unless there is one of ours.
pub(super) fn read(
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> Result<(Layer, Option<PathBuf>), Report> {
    let mut layer = Layer::default();
    let mut borrowed = Layer::default();
    let mut config = None;
    for (name, value) in variables {
        let ours = |name: &&str| name.starts_with(PREFIX) || *name == FORWARDED_ALLOW_IPS;
        let Some(name) = name.to_str().filter(ours) else {
            continue;
        };
        if name == CONFIG {
            config = Some(PathBuf::from(value));
            continue;
        }
        let Some(value) = value.to_str() else {
            return Err(Report::new(
                Exit::Configuration,
                format!("the value of {name} is not valid UTF-8"),
            ));
        };
        let key = name.trim_start_matches(PREFIX).to_ascii_lowercase();
        if name == FORWARDED_ALLOW_IPS {
            borrowed = read_one(name, &key, value)?;
        } else if Settings::NAMES.contains(&key.as_str()) {
            layer = layer.or(read_one(name, &key, value)?);
        } else {
            refuse_misspelling(name, &key)?;
        }
    }
    Ok((layer.or(borrowed), config))
}

/// A variable that looks like a setting and is none is an error. The others belong to somebody else: the application,
/// or Kubernetes, which describes a service called `fastrapi` to all containers in variables of this form.
fn refuse_misspelling(name: &str, key: &str) -> Result<(), Report> {
    match unknown_name_hint(key, variable) {
        Some(hint) => Err(Report::new(
            Exit::Configuration,
            format!("there is no setting for the variable {name}"),
        )
        .hint(hint)),
        None => Ok(()),
    }
}

fn read_one(variable: &str, key: &str, value: &str) -> Result<Layer, Report> {
    let table = |value| toml::Table::from_iter([(key.to_owned(), value)]);
    // A variable has no type: what is a number for one setting is a text for another.
    let texts = Layer::deserialize(table(toml::Value::String(value.to_owned())));
    let typed = value
        .parse::<toml::Value>()
        .ok()
        .filter(|value| !value.is_str() && !value.is_table());
    match (texts, typed) {
        (Ok(layer), _) => Ok(layer),
        (Err(_), Some(typed)) => Layer::deserialize(table(typed)).map_err(|error| failed(variable, &error)),
        (Err(error), None) => Err(failed(variable, &error)),
    }
}

fn failed(variable: &str, error: &toml::de::Error) -> Report {
    Report::new(
        Exit::Configuration,
        format!("the environment variable {variable} is not valid"),
    )
    .cause(error.message().trim())
}

#[cfg(test)]
mod tests {
    use super::super::values::{LogLevel, Seconds, Size, Workers};
    use super::*;

    fn given(variables: &[(&str, &str)]) -> Result<(Layer, Option<PathBuf>), Report> {
        read(
            variables
                .iter()
                .map(|(name, value)| (OsString::from(name), OsString::from(value))),
        )
    }

    #[test]
    fn every_kind_of_value_can_be_given() {
        let (layer, config) = given(&[
            ("HOME", "/root"),
            ("FASTRAPI_APP", "main:app"),
            ("FASTRAPI_SERVER_HEADER", "8"),
            ("FASTRAPI_PORT", "9000"),
            ("FASTRAPI_WORKERS", "auto"),
            ("FASTRAPI_LOG_LEVEL", "debug"),
            ("FASTRAPI_ACCESS_LOG", "false"),
            ("FASTRAPI_KEEP_ALIVE_TIMEOUT", "0.5"),
            ("FASTRAPI_MAX_BODY_SIZE", "1GiB"),
            ("FASTRAPI_CONFIG", "/etc/app.toml"),
        ])
        .unwrap();
        let expected = Layer {
            app: Some("main:app".into()),
            server_header: Some("8".into()),
            port: Some(9000),
            workers: Some(Workers::Auto),
            log_level: Some(LogLevel::Debug),
            access_log: Some(false),
            keep_alive_timeout: Some(Seconds(std::time::Duration::from_millis(500))),
            max_body_size: Some(Size::mebibytes(1024)),
            ..Layer::default()
        };
        assert_eq!(layer, expected);
        assert_eq!(config, Some("/etc/app.toml".into()));
    }

    #[test]
    fn the_proxies_that_other_servers_trust_are_trusted() {
        let theirs = ("FORWARDED_ALLOW_IPS", "*");
        let ours = ("FASTRAPI_FORWARDED_ALLOW_IPS", "10.0.0.0/8");
        let proxies = |variables: &[_]| {
            given(variables)
                .unwrap()
                .0
                .forwarded_allow_ips
                .unwrap()
                .to_string()
        };
        assert_eq!(proxies(&[theirs]), "*");
        assert_eq!(proxies(&[theirs, ours]), "10.0.0.0/8");
        assert_eq!(proxies(&[ours, theirs]), "10.0.0.0/8");
        assert!(given(&[("FORWARDED_ALLOW_IPS", "proxy.example")]).is_err());
    }

    #[test]
    fn unknown_variables_are_errors_that_name_a_near_one() {
        let report = given(&[("FASTRAPI_WORKER", "2")]).unwrap_err().to_string();
        assert_eq!(
            report,
            "error: there is no setting for the variable FASTRAPI_WORKER\nhint: did you mean FASTRAPI_WORKERS?\n"
        );
    }

    #[test]
    fn variables_of_others_are_left_alone() {
        let variables = [
            ("FASTRAPI_SERVICE_HOST", "10.0.0.1"),
            ("FASTRAPI_PORT_8000_TCP_ADDR", "10.0.0.1"),
        ];
        assert_eq!(given(&variables).unwrap(), (Layer::default(), None));
    }

    #[test]
    fn wrong_values_are_errors_that_name_the_variable() {
        for (name, value) in [
            ("FASTRAPI_PORT", "70000"),
            ("FASTRAPI_PORT", "http"),
            ("FASTRAPI_HTTP2", "maybe"),
        ] {
            let report = given(&[(name, value)]).unwrap_err().to_string();
            assert!(report.starts_with(&format!(
                "error: the environment variable {name} is not valid\ncause: "
            )));
        }
    }
}
