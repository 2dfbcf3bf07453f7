"""A corpus of benign files with a manifest: which parts it holds, and which project each is from."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

from partwatch.model.errors import UsageError

_COLUMNS = ("role", "repo", "path", "sha256", "same_geometry_as")


@dataclass(frozen=True)
class CorpusFile:
    """One file. role: `part` for printable ones. geometry: the same for files that the corpus says
    have the same geometry. shown: its path within its project. thing: the same for revisions of one file."""

    path: Path
    project: str
    role: str
    sha256: str
    geometry: str
    licence: str = ""
    shown: str = ""
    thing: str = ""

    @property
    def name(self) -> str:
        """Project and path, unique in the corpus."""
        return f"{self.project}: {self.path.as_posix()}"


def read_corpus(folder: Path) -> list[CorpusFile]:
    """The files that DIR/MANIFEST.csv lists, in its order. UsageError where that is not a corpus."""
    manifest = folder / "MANIFEST.csv"
    if not manifest.is_file():
        raise UsageError(f"{manifest}: not there; --corpus wants the folder that holds MANIFEST.csv")
    with manifest.open(encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream)
        missing = set(_COLUMNS).difference(rows.fieldnames or ())
        if missing:
            raise UsageError(f"{manifest}: no column {', '.join(sorted(missing))} in its first line")
        return [
            CorpusFile(
                path=folder / row["repo"].replace("/", "+") / row["path"],
                project=row["repo"],
                role=row["role"],
                sha256=row["sha256"],
                geometry=row["same_geometry_as"] or f"{row['repo']}:{row['path']}",
                licence=row.get("licence") or "",
                shown=row["path"],
                thing=f"{row['repo']}:{row.get('orig_path') or row['path']}",
            )
            for row in rows
        ]


def provenance(folder: Path) -> str:
    """Which corpus it is: its manifest's SHA-256, of which each file's hash is a part."""
    return f"MANIFEST.csv {hashlib.sha256((folder / 'MANIFEST.csv').read_bytes()).hexdigest()}"


def listed_parts(files: list[CorpusFile]) -> list[CorpusFile]:
    """The printable parts, one for each content: the list as large as the corpus allows."""
    seen: set[str] = set()
    parts = []
    for file in files:
        if file.role == "part" and file.sha256 not in seen:
            seen.add(file.sha256)
            parts.append(file)
    return parts
