//! What the bridge's errors look like to the user.

use std::fmt::Write;
use std::path::Path;

use pybridge::asgi::LifespanError;
use pybridge::error::RunError;
use pybridge::loader::{LoadError, UserFrame};

use super::run::cannot_listen;
use crate::args;
use crate::exit::Exit;
use crate::report::{Report, shown};
use crate::settings::Settings;

/// The report of a server that did not start or did not end well.
pub(super) fn of_run(error: &RunError, settings: &Settings) -> Report {
    match error {
        RunError::Load(error) => of_load(error, settings),
        RunError::Listen(error) => cannot_listen(error),
        RunError::Lifespan(error @ (LifespanError::Startup(_) | LifespanError::Unsupported(_))) => {
            Report::new(Exit::Application, error.to_string())
        }
        RunError::EventLoop(cause) => {
            Report::new(Exit::Application, "cannot make the event loop").cause(cause)
        }
        RunError::Prepare(cause) => {
            Report::new(Exit::Internal, "the application's routes cannot be prepared").cause(cause)
        }
        RunError::Inspect(cause) => {
            Report::new(Exit::Application, "the application's routes cannot be described").cause(cause)
        }
        RunError::Lifespan(_) | RunError::Serve(_) | RunError::Runtime(_) | RunError::Ended => {
            Report::new(Exit::Runtime, error.to_string())
        }
    }
}

/// The report of an application that cannot be loaded.
pub(super) fn of_load(error: &LoadError, settings: &Settings) -> Report {
    let report = |message: String| Report::new(Exit::Application, message);
    match error {
        LoadError::ModuleNotFound {
            module,
            app_dir,
            suggestions,
        } => report(format!("cannot find the module '{module}'"))
            .cause(format!(
                "no module of that name in {} or among the installed packages",
                shown(app_dir)
            ))
            .maybe_hint(
                spelling_hint(module, suggestions, settings)
                    .or_else(|| did_you_mean(suggestions))
                    .or_else(|| app_dir_hint(settings)),
            ),
        LoadError::AttributeNotFound {
            module,
            attribute,
            suggestions,
            apps_in_module,
        } => report(format!("the module '{module}' has no attribute '{attribute}'"))
            .maybe_hint(did_you_mean(suggestions))
            .maybe_hint(applications(module, apps_in_module)),
        LoadError::NoAppInModule { module, factory } => {
            let (what, flag) = if *factory {
                ("factory", "--factory ")
            } else {
                ("application", "")
            };
            report(format!("there is no {what} in the module '{module}'")).hint(format!(
                "if it has another name, give that, too: fastrapi-server {flag}{module}:NAME"
            ))
        }
        LoadError::ImportFailed {
            module,
            exception_text,
            user_frames,
        } => report(format!("importing '{module}' failed"))
            .cause(traceback(exception_text, user_frames))
            .maybe_hint(missing_package_hint(exception_text)),
        LoadError::FactoryFailed {
            name,
            exception_text,
            user_frames,
        } => report(format!("the factory '{name}' failed"))
            .cause(traceback(exception_text, user_frames))
            .maybe_hint(
                // Without a frame of its own the call itself failed.
                (user_frames.is_empty() && exception_text.starts_with("TypeError"))
                    .then_some("a factory is called without arguments"),
            ),
        LoadError::NotAFactory { name } => {
            report(format!("'{name}' is not callable, so it cannot be a factory"))
                .hint("leave out --factory to serve it as it is")
        }
        LoadError::NotAnApplication {
            name,
            problem,
            remedy,
            apps_in_module,
        } => {
            let module = name.split(':').next().unwrap_or_default();
            let message = if settings.factory {
                format!("what the factory '{name}' makes cannot be served")
            } else {
                format!("'{name}' cannot be served")
            };
            report(message)
                .cause(problem)
                .maybe_hint(remedy.as_ref())
                .maybe_hint(applications(module, apps_in_module))
        }
        LoadError::NoAppFound { looked_in } => report("no application was named and none was found".into())
            .cause(format!(
                "looked in {}",
                list(looked_in.iter().map(|path| shown(path)))
            ))
            .hint("name it: fastrapi-server MODULE:ATTRIBUTE"),
        LoadError::Interrupted => Report::new(
            Exit::Other(128 + 2),
            "interrupted while the application was imported",
        ),
    }
}

