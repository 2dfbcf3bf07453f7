"""The house keeps to its plan: what may import what, and what every file owes its reader."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src"
PACKAGE = SOURCE / "partwatch"
MODULES = sorted(PACKAGE.rglob("*.py"))

# Leaves first (docs/design): a folder imports itself and what stands before it.
STREAM = (
    "model", "kernel", "ledger", "formats", "geometry", "toolpath", "fingerprint", "watchlist",
    "matching", "evidence", "screening", "curation", "provenance", "assembly", "case", "report",
    "exchange", "history", "service", "cli",
)  # fmt: skip
# Belongs to no folder.
EVERYWHERE = {"__version__"}
# Loaded by name, where it is there.
COMPILED = "partwatch._kernel"

# Pure functions on arrays need no more than this.
PURE = {
    "__future__", "collections", "dataclasses", "enum", "functools", "itertools", "math", "re", "typing",
    "numpy", "partwatch",
}  # fmt: skip
# Functions on arrays as well; slow to load, and so only where nothing in numpy does as fast.
ALSO_PURE = {"partwatch/kernel/numpy_distance.py": {"scipy"}}
UNPICKLERS = {
    "pickle", "_pickle", "cPickle", "pickletools", "marshal", "shelve", "dill", "cloudpickle", "joblib",
}  # fmt: skip
MOST_LINES = 600


def named(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), named(path))


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Every imported module by its full name, wherever in the file, with its line."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{named(path)}:{node.lineno}: a relative import"
            assert node.module is not None
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def folder(path: Path) -> str | None:
    """The folder of the plan that a module is in; None at the top."""
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else None


def test_there_is_something_to_check() -> None:
    assert len(MODULES) > 50


def test_every_folder_stands_in_the_plan() -> None:
    folders = {name for path in MODULES if (name := folder(path)) is not None}
    assert folders <= set(STREAM)


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_imports_only_point_up_the_stream(path: Path) -> None:
    here = folder(path)
    if here is None:
        return
    for module, line in imports(path):
        head, *rest = module.split(".")
        if head != "partwatch" or rest[0] in EVERYWHERE or (here == "kernel" and module.startswith(COMPILED)):
            continue
        assert rest[0] in STREAM, f"{named(path)}:{line}: {module} is in no folder of the plan"
        assert STREAM.index(rest[0]) <= STREAM.index(here), f"{named(path)}:{line}: {here} imports {module}"


def pure() -> list[Path]:
    """What works on arrays and nothing else; all but the choice of a kernel, and the table that ships."""
    folders = {"geometry", "fingerprint", "kernel"}
    others = {PACKAGE / "kernel" / "__init__.py", PACKAGE / "fingerprint" / "shipped.py"}
    return [path for path in MODULES if folder(path) in folders and path not in others]


@pytest.mark.parametrize("path", pure(), ids=named)
def test_geometry_and_fingerprint_know_no_files_no_database_no_clock_no_chance(path: Path) -> None:
    allowed = PURE | ALSO_PURE.get(named(path), set())
    strangers = [
        f"{module} in line {line}" for module, line in imports(path) if module.split(".")[0] not in allowed
    ]
    assert strangers == []
    impure = {"open", "print", "input", "random", "load", "save", "memmap", "fromfile", "tofile"}
    for node in ast.walk(tree(path)):
        name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        assert name not in impure, f"{named(path)}:{getattr(node, 'lineno', 0)}: {name}"


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_nothing_unpickles_and_nothing_evaluates(path: Path) -> None:
    found = [
        f"{module} in line {line}" for module, line in imports(path) if module.split(".")[0] in UNPICKLERS
    ]
    assert found == []
    for node in ast.walk(tree(path)):
        if not isinstance(node, ast.Call):
            continue
        allowed = [k for k in node.keywords if k.arg == "allow_pickle" and not is_false(k.value)]
        assert not allowed, f"{named(path)}:{node.lineno}: allow_pickle"
        called = node.func.id if isinstance(node.func, ast.Name) else ""
        assert called not in {"eval", "exec", "compile"}, f"{named(path)}:{node.lineno}: {called}"


def is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def test_no_file_is_too_long_to_read_in_one_sitting() -> None:
    written = [
        path for path in SOURCE.rglob("*") if path.suffix in {".py", ".pyi", ".hpp", ".cpp", ".js", ".css"}
    ]
    long = {
        named(path): count for path in written if (count := len(path.read_text().splitlines())) > MOST_LINES
    }
    assert long == {}


Defined = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def undocumented(path: Path) -> Iterator[str]:
    """Public functions, classes and methods without a docstring, and the module itself."""
    module = tree(path)
    if ast.get_docstring(module) is None:
        yield f"{named(path)}: the module"
    promised = {node.name for protocol in protocols(module) for node in definitions(protocol.body)}
    for top in definitions(module.body):
        # What a protocol of the module asks for is explained there, in its own words or in its name and type.
        methods = definitions(top.body) if isinstance(top, ast.ClassDef) else []
        for node in [top, *(method for method in methods if method.name not in promised)]:
            if ast.get_docstring(node) is None:
                yield f"{named(path)}:{node.lineno}: {node.name}"


def definitions(body: list[ast.stmt]) -> list[Defined]:
    """The public ones, overloads left out."""
    return [
        node
        for node in body
        if isinstance(node, Defined)
        and not node.name.startswith("_")
        and not any("overload" in ast.unparse(decorator) for decorator in node.decorator_list)
    ]


def protocols(module: ast.Module) -> Iterator[ast.ClassDef]:
    for node in module.body:
        if isinstance(node, ast.ClassDef) and any("Protocol" in ast.unparse(base) for base in node.bases):
            yield node


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_everything_public_has_a_docstring(path: Path) -> None:
    assert list(undocumented(path)) == []


def comments(path: Path) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_no_check_is_silenced_without_a_reason(path: Path) -> None:
    silencer = re.compile(r"#\s*type:\s*ignore")
    reasoned = re.compile(r"#\s*type:\s*ignore\[[\w,\- ]+\]\s+#\s*\w+")
    silent = [
        f"{named(path)}:{line}: {text}"
        for line, text in comments(path)
        if silencer.search(text) and not reasoned.search(text)
    ]
    assert silent == []


def test_no_test_folder_of_the_core_is_a_package() -> None:
    """Tests are found by file; a package among them would hide their helpers."""
    tests = Path(__file__).parent
    for name in ("geometry", "fingerprint", "matching", "model", "reference"):
        assert not (tests / name / "__init__.py").exists()
