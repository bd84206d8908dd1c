//! Settings from a TOML file.

use std::path::Path;

use super::list::{Layer, Settings};
use crate::exit::Exit;
use crate::report::Report;
use crate::suggest;

/// Reads the file at `path`. Keys that are no setting are errors.
pub(super) fn read(path: &Path) -> Result<Layer, Report> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Report::new(
            Exit::Configuration,
            format!("cannot read the configuration file {}", path.display()),
        )
        .cause(error.to_string())
    })?;
    parse(&text).map_err(|error| failed(path, &text, &error))
}

fn parse(text: &str) -> Result<Layer, toml::de::Error> {
    toml::from_str(text)
}

fn failed(path: &Path, text: &str, error: &toml::de::Error) -> Report {
    let at = error.span().map_or_else(String::new, |span| {
        let line = text
            .get(..span.start)
            .map_or(1, |before| before.matches('\n').count() + 1);
        format!(", line {line}")
    });
    let message = error.message().trim();
    let report = Report::new(
        Exit::Configuration,
        format!("the configuration file {}{at} is not valid", path.display()),
    );
    match unknown_field(message) {
        Some(key) => report
            .cause(format!("there is no setting {key}"))
            .maybe_hint(unknown_name_hint(key, str::to_owned)),
        None => report.cause(message),
    }
}

/// The name in serde's message about a field that the structure does not have.
fn unknown_field(message: &str) -> Option<&str> {
    message.strip_prefix("unknown field `")?.split('`').next()
}

/// "Did you mean", for a name that is no setting; `spell` writes a setting's name as the user would.
pub(super) fn unknown_name_hint(name: &str, spell: impl Fn(&str) -> String) -> Option<String> {
    suggest::nearest(name, Settings::NAMES.iter().copied())
        .map(|nearest| format!("did you mean {}?", spell(nearest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(text: &str) -> String {
        failed(Path::new("app.toml"), text, &parse(text).unwrap_err()).to_string()
    }

    #[test]
    fn unknown_keys_are_errors_that_name_the_line_and_a_near_key() {
        assert_eq!(
            report("port = 1\n\nhots = \"::1\"\n"),
            "error: the configuration file app.toml, line 3 is not valid\ncause: there is no setting hots\n\
             hint: did you mean host?\n"
        );
    }

    #[test]
    fn wrong_values_and_wrong_syntax_are_errors() {
        assert!(
            report("port = 70000")
                .starts_with("error: the configuration file app.toml, line 1 is not valid\n")
        );
        assert!(
            report("\nport = ").starts_with("error: the configuration file app.toml, line 2 is not valid\n")
        );
        assert!(report("workers = 0").contains("cause: expected at least 1 worker, or \"auto\""));
    }

    #[test]
    fn the_documented_file_has_every_setting_with_its_default() {
        let documented = include_str!("../../../../config/fastrapi-server.toml");
        // Settings are commented out (`#port = 8000`), explanations have a space (`# Port to…`).
        let active: String = documented
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(setting) if !setting.starts_with(' ') && !setting.is_empty() => format!("{setting}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        let table: toml::Table = active.parse().unwrap();
        let mut documented_names: Vec<&str> = table.keys().map(String::as_str).collect();
        let mut names = Settings::NAMES.to_vec();
        documented_names.sort_unstable();
        names.sort_unstable();
        assert_eq!(documented_names, names);

        let layer = parse(&active).unwrap();
        // Examples, as these have no default.
        let layer = Layer {
            app: None,
            venv: None,
            uds: None,
            threads: None,
            max_body_size: None,
            ..layer
        };
        assert_eq!(layer.settle(), Layer::default().settle());
        assert_eq!(parse(documented).unwrap(), Layer::default());
    }
}
