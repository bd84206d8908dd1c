use std::fs;
use std::path::Path;

use super::*;

/// A directory of its own for each test: modules are cached by name for the whole process.
struct Project {
    directory: PathBuf,
}

impl Project {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let directory = std::env::temp_dir().join(format!("fastrapi-loader-{}-{name}", std::process::id()));
        for (file, text) in files {
            let path = directory.join(file);
            fs::create_dir_all(path.parent().unwrap_or(Path::new(""))).unwrap();
            fs::write(path, text).unwrap();
        }
        Self { directory }
    }

    fn load(&self, spec: Option<&str>, factory: bool) -> Result<(String, String), LoadError> {
        Python::initialize();
        Python::attach(|py| {
            let target = AppTarget {
                spec: spec.map(str::to_owned),
                factory,
                app_dir: self.directory.clone(),
            };
            load(py, &target).map(|loaded| (loaded.module, loaded.attribute))
        })
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.directory).unwrap();
    }
}

const ASGI: &str = "async def app(scope, receive, send): ...\nasync def other(scope, receive, send): ...\n";

#[test]
fn module_and_attribute_are_found() {
    let project = Project::new(
        "named",
        &[
            ("named_one.py", ASGI),
            ("package_one/__init__.py", ""),
            ("package_one/web.py", ASGI),
        ],
    );
    assert_eq!(
        project.load(Some("named_one:other"), false),
        Ok(("named_one".into(), "other".into()))
    );
    assert_eq!(
        project.load(Some("named_one"), false),
        Ok(("named_one".into(), "app".into()))
    );
    assert_eq!(
        project.load(Some("package_one/web.py:app"), false),
        Ok(("package_one.web".into(), "app".into()))
    );
}

#[test]
fn a_misspelt_module_is_told_from_a_missing_import_of_it() {
    let project = Project::new(
        "missing",
        &[
            ("servicex.py", ASGI),
            ("broken_one.py", "import no_such_module_anywhere\n"),
        ],
    );
    let Err(LoadError::ModuleNotFound { suggestions, .. }) = project.load(Some("servicx:app"), false) else {
        panic!("the module does not exist")
    };
    assert_eq!(suggestions, ["servicex"]);
    let Err(LoadError::ImportFailed {
        exception_text,
        user_frames,
        ..
    }) = project.load(Some("broken_one:app"), false)
    else {
        panic!("the import fails")
    };
    assert_eq!(
        exception_text,
        "ModuleNotFoundError: No module named 'no_such_module_anywhere'"
    );
    assert_eq!(user_frames.len(), 1);
    assert_eq!(
        (user_frames[0].line, user_frames[0].source.as_str()),
        (1, "import no_such_module_anywhere")
    );
}

#[test]
fn a_misspelt_attribute_gets_suggestions() {
    let project = Project::new(
        "attribute",
        &[(
            "attribute_one.py",
            "async def application(scope, receive, send): ...\n",
        )],
    );
    let Err(LoadError::AttributeNotFound { suggestions, .. }) =
        project.load(Some("attribute_one:aplication"), false)
    else {
        panic!("the attribute does not exist")
    };
    assert_eq!(suggestions, ["application"]);
}

#[test]
fn objects_that_are_no_applications_are_refused() {
    let source = "number = 3\nclass App:\n    pass\ndef make():\n    return None\n";
    let project = Project::new("kinds", &[("kinds_one.py", source)]);
    for name in ["number", "App", "make"] {
        let outcome = project.load(Some(&format!("kinds_one:{name}")), false);
        assert!(
            matches!(outcome, Err(LoadError::NotAnApplication { .. })),
            "{name}: {outcome:?}"
        );
    }
    assert!(matches!(
        project.load(Some("kinds_one:make"), true),
        Err(LoadError::NotAnApplication { .. })
    ));
}

#[test]
fn factories_are_called_and_their_failures_reported() {
    let source = format!(
        "{ASGI}def create_app():\n    return app\ndef broken():\n    raise ValueError('no settings')\n"
    );
    let project = Project::new("factory", &[("factory_one.py", &source)]);
    assert_eq!(
        project.load(Some("factory_one"), true),
        Ok(("factory_one".into(), "create_app".into()))
    );
    let Err(LoadError::FactoryFailed {
        exception_text,
        user_frames,
        ..
    }) = project.load(Some("factory_one:broken"), true)
    else {
        panic!("the factory raises")
    };
    assert_eq!(exception_text, "ValueError: no settings");
    assert_eq!(
        user_frames.last().map(|frame| frame.function.as_str()),
        Some("broken")
    );
}

#[test]
fn without_a_name_the_usual_files_are_looked_at() {
    let project = Project::new("default", &[("api.py", ASGI)]);
    assert_eq!(project.load(None, false), Ok(("api".into(), "app".into())));
    let empty = Project::new("empty", &[("readme.txt", "")]);
    let Err(LoadError::NoAppFound { looked_in }) = empty.load(None, false) else {
        panic!("there is none")
    };
    assert_eq!(looked_in.first(), Some(&empty.directory.join("main.py")));
}

#[test]
fn what_has_the_usual_name_and_is_no_application_is_named() {
    let project = Project::new(
        "usual",
        &[("usual_one.py", "app = 5\n"), ("usual_two.py", "x = 5\n")],
    );
    let Err(LoadError::NotAnApplication { name, problem, .. }) = project.load(Some("usual_one"), false)
    else {
        panic!("5 is no application")
    };
    assert_eq!(name, "usual_one:app");
    assert!(problem.contains("'int'"), "{problem}");
    assert!(matches!(
        project.load(Some("usual_two"), false),
        Err(LoadError::NoAppInModule { factory: false, .. })
    ));
}

#[test]
fn factories_and_applications_of_asgi_2_are_told_apart() {
    let source = "def make(): ...\ndef two(scope): ...\nclass Two:\n    def __init__(self, scope): ...\n    \
                  async def __call__(self, receive, send): ...\n";
    let project = Project::new("asgi2", &[("asgi_two.py", source)]);
    for (name, expected) in [("make", "--factory"), ("two", "ASGI 3"), ("Two", "ASGI 3")] {
        let Err(LoadError::NotAnApplication { remedy, .. }) =
            project.load(Some(&format!("asgi_two:{name}")), false)
        else {
            panic!("{name} is no application")
        };
        assert!(
            remedy.as_deref().unwrap_or_default().contains(expected),
            "{name}: {remedy:?}"
        );
    }
}
