"""What `partwatch doctor` looks at. A check is a function of the home folder that yields what it found.

Whoever adds a reader or an extra adds it to `LIBRARIES`; what needs more than a library, a function
to `CHECKS`. A check that raises is itself reported as broken, so that the others are still told.
"""

from __future__ import annotations

import importlib.util
import locale
import os
import platform
import resource
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from importlib import metadata
from pathlib import Path
from typing import Final

from partwatch.model.errors import StoreError, UsageError

LEAST_FREE_BYTES: Final = 1 << 30
LEAST_OPEN_FILES: Final = 256
# Without the cache, where pip keeps what it built without a compiler.
REBUILD: Final = "python -m pip install --force-reinstall --no-cache-dir --no-deps partwatch"
_SETUP_MB: Final = 4096
_TOO_MUCH: Final = "partwatch.cli.worker_checks:eat"
_ECHO: Final = "partwatch.cli.worker_checks:kernel"


class State(StrEnum):
    """ok; notice: works, but is worth knowing; missing: something optional; broken: something needed."""

    OK = "ok"
    NOTICE = "notice"
    MISSING = "missing"
    BROKEN = "broken"


@dataclass(frozen=True)
class Found:
    """What one check found. mend: what to do about it, where there is anything to do."""

    name: str
    state: State
    says: str
    mend: str | None = None


@dataclass(frozen=True)
class Library:
    """A distribution that something needs. module: what is imported; needed: whether `screen` does.

    serves: what does not work without it. mend: how to get it.
    """

    distribution: str
    module: str
    serves: str
    needed: bool = True
    mend: str = "reinstall: python -m pip install --force-reinstall partwatch"


LIBRARIES: Final = (
    Library("numpy", "numpy", "everything"),
    Library("pydantic", "pydantic", "results"),
    Library("sqlalchemy", "sqlalchemy", "the watch-list"),
    Library("typer", "typer", "the command line"),
    Library("rich", "rich", "tables"),
    Library("platformdirs", "platformdirs", "finding the home folder"),
    Library("trimesh", "trimesh", "reading glTF, which STEP is read through"),
    Library("cascadio", "cascadio", "reading STEP", False, "python -m pip install cascadio"),
    Library("embreex", "embreex", "fast pictures in reports", False, "python -m pip install embreex"),
    Library(
        "fast-simplification",
        "fast_simplification",
        "evaluate, and fine pictures of large bodies",
        False,
        "python -m pip install fast-simplification",
    ),
    Library(
        "pillow",
        "PIL",
        "reading resin jobs, small pictures in reports",
        False,
        "python -m pip install pillow",
    ),
    Library("plotly", "plotly", "the 3D view of reports"),
    Library("py7zr", "py7zr", "opening 7z archives", False, "python -m pip install 'partwatch[archives]'"),
    Library(
        "backports.zstd",
        "backports.zstd",
        "opening zstd files",
        False,
        "python -m pip install 'partwatch[archives]'",
    ),
    Library("lir", "lir", "calibrating bits", False, "python -m pip install 'partwatch[calibrate]'"),
    Library(
        "manifold3d",
        "manifold3d",
        "the volumes of compare, the demo's samples, disguises in `evaluate`",
        False,
        "python -m pip install manifold3d",
    ),
    *(
        Library(distribution, module, serves, False, "python -m pip install 'partwatch[case]'")
        for distribution, module, serves in (
            ("cryptography", "cryptography", "signing and verifying ledgers, and so every case"),
            ("rfc3161-client", "rfc3161_client", "timestamps of ledgers"),
            ("rustworkx", "rustworkx", "paths in a case"),
            ("splink", "splink", "resolving entities of a case"),
            ("duckdb", "duckdb", "resolving entities of a case"),
            ("phonenumbers", "phonenumbers", "phone numbers in what a case takes in"),
            ("email-validator", "email_validator", "e-mail addresses in what a case takes in"),
            ("python-stdnum", "stdnum", "account and identity numbers in what a case takes in"),
            ("ijson", "ijson", "taking in chats and other large JSON"),
            ("openpyxl", "openpyxl", "taking in spreadsheets"),
            ("warcio", "warcio", "taking in web archives"),
            ("selectolax", "selectolax", "taking in saved pages"),
            ("typst", "typst", "the PDF of a disclosure pack"),
        )
    ),
    Library(
        "psycopg",
        "psycopg",
        "a case or a service on a server",
        False,
        "python -m pip install 'partwatch[postgresql]'",
    ),
    *(
        Library(distribution, module, serves, False, "python -m pip install 'partwatch[service]'")
        for distribution, module, serves in (
            ("fastapi", "fastapi", "the service"),
            ("uvicorn", "uvicorn", "the service"),
            ("jinja2", "jinja2", "the pages of the service"),
            ("python-multipart", "python_multipart", "handing files in to the service"),
            ("argon2-cffi", "argon2", "accounts of the service"),
            ("prometheus-client", "prometheus_client", "metrics of the service"),
            ("httpx", "httpx", "webhooks, and `screen --server`"),
        )
    ),
    Library(
        "lancedb", "lancedb", "the service's history", False, "python -m pip install 'partwatch[history]'"
    ),
    Library(
        "distributed",
        "distributed",
        "screening on many machines",
        False,
        "python -m pip install 'partwatch[dask]'",
    ),
)


