"""Marks of real files: a minute, where PARTWATCH_CORPUS names the corpus."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from partwatch.curation.corpus import read_corpus
from partwatch.model.marks import MarkKind
from partwatch.provenance.marks.rarity import shipped_table, upper_share, weighed
from partwatch.provenance.marks.sources import Found, marks_of

CORPUS = os.environ.get("PARTWATCH_CORPUS")
pytestmark = pytest.mark.skipif(CORPUS is None, reason="set PARTWATCH_CORPUS to the folder of MANIFEST.csv")


@pytest.fixture(scope="module")
def found() -> dict[str, tuple[str, Found]]:
    """Every file of the corpus up to four megabytes: its project, and what it tells."""
    return {
        str(file.path): (file.project, marks_of(file.path.read_bytes()))
        for file in read_corpus(Path(CORPUS or ""))
        if file.path.stat().st_size < 4 << 20
    }


def test_nearly_every_file_tells_something(found: dict[str, tuple[str, Found]]) -> None:
    silent = [path for path, (_, each) in found.items() if not each.marks]
    assert len(silent) < 0.02 * len(found), silent[:20]


def test_slicers_are_told_in_jobs_that_name_them(found: dict[str, tuple[str, Found]]) -> None:
    slicers = Counter(
        each.attribution[0].software
        for path, (_, each) in found.items()
        if path.endswith((".gcode", ".bgcode")) and each.attribution
    )
    assert {"PrusaSlicer", "Slic3r", "Cura", "BambuStudio", "OrcaSlicer", "Simplify3D"} <= set(slicers)
    contradicted = [
        (path, hypothesis.against)
        for path, (_, each) in found.items()
        if path.endswith(".gcode")
        for hypothesis in each.attribution
        if hypothesis.version and hypothesis.against
    ]
    assert contradicted == []


def test_no_mark_weighs_more_than_the_population_supports(found: dict[str, tuple[str, Found]]) -> None:
    table = shipped_table()
    for _, each in found.values():
        for mark in weighed(each.marks, table):
            assert mark.rarity is not None or mark.kind is not MarkKind.BANNER
            if mark.rarity is not None:
                assert mark.rarity.projects <= mark.rarity.of_projects <= table.about.projects
                assert mark.rarity.share_upper >= round(upper_share(0, mark.rarity.of_projects), 4)


def test_what_ships_knows_the_corpus(found: dict[str, tuple[str, Found]]) -> None:
    """Every impersonal value of the corpus is in the table: it was made from these files, by this version."""
    table = shipped_table()
    missing = Counter(
        mark.name
        for _, each in found.values()
        for mark in weighed(each.marks, table)
        if mark.rarity is None or (mark.rarity.projects == 0 and mark.rarity.counted == 0)
    )
    assert missing == Counter(), (
        "partwatch background marks --corpus DIR --out src/partwatch/provenance/data/marks.npz"
    )
