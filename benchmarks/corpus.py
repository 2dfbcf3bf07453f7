"""The corpus of real parts, as its manifest describes it. Its files are read where they lie, never copied."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

MANIFEST = "MANIFEST.csv"
_PART_ROLES = ("part", "odd")


@dataclass(frozen=True)
class CorpusFile:
    """One line of the manifest; `ext` without a dot."""

    path: Path
    role: str
    ext: str
    sha256: str
    triangles: int
    bodies: int
    watertight: bool
    in_head: bool
    repeats: bool


@dataclass(frozen=True)
class Corpus:
    """A folder with a manifest."""

    root: Path
    files: tuple[CorpusFile, ...]

    def screened(self) -> list[CorpusFile]:
        """Parts and odd files, in the manifest's order."""
        return [file for file in self.files if file.role in _PART_ROLES]

    def parts(self) -> list[CorpusFile]:
        """Parts only."""
        return [file for file in self.files if file.role == "part"]


def load(root: Path) -> Corpus:
    """The corpus in that folder; OSError or KeyError where there is no manifest of its kind."""
    with (root / MANIFEST).open(newline="", encoding="utf-8") as lines:
        return Corpus(root, tuple(_file(root, row) for row in csv.DictReader(lines)))


def _file(root: Path, row: dict[str, str]) -> CorpusFile:
    return CorpusFile(
        path=root / row["repo"].replace("/", "+") / row["path"],
        role=row["role"],
        ext=row["ext"],
        sha256=row["sha256"],
        triangles=int(row["triangles"] or 0),
        bodies=int(row["bodies"] or 0),
        watertight=row["watertight"] == "True",
        in_head=row["in_head"] == "yes",
        repeats=bool(row["same_geometry_as"]),
    )
