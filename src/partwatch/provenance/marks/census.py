"""The population that rarity is counted in, made from a corpus by one command."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from partwatch.curation.corpus import provenance, read_corpus
from partwatch.provenance.marks.of_files import Means, marked_items
from partwatch.provenance.marks.rarity import Census, Table
from partwatch.screening.walk import Source

NAME = "open printable projects"


def census(folder: Path, name: str, means: Means, progress: Callable[[], None]) -> Table:
    """Every file of a corpus with a manifest, its project's name in the manifest. UsageError without one."""
    files = read_corpus(folder)
    projects = {str(file.path): file.project for file in files}
    counted = Census()
    sources = [Source(path, path) for path in projects]
    with tempfile.TemporaryDirectory(prefix="partwatch-marks-") as kept:
        for item in marked_items(sources, Path(kept), means, None, progress):
            if item.marks:
                counted.add(projects[item.path], item.marks)
    return counted.table(name, provenance(folder))