def examine(home: Path) -> list[Found]:
    """All that the checks found, in their order."""
    found: list[Found] = []
    for check in CHECKS:
        try:
            found += check(home)
        except Exception as error:
            name = check.__name__.removeprefix("check_").replace("_", " ")
            found.append(Found(name, State.BROKEN, f"the check failed ({type(error).__name__}: {error})"))
    return found


def check_program(home: Path) -> Iterator[Found]:
    """Versions, and the machine."""
    from partwatch import __version__
    from partwatch.fingerprint import FINGERPRINT_VERSION
    from partwatch.model.document import SCHEMA_VERSION

    python = platform.python_version()
    says = f"{__version__}, schema {SCHEMA_VERSION}, fingerprint {FINGERPRINT_VERSION}, Python {python}"
    yield Found("partwatch", State.OK, says)
    system = f"{platform.system()} {platform.release()}, {platform.machine()}"
    if sys.platform == "linux":
        yield Found("system", State.OK, system)
    else:
        yield Found("system", State.NOTICE, f"{system}: tested on Linux only")


def check_kernel(home: Path) -> Iterator[Found]:
    """Which one is in use."""
    try:
        from partwatch import kernel
    except (ImportError, UsageError) as error:
        yield Found("kernel", State.BROKEN, str(error), "unset PARTWATCH_KERNEL, or give another")
        return
    if kernel.KERNEL == kernel.COMPILED:
        yield Found("kernel", State.OK, f"compiled, {Path(kernel.load(kernel.COMPILED).__file__ or '').name}")
        return
    if kernel.WHY.startswith(kernel.VARIABLE):
        mend = f"unset {kernel.VARIABLE}"
    else:
        mend = f"with a C++ compiler and Python's headers: {REBUILD}"
    yield Found("kernel", State.NOTICE, f"numpy, a few times slower: {kernel.WHY}", mend)


def check_libraries(home: Path) -> Iterator[Found]:
    """Each library by its version; found, not imported, which would take seconds."""
    for library in LIBRARIES:
        try:
            version = metadata.version(library.distribution)
        except metadata.PackageNotFoundError:
            version = None
        if version is not None and importlib.util.find_spec(library.module) is not None:
            yield Found(library.distribution, State.OK, f"{version}, for {library.serves}")
            continue
        state = State.BROKEN if library.needed else State.MISSING
        yield Found(library.distribution, state, f"not installed: needed for {library.serves}", library.mend)


def check_formats(home: Path) -> Iterator[Found]:
    """What can be read: each reader on its own small examples."""
    from partwatch.formats.registry import FORMATS, read
    from partwatch.model.errors import MissingExtraError

    readable: list[str] = []
    for known in FORMATS:
        try:
            for content in known.examples().values():
                read(content)
        except MissingExtraError as error:
            yield Found(f"format {known.name}", State.MISSING, str(error), "as it says")
        except Exception as error:
            says = f"its reader fails on its own example ({type(error).__name__}: {error})"
            yield Found(f"format {known.name}", State.BROKEN, says, "reinstall, and report it if it stays")
        else:
            readable.append(known.name)
    yield Found("formats", State.OK, f"read {', '.join(readable)}, and ZIP archives of these")


def check_workers(home: Path) -> Iterator[Found]:
    """Whether a worker starts, and whether the kernel holds it to its memory."""
    from partwatch.formats.worker import Failure, FailureKind, Limits, Task, WorkerPool

    limits = Limits(timeout_s=30, memory_mb=_SETUP_MB, setup_timeout_s=60)
    with WorkerPool[str](1, limits, setup="partwatch.cli.worker_checks:setup") as pool:
        pool.submit(Task(_ECHO, {}, tag="start"))
        _, outcome = pool.next_outcome()
        if isinstance(outcome, Failure):
            yield Found("workers", State.BROKEN, outcome.message, "report it: nothing can be screened so")
            return
        yield Found("workers", State.OK, "start, and load the kernel")
        pool.submit(Task(_TOO_MUCH, {"size_bytes": (_SETUP_MB + 1024) << 20}, tag="memory"))
        _, outcome = pool.next_outcome()
    if isinstance(outcome, Failure) and outcome.kind is FailureKind.MEMORY:
        yield Found("memory limit", State.OK, "kept by the kernel (RLIMIT_AS)")
    else:
        says = "is not kept here: a hostile file may use all the memory there is"
        yield Found("memory limit", State.BROKEN, says, "run it where RLIMIT_AS works, as on plain Linux")