/// The exception, and below it the lines of the application that led to it, innermost first: the last one is where to
/// look, and the server's own lines would only hide it.
fn traceback(exception: &str, frames: &[UserFrame]) -> String {
    // A syntax error is shown below its place in the file.
    let mut text = match exception.rsplit_once('\n') {
        Some((place, error)) if exception.starts_with("  File ") => format!("{error}\n{place}"),
        _ => exception.to_owned(),
    };
    for UserFrame {
        file,
        line,
        function,
        source,
    } in frames.iter().rev()
    {
        let _infallible = write!(text, "\nat {}:{line} in {function}", shown(file));
        if !source.is_empty() {
            let _infallible = write!(text, "\n    {source}");
        }
    }
    text
}

fn did_you_mean(suggestions: &[String]) -> Option<String> {
    (!suggestions.is_empty()).then(|| format!("did you mean {}?", suggestions.join(" or ")))
}

fn applications(module: &str, names: &[String]) -> Option<String> {
    let targets = names.iter().map(|name| format!("{module}:{name}"));
    (!names.is_empty()).then(|| format!("applications in this module: {}", list(targets)))
}

/// What is wrong with a name that is no module's at all.
fn spelling_hint(module: &str, suggestions: &[String], settings: &Settings) -> Option<String> {
    if module.contains('/') {
        let module = module.trim_start_matches("./").replace('/', ".");
        return Some(format!("directories are separated by dots: {module}"));
    }
    let named_by_module = settings.app.as_deref() == Some(module);
    if let Some((before, attribute)) = module.rsplit_once('.').filter(|_| named_by_module) {
        if suggestions.iter().any(|name| name == before) {
            return Some(format!(
                "a colon stands before the attribute: {before}:{attribute}"
            ));
        }
    }
    args::similar_command(module)
        .filter(|_| named_by_module && suggestions.is_empty())
        .map(|command| format!("did you mean the command {command}?"))
}

/// Newcomers have the package in another environment than the one that the server uses.
fn missing_package_hint(exception: &str) -> Option<&'static str> {
    exception.starts_with("ModuleNotFoundError").then_some(
        "install its package into the application's environment; the server uses --venv, else the activated one, \
         else .venv beside the application",
    )
}

fn app_dir_hint(settings: &Settings) -> Option<String> {
    (settings.app_dir == Path::new("."))
        .then(|| "--app-dir names the directory that the application is imported from".to_owned())
}

fn list(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Layer;

    fn report(error: &LoadError) -> String {
        of_load(error, &Layer::default().settle()).to_string()
    }

    #[test]
    fn a_wrong_attribute_gets_suggestions_and_the_applications_there_are() {
        let error = LoadError::AttributeNotFound {
            module: "main".into(),
            attribute: "ap".into(),
            suggestions: vec!["app".into()],
            apps_in_module: vec!["app".into(), "admin".into()],
        };
        assert_eq!(
            report(&error),
            "error: the module 'main' has no attribute 'ap'\nhint: did you mean app?\n\
             hint: applications in this module: main:app, main:admin\n"
        );
    }

    #[test]
    fn names_in_the_wrong_form_are_put_right() {
        let error = |module: &str, suggestions: &[&str]| LoadError::ModuleNotFound {
            module: module.into(),
            app_dir: ".".into(),
            suggestions: suggestions.iter().map(ToString::to_string).collect(),
        };
        for (app, suggestions, hint) in [
            (
                "./src/main",
                &[][..],
                "directories are separated by dots: src.main",
            ),
            (
                "main.app",
                &["main"],
                "a colon stands before the attribute: main:app",
            ),
            ("rout", &[], "did you mean the command routes?"),
            ("mian", &["main"], "did you mean main?"),
        ] {
            let settings = Layer {
                app: Some(app.into()),
                ..Layer::default()
            }
            .settle();
            let report = of_load(&error(app, suggestions), &settings).to_string();
            assert!(report.ends_with(&format!("hint: {hint}\n")), "{report}");
        }
    }

    #[test]
    fn an_exception_is_followed_by_the_users_lines_innermost_first() {
        let frame = |file: &str, line, function: &str, source: &str| UserFrame {
            file: file.into(),
            line,
            function: function.into(),
            source: source.into(),
        };
        let error = LoadError::ImportFailed {
            module: "main".into(),
            exception_text: "ZeroDivisionError: division by zero".into(),
            user_frames: vec![
                frame("/srv/main.py", 3, "<module>", "import db"),
                frame("/srv/db.py", 9, "connect", "1 / 0"),
            ],
        };
        assert_eq!(
            report(&error),
            "error: importing 'main' failed\ncause: ZeroDivisionError: division by zero\n  \
             at /srv/db.py:9 in connect\n      1 / 0\n  at /srv/main.py:3 in <module>\n      import db\n"
        );
    }
}
