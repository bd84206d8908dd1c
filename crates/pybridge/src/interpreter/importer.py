"""Imports modules from the archive inside the binary.

This runs before any other Python module, so it imports nothing that is not built in or frozen into
libpython. The archive's files appear below `ROOT`, a directory that does not exist.
"""

import _fastrapi_carried
import _frozen_importlib
import _frozen_importlib_external
import _imp
import marshal
import sys

ROOT = str(_fastrapi_carried.read("root")[0], "ascii") + "/"
_SUFFIXES = _imp.extension_suffixes()


def _name(path):
    return path[len(ROOT) :] if path.startswith(ROOT) else None


def _read(name):
    found = _fastrapi_carried.read(name)
    if found is None:
        raise FileNotFoundError(2, "not carried in this program", ROOT + name)
    content, compressed = found
    if compressed:
        import zlib

        return zlib.decompress(content)
    return bytes(content)


def _precompiled(source, mode):
    """The code of the text `source`, if it was compiled when the archive was made; else `source` itself."""
    if type(source) is not str:
        return source
    code = _fastrapi_carried.precompiled(mode, source)
    return source if code is None else marshal.loads(code)


def _exec(source, *scopes):
    exec(_precompiled(source, "exec"), *scopes)


def _eval(source, *scopes):
    return eval(_precompiled(source, "eval"), *scopes)


_annotations = {}
"""The codes of annotations, by their text: the same few are asked for again and again."""


def _compile(source, name, mode):
    code = _annotations.get(source) if mode == "eval" and name == "<string>" else source
    if code is None:
        code = _precompiled(source, mode)
        if code is not source:
            _annotations[source] = code
    return compile(code, name, mode) if code is source else code


def _translate_by(translate):
    """`re._compiler.compile` that need not `translate` the patterns which were when the archive was made."""
    import _sre

    def translated(pattern, flags=0):
        if type(pattern) is str:
            arguments = _fastrapi_carried.precompiled(f"re/{int(flags)}", pattern)
            if arguments is not None:
                return _sre.compile(pattern, *marshal.loads(arguments))
        return translate(pattern, flags)

    return translated


def _check_by(typing):
    """`typing._type_check` that need not `check` text: it becomes a `ForwardRef`, which always passes."""
    check, convert = typing._type_check, typing._type_convert

    def checked(arg, msg, *arguments, **keywords):
        if type(arg) is str and not arguments and "is_argument" not in keywords:
            return convert(arg, **keywords)
        return check(arg, msg, *arguments, **keywords)

    return checked


_SHADOWS = {
    "collections": {"eval": _eval},
    "dataclasses": {"exec": _exec},
    "typing": {"compile": _compile},
}
"""Built-in functions that modules of the standard library call with text; a module's own names hide them."""


class CarriedLoader:
    """Loads one module from its code object in the archive."""

    def __init__(self, fullname, name, package):
        self.name = fullname
        self._code = name
        self._package = package
        self.path = ROOT + name[:-1]

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        vars(module).update(_SHADOWS.get(self.name, ()))
        _frozen_importlib_external._LoaderBasics.exec_module(self, module)
        if self.name == "re._compiler":
            module.compile = _translate_by(module.compile)
        elif self.name == "typing":
            module._type_check = _check_by(module)

    def is_package(self, fullname):
        return self._package

    def get_filename(self, fullname):
        return self.path

    def get_code(self, fullname):
        return marshal.loads(_fastrapi_carried.read(self._code)[0])

    def get_source(self, fullname):
        return _read(self._code[:-1]).decode("utf-8")

    def get_data(self, path):
        name = _name(path)
        if name is None:
            raise FileNotFoundError(2, "not carried in this program", path)
        return _read(name)

    def get_resource_reader(self, fullname):
        from _fastrapi_resources import CarriedResources

        return CarriedResources(self._code.rpartition("/")[0]) if self._package else None


