"""The folder that a laboratory hands over: scans and files, and the table of what each was found in."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

from benchmarks.cases import sources
from benchmarks.cases.tables import value_of
from benchmarks.cases.world import World

FOLDER: Final = "laboratory"
ORIGINS: Final = "laboratory-origins.csv"


def write_laboratory(world: World, folder: Path) -> int:
    """Writes FOLDER/laboratory and, beside it, the table of origins: of items whose bytes the world has.
    Returns how many these are."""
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    found = {}
    for kept in world.rows.get(sources.EXHIBITS.name, ()):
        exhibit, parcel = value_of(kept.row, "number"), value_of(kept.row, "tracking")
        found[value_of(kept.row, "sha256")] = (exhibit, parcel)
    for kept in world.rows.get(sources.JOBS.name, ()):
        found[value_of(kept.row, "sha256")] = (value_of(kept.row, "exhibit"), "")
    rows = [("path", "exhibit", "parcel")]
    for sha, (name, content) in sorted(world.files.items()):
        exhibit, parcel = found[sha]
        path = f"{exhibit.replace('/', '-')}/{name}"
        (folder / FOLDER / path).parent.mkdir(exist_ok=True)
        (folder / FOLDER / path).write_bytes(content)
        rows.append((path, exhibit, parcel))
    with (folder / ORIGINS).open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)
    return len(rows) - 1
