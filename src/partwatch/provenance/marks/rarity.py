"""How rare a mark is: in how many projects of a named population its value stands, of those that have one.

The table holds truncated BLAKE2b digests of kind, name and value, and counts. Files of one project are not
independent, so that projects are what counts. Names of people and things are kept only where several projects
share them: of those that stand in one, a digest would let anybody confirm a guess; each value of such a kind
counts as if it stood in one.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from math import log2
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from partwatch.model.errors import UsageError
from partwatch.model.marks import Mark, MarkKind, MarksPopulation, Rarity

FORMAT: Final = "partwatch-marks-population-1"
CONFIDENCE: Final = 0.95
PERSONAL: Final = frozenset({
    MarkKind.AUTHOR, MarkKind.USER, MarkKind.PATH, MarkKind.OBJECT_NAME, MarkKind.TITLE, MarkKind.LICENCE,
    MarkKind.IDENTIFIER, MarkKind.COMMENT, MarkKind.HEADER, MarkKind.DATE, MarkKind.PRESET,
})  # fmt: skip
# Five bytes: of a hundred thousand values one in ten million others is taken for one of them.
_DIGEST_BYTES: Final = 5
_PERSON: Final = b"partwatch marks"
_MOST_BYTES: Final = 1 << 28
_ARRAYS: Final = ("about", "names", "name_counts", "values", "value_counts")

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Table:
    """names, values: sorted digests; their counts are (n, 2): projects, files."""

    about: MarksPopulation
    names: npt.NDArray[np.int64]
    name_counts: Counts
    values: npt.NDArray[np.int64]
    value_counts: Counts

    def rarity(self, mark: Mark) -> Rarity | None:
        """Of a mark's value; None where no project has anything under its name."""
        of = _found(self.names, self.name_counts, name_digest(mark.kind, mark.name))
        if of is None:
            return None
        own = _found(self.values, self.value_counts, value_digest(mark.kind, mark.name, mark.value))
        projects, files = own if own is not None else (0, 0)
        counted = max(projects, 1) if mark.kind in PERSONAL else projects
        share = upper_share(counted, of[0])
        return Rarity(
            projects=projects, counted=counted, of_projects=of[0], files=files, of_files=of[1],
            share_upper=round(share, 4), bits=round(max(0.0, -log2(share)), 2),
        )  # fmt: skip


def weighed(marks: Iterable[Mark], table: Table | None) -> tuple[Mark, ...]:
    """The marks, each with its rarity where the population says something of it."""
    if table is None:
        return tuple(marks)
    return tuple(mark.model_copy(update={"rarity": table.rarity(mark)}) for mark in marks)


@cache
def upper_share(seen: int, of: int) -> float:
    """The upper 95 % limit of a share (Clopper and Pearson 1934), one-sided; 1 where all of them have it."""
    if seen >= of:
        return 1.0
    # Bisection on the binomial tail: no more than a few hundred projects, so the sum is short.
    low, high = seen / of, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if _at_most(seen, of, middle) > 1 - CONFIDENCE:
            low = middle
        else:
            high = middle
    return high


def _at_most(seen: int, of: int, share: float) -> float:
    term = (1 - share) ** of
    total = term
    for k in range(seen):
        if share >= 1:
            return 0.0
        term *= (of - k) / (k + 1) * share / (1 - share)
        total += term
    return total


def name_digest(kind: MarkKind, name: str) -> int:
    """Of a kind and a name."""
    return _digest(f"{kind}\0{name}")


def value_digest(kind: MarkKind, name: str, value: str) -> int:
    """Of a kind, a name and a value."""
    return _digest(f"{kind}\0{name}\0{value}")


def _digest(text: str) -> int:
    data = text.encode("utf-8", "backslashreplace")
    return int.from_bytes(hashlib.blake2b(data, digest_size=_DIGEST_BYTES, person=_PERSON).digest(), "big")


def _found(keys: npt.NDArray[np.int64], counts: Counts, key: int) -> tuple[int, int] | None:
    at = int(np.searchsorted(keys, key))
    if at >= len(keys) or int(keys[at]) != key:
        return None
    return int(counts[at, 0]), int(counts[at, 1])


