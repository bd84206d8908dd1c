//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, value_parser};

use crate::settings::{self, Layer};
use crate::suggest;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Serve.
    Run,
    /// Serve, and start again when a file changes.
    Dev,
    /// Load the application and say what is wrong with it.
    Check,
    /// List the routes.
    Routes,
    /// Print the licences of what the program is made of.
    Licenses,
}

/// A command line that has been understood.
#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) action: Action,
    /// The settings that the flags give.
    pub(crate) flags: Layer,
    pub(crate) config: Option<PathBuf>,
    /// This process is a worker, started by a supervisor.
    pub(crate) worker: bool,
    /// `routes` answers in JSON.
    pub(crate) json: bool,
    /// The directories that `dev` watches; the application's if none is given.
    pub(crate) watch: Vec<PathBuf>,
}

impl Invocation {
    fn without_settings(action: Action) -> Self {
        Self {
            action,
            flags: Layer::default(),
            config: None,
            worker: false,
            json: false,
            watch: Vec::new(),
        }
    }
}

const ACTIONS: [(&str, Action, &str); 5] = [
    ("run", Action::Run, "Serve the application (the default command)"),
    (
        "dev",
        Action::Dev,
        "Serve the application, and start it again whenever a file changes",
    ),
    (
        "check",
        Action::Check,
        "Load the application and report what is wrong; takes what run takes",
    ),
    (
        "routes",
        Action::Routes,
        "List the application's routes, and how each is served",
    ),
    (
        "licenses",
        Action::Licenses,
        "Print the licences of everything that this program is made of",
    ),
];

/// Parses `arguments`, the first of which is the program's name.
pub(crate) fn parse(arguments: Vec<OsString>) -> Result<Invocation, clap::Error> {
    let first = arguments
        .get(1)
        .and_then(|first| first.to_str())
        .map(str::to_owned);
    let matches = command()
        .try_get_matches_from(with_default_command(arguments))
        .map_err(|error| unknown_command(error, first.as_deref().unwrap_or_default()))?;
    let (name, flags) = matches.subcommand().unwrap_or(("run", &matches));
    let action = ACTIONS
        .iter()
        .find(|(known, ..)| *known == name)
        .map_or(Action::Run, |(_, action, _)| *action);
    invocation(action, flags)
}

/// The command whose name is nearly `name`.
pub(crate) fn similar_command(name: &str) -> Option<&'static str> {
    suggest::nearest(name, ACTIONS.into_iter().map(|(name, ..)| name))
}

/// A misspelt command is taken for the application, and what comes after it for one too many.
fn unknown_command(error: clap::Error, first: &str) -> clap::Error {
    match similar_command(first) {
        Some(similar) if error.kind() == ErrorKind::UnknownArgument && !first.starts_with('-') => {
            let message = format!("there is no command '{first}'\n\n  tip: did you mean '{similar}'?");
            command().error(ErrorKind::InvalidSubcommand, message)
        }
        _ => error,
    }
}

fn invocation(action: Action, flags: &ArgMatches) -> Result<Invocation, clap::Error> {
    if action == Action::Licenses {
        return Ok(Invocation::without_settings(action));
    }
    let mut layer = settings::read_flags(flags)?;
    if let Some(target) = flags.get_one::<String>("target") {
        layer.app = Some(target.clone());
    }
    let flag = |name| flags.try_get_one(name).ok().flatten().copied().unwrap_or(false);
    Ok(Invocation {
        action,
        flags: layer,
        config: flags.get_one::<PathBuf>("config").cloned(),
        worker: flag("worker"),
        json: flag("json"),
        watch: flags
            .try_get_many("watch")
            .ok()
            .flatten()
            .map_or_else(Vec::new, |paths| paths.cloned().collect()),
    })
}

/// `fastrapi-server main:app` means `fastrapi-server run main:app`.
fn with_default_command(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let general = ["help", "--help", "-h", "--version", "-V"];
    let named = arguments
        .get(1)
        .and_then(|first| first.to_str())
        .is_some_and(|first| general.contains(&first) || ACTIONS.iter().any(|(name, ..)| *name == first));
    if !named {
        arguments.insert(arguments.len().min(1), "run".into());
    }
    arguments
}

