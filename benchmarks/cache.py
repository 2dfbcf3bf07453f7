"""Things that take long to make, kept from run to run under a digest of all that they depend on."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import partwatch

_PACKAGE = Path(partwatch.__file__).parent
_HERE = Path(__file__).parent
# What decides how a list is read, printed and stored, and how its parts are made.
_SOURCES = (
    *(_PACKAGE / name for name in ("fingerprint", "formats", "geometry", "kernel", "watchlist")),
    *_PACKAGE.glob("_kernel.*.so"),
    _HERE / "parts.py",
    _HERE / "lists.py",
)


def made(cache: Path, name: str, recipe: str, make: Callable[[Path], None]) -> Path:
    """The folder of that name as `make` fills it, made once for one recipe and one state of the program.

    Older ones of the same name are removed.
    """
    digest = hashlib.sha256(f"{recipe}\n{_program_digest()}".encode()).hexdigest()[:12]
    folder = cache / f"{name}-{digest}"
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    for stale in cache.glob(f"{name}-" + "?" * 12):
        shutil.rmtree(stale)
    fresh = Path(tempfile.mkdtemp(prefix="new-", dir=cache))
    try:
        make(fresh)
        fresh.rename(folder)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    return folder


def _program_digest() -> str:
    state = hashlib.sha256()
    for source in _SOURCES:
        for file in sorted(source.rglob("*.py")) if source.is_dir() else [source]:
            state.update(file.read_bytes())
    return state.hexdigest()