class Census:
    """Counts marks file by file; a value counts once for each file, and once for each project."""

    def __init__(self) -> None:
        self._names: dict[int, tuple[set[str], int]] = {}
        self._values: dict[int, tuple[set[str], int]] = {}
        self._personal: set[int] = set()
        self._projects: set[str] = set()
        self._files = 0

    def add(self, project: str, marks: Iterable[Mark]) -> None:
        """The marks of one file of a project."""
        marks = list(marks)
        self._projects.add(project)
        self._files += 1
        for key in {name_digest(mark.kind, mark.name) for mark in marks}:
            _count(self._names, key, project)
        values = {(value_digest(mark.kind, mark.name, mark.value), mark.kind) for mark in marks}
        for key, kind in values:
            _count(self._values, key, project)
            if kind in PERSONAL:
                self._personal.add(key)

    def table(self, name: str, source: str) -> Table:
        """The counts as a table, without the personal values that a single project has."""
        kept = {
            key: found
            for key, found in self._values.items()
            if key not in self._personal or len(found[0]) > 1
        }
        names, name_counts = _arrays(self._names)
        values, value_counts = _arrays(kept)
        version = _version(name, names, name_counts, values, value_counts)
        about = MarksPopulation(
            name=name, version=version, projects=len(self._projects), files=self._files, source=source
        )
        return Table(about, names, name_counts, values, value_counts)


def _count(into: dict[int, tuple[set[str], int]], key: int, project: str) -> None:
    projects, files = into.get(key, (set(), 0))
    projects.add(project)
    into[key] = projects, files + 1


def _arrays(found: Mapping[int, tuple[set[str], int]]) -> tuple[npt.NDArray[np.int64], Counts]:
    keys = sorted(found)
    counts = [(len(found[key][0]), found[key][1]) for key in keys]
    return np.array(keys, dtype=np.int64), np.array(counts, dtype=np.int64).reshape(-1, 2)


def _version(name: str, *arrays: npt.NDArray[np.int64]) -> str:
    content = hashlib.sha256(f"{FORMAT}\0{name}".encode())
    for array in arrays:
        content.update(np.ascontiguousarray(array.astype("<i8")).tobytes())
    return content.hexdigest()[:12]


def write_table(table: Table, path: Path) -> None:
    """To a file, whole or not at all; the same table gives the same bytes."""
    about = {"format": FORMAT, **table.about.model_dump()}
    arrays: dict[str, npt.NDArray[Any]] = {
        "about": np.frombuffer(json.dumps(about, ensure_ascii=False).encode(), dtype="u1"),
        "names": table.names.astype("<i8"),
        "name_counts": table.name_counts.astype("<i4"),
        "values": table.values.astype("<i8"),
        "value_counts": table.value_counts.astype("<i4"),
    }
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w") as archive:
            for name, array in arrays.items():
                content = io.BytesIO()
                np.lib.format.write_array(content, np.ascontiguousarray(array), allow_pickle=False)
                # Of no time: the same table gives the same bytes.
                member = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
                archive.writestr(member, content.getvalue(), zipfile.ZIP_DEFLATED)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read_table(path: Path) -> Table:
    """From a file. UsageError where it is none or is damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(info.file_size for info in archive.infolist()) > _MOST_BYTES:
                raise UsageError(f"{path}: it unfolds to more than any table of marks does")
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in _ARRAYS}
        about = json.loads(arrays["about"].tobytes())
        if about.pop("format") != FORMAT:
            raise ValueError("it is of another format")
        said = MarksPopulation(**about)
    except FileNotFoundError as error:
        raise UsageError(f"{path}: there is no such population of marks") from error
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise UsageError(
            f"{path}: this is no population of marks, or it is damaged ({error}); make it anew "
            "(partwatch background marks)"
        ) from error
    return _checked(path, said, arrays)


def _checked(path: Path, about: MarksPopulation, arrays: dict[str, npt.NDArray[Any]]) -> Table:
    for name in ("name", "value"):
        keys, counts = arrays[f"{name}s"], arrays[f"{name}_counts"]
        sound = (
            keys.ndim == 1 and counts.shape == (len(keys), 2) and keys.dtype.kind == counts.dtype.kind == "i"
        )
        if not sound or (np.diff(keys) <= 0).any() or (len(counts) and counts.min() < 1):
            raise UsageError(f"{path}: its counts of {name}s are damaged; make it anew")
    return Table(
        about, arrays["names"].astype(np.int64), arrays["name_counts"].astype(np.int64),
        arrays["values"].astype(np.int64), arrays["value_counts"].astype(np.int64),
    )  # fmt: skip


@lru_cache(maxsize=1)
def shipped_table() -> Table:
    """The one that comes with the program: files of open projects."""
    with resources.as_file(resources.files("partwatch.provenance") / "data" / "marks.npz") as path:
        return read_table(path)