fn command() -> Command {
    Command::new("fastrapi-server")
        .version(crate::version::long())
        .about("Serves Python web applications: FastrAPI's, FastAPI's and every other ASGI application")
        .after_help("`fastrapi-server MODULE:ATTRIBUTE` is short for `fastrapi-server run MODULE:ATTRIBUTE`.")
        .subcommand_required(true)
        .disable_help_subcommand(false)
        .subcommands(ACTIONS.map(|(name, action, about)| subcommand(name, action).about(about)))
}

fn subcommand(name: &'static str, action: Action) -> Command {
    if action == Action::Licenses {
        return Command::new(name);
    }
    let command = Layer::augment_args(Command::new(name))
        .arg(
            Arg::new("target")
                .value_name("MODULE:ATTRIBUTE")
                .help("The application; the same as --app")
                .conflicts_with("app"),
        )
        .arg(
            Arg::new("config")
                .long("config")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help("Configuration file (TOML); config/fastrapi-server.toml lists all settings [env: FASTRAPI_CONFIG]"),
        );
    let switch = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    let command = match action {
        Action::Run => command.arg(switch("worker").hide(true)),
        Action::Dev => command.arg(
            Arg::new("watch")
                .long("watch")
                .value_name("DIRECTORY")
                .value_parser(value_parser!(PathBuf))
                .action(ArgAction::Append)
                .help("Watch this directory instead of the application's; may be repeated"),
        ),
        Action::Check | Action::Licenses => command,
        Action::Routes => command.arg(switch("json").help("Print JSON instead of a table")),
    };
    settings::document(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Invocation {
        try_parse(line).unwrap()
    }

    fn try_parse(line: &str) -> Result<Invocation, clap::Error> {
        parse(line.split_whitespace().map(OsString::from).collect())
    }

    #[test]
    fn the_definition_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn run_is_the_default_command() {
        for line in ["x", "x run", "x --port 1", "x main:app", "x run main:app"] {
            assert_eq!(parsed(line).action, Action::Run, "{line}");
        }
        assert_eq!(parsed("x main:app").flags.app.as_deref(), Some("main:app"));
        assert_eq!(parsed("x --app main:app").flags.app.as_deref(), Some("main:app"));
        assert_eq!(
            parsed("x dev --watch a --watch b").watch,
            [PathBuf::from("a"), PathBuf::from("b")]
        );
        assert!(parsed("x routes --json").json);
    }

    #[test]
    fn switches_are_turned_on_and_off_and_the_last_one_counts() {
        for (line, expected) in [
            ("x", None),
            ("x --access-log", Some(true)),
            ("x --no-access-log", Some(false)),
            ("x --access-log=false", Some(false)),
            ("x --no-access-log --access-log", Some(true)),
            ("x --access-log --no-access-log", Some(false)),
        ] {
            assert_eq!(parsed(line).flags.access_log, expected, "{line}");
        }
    }

    #[test]
    fn wrong_command_lines_are_usage_errors() {
        for line in [
            "x --nope",
            "x --port",
            "x --port 70000",
            "x a:b --app c:d",
            "x check --json",
            "x --loop slow",
        ] {
            assert_eq!(try_parse(line).unwrap_err().exit_code(), 2, "{line}");
        }
    }

    #[test]
    fn misspelt_commands_are_told_from_applications() {
        let error = try_parse("x rout main:app").unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("did you mean 'routes'?"), "{error}");
        assert!(
            !try_parse("x main:app other:app")
                .unwrap_err()
                .to_string()
                .contains("did you mean")
        );
        assert_eq!(similar_command("main"), None);
    }

    #[test]
    fn help_shows_defaults_and_variables() {
        let help = try_parse("x run --help").unwrap_err().to_string();
        let words = help.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in [
            "[default: 8000] [env: FASTRAPI_PORT]",
            "[default: 127.0.0.1] [env: FASTRAPI_HOST]",
            "(on; --no-access-log turns it off) [env: FASTRAPI_ACCESS_LOG]",
            "[env: FASTRAPI_APP]",
        ] {
            assert!(words.contains(part), "{part} is not in {words}");
        }
        assert!(!words.contains("worker-fd") && !words.contains("--worker "));
    }
}
