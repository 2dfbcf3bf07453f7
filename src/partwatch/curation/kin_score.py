"""Families against what a corpus's manifest knows of copies and revisions: pairwise precision and recall."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from partwatch.curation.kinship import Groups
from partwatch.model.errors import UsageError
from partwatch.model.families import FamiliesDocument

_COLUMNS = {"role", "repo", "path", "orig_path", "same_geometry_as"}


@dataclass(frozen=True)
class Known:
    """A file as the manifest has it. geometry: the same for files said to have the same geometry. place: the
    same for revisions of one file."""

    path: str
    project: str
    geometry: str
    place: str


@dataclass(frozen=True)
class Score:
    """Counts of pairs of files.

    copies, revisions: known ones; *_found: of those, the ones in one family. A pair that is both is a copy.
    true, false: pairs in one family that the manifest knows to be kin, by whatever chain, and that are of two
    projects and that it does not. unjudged: pairs in one family, of one project, of which it says nothing.
    """

    files: int
    copies: int
    copies_found: int
    revisions: int
    revisions_found: int
    true: int
    false: int
    unjudged: int
    missed: tuple[tuple[str, str], ...]
    wrong: tuple[tuple[str, str], ...]

    @property
    def recall(self) -> float:
        """Of known pairs."""
        return (self.copies_found + self.revisions_found) / max(self.copies + self.revisions, 1)

    @property
    def precision(self) -> float:
        """Of pairs that can be judged."""
        return self.true / max(self.true + self.false, 1)


def read_known(folder: Path) -> list[Known]:
    """The printable files that DIR/MANIFEST.csv lists, by their paths from there; print jobs are none.

    UsageError where it is no corpus.
    """
    manifest = folder / "MANIFEST.csv"
    if not manifest.is_file():
        raise UsageError(f"{manifest}: not there; give the folder that holds MANIFEST.csv")
    with manifest.open(encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream)
        missing = _COLUMNS.difference(rows.fieldnames or ())
        if missing:
            raise UsageError(f"{manifest}: no column {', '.join(sorted(missing))} in its first line")
        return [
            Known(
                path=f"{row['repo'].replace('/', '+')}/{row['path']}",
                project=row["repo"],
                geometry=row["same_geometry_as"] or f"{row['repo']}:{row['path']}",
                place=f"{row['repo']}:{row['orig_path']}",
            )
            for row in rows
            if not row["role"].startswith("gcode")
        ]


def score(document: FamiliesDocument, known: Sequence[Known]) -> Score:
    """Judge families by the files that are both known and read."""
    family = {
        file.path: number
        for number, each in enumerate(document.families)
        for shape in each.shapes
        for file in shape.files
        if file.member is None
    }
    read = [file for file in known if file.path in family]
    copies = _pairs(read, [file.geometry for file in read])
    revisions = _pairs(read, [file.place for file in read]) - copies
    kin = Groups(len(read))
    for a, b in copies | revisions:
        kin.join(a, b)
    together = _pairs(read, [family[file.path] for file in read])
    true = {(a, b) for a, b in together if kin.of(a) == kin.of(b)}
    false = {(a, b) for a, b in together - true if read[a].project != read[b].project}
    return Score(
        files=len(read),
        copies=len(copies),
        copies_found=len(copies & together),
        revisions=len(revisions),
        revisions_found=len(revisions & together),
        true=len(true),
        false=len(false),
        unjudged=len(together) - len(true) - len(false),
        missed=_named(read, (copies | revisions) - together),
        wrong=_named(read, false),
    )


def _pairs(read: Sequence[Known], keys: Sequence[object]) -> set[tuple[int, int]]:
    """Pairs of places with one key."""
    places: dict[object, list[int]] = {}
    for place, key in enumerate(keys):
        places.setdefault(key, []).append(place)
    return {pair for group in places.values() for pair in combinations(group, 2)}


def _named(read: Sequence[Known], pairs: Iterable[tuple[int, int]]) -> tuple[tuple[str, str], ...]:
    def names() -> Iterator[tuple[str, str]]:
        for a, b in sorted(pairs):
            yield read[a].path, read[b].path

    return tuple(names())
