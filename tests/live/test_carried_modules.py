"""What the standalone binary finds when it imports: its own modules, or an environment's."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BINARY = os.environ["FASTRAPI_SERVER"]

PROBE = """
import json, os, sys
from fastrapi import FastAPI

app = FastAPI()
names = os.environ["PROBE_MODULES"].split(",")
found = {name: getattr(__import__(name), "__file__", None) for name in names}
facts = {"found": found, "prefix": sys.prefix, "executable": sys.executable, "path": sys.path}
facts["value"] = eval(os.environ.get("PROBE_EXPRESSION", "None"))
with open(os.environ["PROBE_OUTPUT"], "w") as output:
    json.dump(facts, output)
"""

PYDANTIC = ["pydantic", "pydantic_core", "annotated_types", "typing_extensions", "typing_inspection"]
CARRIED = "/fastrapi-server.carried/"


@pytest.fixture
def app_dir(tmp_path: Path) -> Path:
    directory = tmp_path / "app"
    directory.mkdir()
    (directory / "probe.py").write_text(PROBE)
    return directory


def run_probe(app_dir: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
    environment = {"PROBE_MODULES": "json", "PROBE_OUTPUT": str(app_dir / "output"), **kept, **variables}
    command = [BINARY, "check", "--app", "probe:app", "--app-dir", str(app_dir), *arguments]
    return subprocess.run(
        command, env=environment, cwd=app_dir, capture_output=True, text=True, timeout=60, check=False
    )


def probe(app_dir: Path, *modules: str, arguments: tuple[str, ...] = (), **variables: str) -> Any:
    done = run_probe(app_dir, *arguments, PROBE_MODULES=",".join(modules or ["json"]), **variables)
    assert done.returncode == 0, done.stderr
    return json.loads((app_dir / "output").read_text())


def make_environment(directory: Path, version: str = f"{sys.version_info[0]}.{sys.version_info[1]}") -> Path:
    packages = directory / "lib" / f"python{version}" / "site-packages"
    packages.mkdir(parents=True)
    (directory / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion = {version}.0\n")
    return packages


def test_the_standard_library_and_its_compiled_modules_are_carried(app_dir: Path) -> None:
    facts = probe(app_dir, "ssl", "sqlite3", "ctypes", "hashlib", "lzma", "bz2", "decimal", "uuid", "asyncio")
    assert all(file.startswith(CARRIED) for file in facts["found"].values())
    assert facts["prefix"] == CARRIED.rstrip("/")


def test_without_an_environment_pydantic_and_uvloop_are_carried(app_dir: Path) -> None:
    facts = probe(app_dir, "fastrapi", "anyio", "uvloop", *PYDANTIC)
    assert all(file.startswith(CARRIED) for file in facts["found"].values())


def test_carried_modules_have_sources_metadata_and_resources(app_dir: Path) -> None:
    expression = """(
        __import__('inspect').getsource(json.loads).splitlines()[0],
        __import__('importlib.metadata').metadata.version('fastrapi-server'),
        __import__('importlib.resources').resources.files('pydantic').joinpath('version.py').is_file(),
        'asyncio' in {module.name for module in __import__('pkgutil').iter_modules()},
    )"""
    first, version, is_file, listed = probe(app_dir, PROBE_EXPRESSION=expression)["value"]
    assert first.startswith("def loads(")
    assert version
    assert is_file
    assert listed


def test_carried_packages_say_where_they_are(app_dir: Path) -> None:
    expression = """(lambda spec: {
        "origin": (json.__file__, spec.origin),
        "code": (json.__cached__, spec.cached),
        "directories": (json.__path__, spec.submodule_search_locations),
        "is_package": spec.parent == "json" and spec.has_location,
    })(json.__spec__)"""
    facts = probe(app_dir, PROBE_EXPRESSION=expression)["value"]
    file = f"{CARRIED}lib/python{sys.version_info[0]}.{sys.version_info[1]}/json/__init__.py"
    assert facts["origin"] == [file, file]
    assert facts["code"] == [file + "c", file + "c"]
    assert facts["directories"] == [[str(Path(file).parent)]] * 2
    assert facts["is_package"]


def test_submodules_of_carried_packages_are_found_as_others_are(app_dir: Path) -> None:
    (app_dir / "asked.py").write_text(
        "import importlib, importlib.util, os, sys, types\n"
        "class First:\n"
        "    names = []\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        self.names.append(name)\n"
        "sys.meta_path.insert(0, First())\n"
        "import wsgiref.util\n"
        "sys.modules.pop('wsgiref.headers', None)\n"
        "extended = types.ModuleType('extended')\n"
        "extended.__path__ = [os.path.dirname(__file__), *wsgiref.__path__]\n"
        "sys.modules['extended'] = extended\n"
        "open(os.path.join(os.path.dirname(__file__), 'headers.py'), 'w').close()\n"
        "import extended.headers\n"
        "facts = {\n"
        "    'first': First.names[:2] == ['wsgiref', 'wsgiref.util'],\n"
        "    'order of a path': extended.headers.__file__.startswith(os.path.dirname(__file__)),\n"
        "    'reload': importlib.reload(wsgiref.util) is wsgiref.util,\n"
        "    'absent': importlib.util.find_spec('wsgiref.absent') is None,\n"
        "    'frozen': importlib.util.__spec__.origin == 'frozen',\n"
        "}\n"
    )
    facts = probe(app_dir, "asked", PROBE_EXPRESSION="__import__('asked').facts")["value"]
    assert all(facts.values()), facts


def test_looking_for_plugins_of_pydantic_parses_no_metadata(app_dir: Path) -> None:
    expression = """(
        type("Model", (__import__("pydantic").BaseModel,), {}) is not None
            and "pydantic.plugin._loader" in sys.modules and "email.feedparser" not in sys.modules,
        sorted(found._normalized_name for found in __import__("importlib.metadata").metadata.distributions()
            if str(found.locate_file("")).startswith("/fastrapi-server.carried")),
    )"""
    avoided, names = probe(app_dir, "pydantic", PROBE_EXPRESSION=expression)["value"]
    assert avoided
    assert {"fastrapi_server", "pydantic", "pydantic_core", "typing_extensions", "anyio"} <= set(names)


def test_an_environment_with_pydantic_replaces_the_whole_set(app_dir: Path, tmp_path: Path) -> None:
    packages = make_environment(tmp_path / "venv")
    for name in PYDANTIC:
        found = Path(str(__import__(name).__file__))
        source = found.parent if found.name.startswith("__init__") else found
        (packages / source.name).symlink_to(source)
    facts = probe(app_dir, *PYDANTIC, arguments=("--venv", str(tmp_path / "venv")))
    assert all(file.startswith(str(packages)) for file in facts["found"].values())
    assert CARRIED + "pydantic" not in facts["path"]


def test_an_environment_without_pydantic_cannot_break_the_carried_set(app_dir: Path, tmp_path: Path) -> None:
    packages = make_environment(tmp_path / "venv")
    (packages / "typing_extensions.py").write_text("raise ImportError('too old')")
    (packages / "other.py").write_text("")
    facts = probe(app_dir, "other", *PYDANTIC, arguments=("--venv", str(tmp_path / "venv")))
    assert facts["found"].pop("other") == str(packages / "other.py")
    assert all(file.startswith(CARRIED) for file in facts["found"].values())


@pytest.mark.parametrize("how", ["option", "variable", "neighbour"])
def test_an_environment_is_found(app_dir: Path, tmp_path: Path, how: str) -> None:
    directory = app_dir / ".venv" if how == "neighbour" else tmp_path / "venv"
    packages = make_environment(directory)
    (packages / "other.py").write_text("")
    arguments = ("--venv", str(directory)) if how == "option" else ()
    variables = {"VIRTUAL_ENV": str(directory)} if how == "variable" else {}
    facts = probe(app_dir, "other", arguments=arguments, **variables)
    assert facts["found"]["other"] == str(packages / "other.py")
    assert facts["prefix"] == str(directory)
    assert facts["executable"] == str(directory / "bin" / "python")


def test_an_environment_of_another_python_is_refused(app_dir: Path, tmp_path: Path) -> None:
    make_environment(tmp_path / "venv", "3.8")
    done = run_probe(app_dir, "--venv", str(tmp_path / "venv"))
    assert done.returncode == 5
    assert "is for Python 3.8" in done.stderr
    assert "hint:" in done.stderr
    assert not (app_dir / "output").exists()


def test_an_environment_with_another_fastrapi_is_refused(app_dir: Path, tmp_path: Path) -> None:
    (make_environment(tmp_path / "venv") / "fastrapi_server-0.0.9.dist-info").mkdir()
    done = run_probe(app_dir, "--venv", str(tmp_path / "venv"))
    assert done.returncode == 5
    assert "has fastrapi-server 0.0.9" in done.stderr
    assert "hint:" in done.stderr


def test_another_pythons_home_is_not_used_nor_passed_on(app_dir: Path) -> None:
    facts = probe(app_dir, PYTHONHOME="/nonexistent", PYTHONPATH=str(app_dir))
    assert facts["prefix"] == CARRIED.rstrip("/")
    assert facts["path"].count(str(app_dir)) >= 1


def test_libraries_are_unpacked_for_the_user_alone(app_dir: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    probe(app_dir, "ssl", XDG_CACHE_HOME=str(cache))
    (directory,) = (cache / "fastrapi-server").iterdir()
    assert directory.stat().st_mode & 0o777 == 0o700
    names = {path.name for path in directory.iterdir()}
    assert any("libssl" in name for name in names)
    before = {path.name: path.stat().st_ino for path in directory.iterdir()}
    probe(app_dir, "ssl", XDG_CACHE_HOME=str(cache))
    assert {path.name: path.stat().st_ino for path in directory.iterdir()} == before


def test_code_that_modules_make_from_text_was_compiled_with_the_archive(app_dir: Path) -> None:
    expression = """(lambda carried, marshal, compiler, typing, dataclasses: {
        "known": carried.precompiled("exec", "no such text") is None
            and carried.precompiled("eval", "Any") is not None,
        "code": eval(marshal.loads(carried.precompiled("eval", "Any")), vars(typing)) is typing.Any,
        "pattern": compiler.compile("^a", 0).findall("ab") == ["a"]
            and compiler.compile("[\\ud800]", 0).findall("a") == [],
        "own": dataclasses.make_dataclass("Own", ["a_field_of_no_other_class"])(3) is not None,
        "forward": typing.ForwardRef("list[no_such_name]").__forward_code__.co_names[-1] == "no_such_name",
        "hints": typing.get_type_hints(typing.NamedTuple("N", [("a", "Any"), ("b", "Any")]), vars(typing))
            == {"a": typing.Any, "b": typing.Any},
        "checked": typing.Optional["Any"].__args__ == (typing.ForwardRef("Any"), type(None)),
    })(*map(__import__, ["_fastrapi_carried", "marshal"]),
       __import__("re")._compiler, __import__("typing"), __import__("dataclasses"))"""
    facts = probe(app_dir, "fastrapi", PROBE_EXPRESSION=expression)["value"]
    assert all(facts.values()), facts