class CarriedExtensionLoader(_frozen_importlib_external.ExtensionFileLoader):
    """Loads one extension module, from the file that it is unpacked to when it is needed."""

    def __init__(self, fullname, name):
        super().__init__(fullname, ROOT + name)
        self._library = name

    def create_module(self, spec):
        self.path = spec.origin = _fastrapi_carried.unpack(self._library)
        return super().create_module(spec)


class CarriedFinder:
    """Finds modules in one directory of the archive: an entry of ``sys.path_importer_cache``."""

    def __init__(self, path):
        name = _name(path)
        if name is None or not _fastrapi_carried.list(name):
            raise ImportError("not carried in this program", path=path)
        self._directory = name

    def invalidate_caches(self):
        """Nothing is cached: the archive cannot change."""

    def find_spec(self, fullname, target=None):
        found = _fastrapi_carried.find(self._directory, fullname.rpartition(".")[2], _SUFFIXES)
        if found is None:
            return None
        name, package = found
        if not name.endswith(".pyc"):
            loader = CarriedExtensionLoader(fullname, name)
            return _frozen_importlib_external.spec_from_file_location(fullname, loader.path, loader=loader)
        loader = CarriedLoader(fullname, name, package)
        spec = _frozen_importlib.ModuleSpec(fullname, loader, origin=loader.path, is_package=package)
        spec.has_location = True
        # Said here because the import system would work out the place of a cache, once for each module.
        spec.cached = ROOT + name
        if package:
            spec.submodule_search_locations.append(ROOT + name.rpartition("/")[0])
        return spec

    def iter_modules(self, prefix=""):
        """What `pkgutil.iter_modules` lists."""
        for name in _fastrapi_carried.list(self._directory):
            module, separator, rest = name.partition(".")
            if rest == "pyc" and module != "__init__":
                yield prefix + module, False
            elif separator == "" and _fastrapi_carried.exists(f"{self._directory}/{name}__init__.pyc"):
                yield prefix + name[:-1], True
            elif separator + rest in _SUFFIXES:
                yield prefix + module, False


class CarriedSubmodules:
    """Finds the modules of carried packages before other finders, none of which knows them, are asked."""

    @staticmethod
    def find_spec(fullname, path=None, target=None):
        if type(path) is not list or len(path) != 1 or _imp.is_frozen(fullname):
            return None
        finder = sys.path_importer_cache.get(path[0])
        return finder.find_spec(fullname) if type(finder) is CarriedFinder else None


class CarriedDistributions:
    """Tells `importlib.metadata` about the distributions in the archive."""

    @staticmethod
    def find_spec(fullname, path=None, target=None):
        return None

    @staticmethod
    def find_distributions(context):
        from _fastrapi_resources import distributions

        return distributions(context)


def install():
    """Let the import system find the archive; called while `encodings`, the first import, is loaded."""
    # Where the modules frozen into libpython are from. Python 3.11 ignores `PyConfig.stdlib_dir`.
    sys._stdlib_dir = f"{ROOT}lib/python{sys.version_info[0]}.{sys.version_info[1]}"
    sys.path_hooks.insert(0, CarriedFinder)
    sys.meta_path.insert(0, CarriedSubmodules)
    sys.meta_path.append(CarriedDistributions)
    del sys.modules["encodings"]
    _frozen_importlib._load(_frozen_importlib_external.PathFinder.find_spec("encodings"))


def complete(environment):
    """Add the carried packages to ``sys.path`` once `site` has added those of the `environment`.

    pydantic and its companions work only in matching versions: the environment's are used if it has pydantic,
    and hide the carried ones; else the carried ones come first, before what other packages brought along.
    """
    base = [path for path in sys.path if path.startswith(ROOT)]
    added = [path for path in sys.path if path.startswith(environment)] if environment else []
    finder = _frozen_importlib_external.PathFinder
    if finder.find_spec("pydantic", [path for path in sys.path if path not in base]) is None:
        position = min((sys.path.index(path) for path in added), default=len(sys.path))
        sys.path.insert(position, ROOT + "pydantic")
    sys.path.append(ROOT + "packages")