def check_home(home: Path) -> Iterator[Found]:
    """Whether the home can be written, and who else can read it."""
    nearest = next(folder for folder in (home.absolute(), *home.absolute().parents) if folder.exists())
    if not os.access(nearest, os.W_OK | os.X_OK):
        mend = "choose another with --home or PARTWATCH_HOME, or change its permissions"
        yield Found("home", State.BROKEN, f"{home}: {nearest} may not be written to", mend)
        return
    yield Found("home", State.OK, f"{home}" if home.exists() else f"{home}, made when it is first needed")
    lists = home / "watchlist"
    if lists.exists() and lists.stat().st_mode & 0o077:
        yield Found("home", State.NOTICE, f"{lists} can be read by others", f"chmod 700 {lists}")
    free = shutil.disk_usage(nearest).free
    says = f"{free / (1 << 30):.1f} GB free at {nearest}"
    if free < LEAST_FREE_BYTES:
        yield Found("disk", State.NOTICE, says, "make room: indices, journals and restores need some")
    else:
        yield Found("disk", State.OK, says)


def check_list(home: Path) -> Iterator[Found]:
    """The list's size, and what of it has expired."""
    from partwatch.watchlist.store import Watchlist

    if not (home / "watchlist/watchlist.sqlite").exists():
        mend = "partwatch watchlist add FILE.toml, or import, or restore"
        yield Found("watch-list", State.MISSING, "there is none yet: nothing can be screened", mend)
        return
    try:
        watchlist = Watchlist.open(home)
        designs, version = watchlist.designs(), watchlist.version()
        lacking = watchlist.without_features()
    except StoreError as error:
        yield Found("watch-list", State.BROKEN, str(error), "partwatch watchlist restore FILE")
        return
    parts = sum(len(design.parts) for design in designs)
    says = f"designs: {len(designs):,}, parts: {parts:,}, version {version[:16]}"
    yield Found("watch-list", State.OK, f"{says}; `partwatch watchlist verify` looks at every bit of it")
    expired = sum(design.expired(date.today()) for design in designs)
    if expired:
        mend = "partwatch watchlist lint names them: renew or remove them"
        yield Found("watch-list", State.NOTICE, f"expired, and matching no more: {expired:,}", mend)
    if lacking:
        says = f"parts without local features, of which no piece is looked for: {lacking:,}"
        yield Found("watch-list", State.NOTICE, says, "partwatch watchlist refresh")


def check_runs(home: Path) -> Iterator[Found]:
    """Batches that were interrupted and never gone on with."""
    from partwatch.screening.journal import FOLDER

    runs = sorted((home / FOLDER).glob("*")) if (home / FOLDER).is_dir() else []
    if not runs:
        return
    size = sum(file.stat().st_size for run in runs for file in run.iterdir())
    says = f"{len(runs)} not ended, {size / (1 << 20):.1f} MB in {home / FOLDER}"
    mend = "go on with the same command and --resume, or remove its folder"
    yield Found("interrupted runs", State.NOTICE, says, mend)


def check_surroundings(home: Path) -> Iterator[Found]:
    """What the process was given: files, processors, a terminal and its letters."""
    from partwatch.formats.worker import default_jobs

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < LEAST_OPEN_FILES:
        yield Found("open files", State.NOTICE, f"at most {soft}", f"ulimit -n {LEAST_OPEN_FILES}")
    else:
        yield Found("open files", State.OK, "without a limit" if soft < 0 else f"at most {soft:,}")
    yield Found("processors", State.OK, f"{default_jobs()} for --jobs")
    encoding = locale.getpreferredencoding(False)
    says = f"{'a terminal' if sys.stdout.isatty() else 'no terminal'}, {encoding}"
    if encoding.lower().replace("-", "") == "utf8":
        yield Found("terminal", State.OK, says)
    else:
        yield Found(
            "terminal", State.NOTICE, f"{says}: tables show some letters as escapes", "LC_ALL=C.UTF-8"
        )


CHECKS: Final[tuple[Callable[[Path], Iterator[Found]], ...]] = (
    check_program,
    check_kernel,
    check_libraries,
    check_formats,
    check_workers,
    check_home,
    check_list,
    check_runs,
    check_surroundings,
)
