"""Families against a manifest: which pairs count as known, as found, as wrong, and which cannot be judged."""

from __future__ import annotations

from pathlib import Path

import pytest

from families_documents import chain, document, shape
from partwatch.curation.kin_score import Known, read_known, score
from partwatch.model.errors import UsageError

KNOWN = [
    Known("p/a.stl", "p", geometry="A", place="p:a"),
    Known("p/a-old.stl", "p", geometry="A2", place="p:a"),
    Known("p/a.obj", "p", geometry="A", place="p:a.obj"),
    Known("p/b.stl", "p", geometry="B", place="p:b"),
    Known("q/a.stl", "q", geometry="A", place="q:a"),
    Known("q/c.stl", "q", geometry="C", place="q:c"),
    Known("q/not read.stl", "q", geometry="C", place="q:c"),
]


def test_pairs_are_counted_for_what_the_manifest_knows() -> None:
    told = score(
        document(
            [
                chain(1, [shape(1, "p/a.stl", "p/a.obj"), shape(2, "p/b.stl"), shape(3, "q/c.stl")]),
                chain(2, [shape(4, "p/a-old.stl", "unknown.stl")]),
                chain(3, [shape(5, "q/a.stl")]),
            ]
        ),
        KNOWN,
    )
    # Known: the three of geometry A, and p/a.stl with its revision.
    assert (told.files, told.copies, told.copies_found) == (6, 3, 1)
    assert (told.revisions, told.revisions_found) == (1, 0)
    # In the first family: one true pair, two of one project that nothing is known of, three across projects.
    assert (told.true, told.unjudged, told.false) == (1, 2, 3)
    assert told.recall == pytest.approx(1 / 4)
    assert told.precision == pytest.approx(1 / 4)
    assert told.missed == (("p/a.stl", "p/a-old.stl"), ("p/a.stl", "q/a.stl"), ("p/a.obj", "q/a.stl"))
    assert ("p/b.stl", "q/c.stl") in told.wrong


def test_what_is_kin_by_a_chain_is_not_wrong_and_not_asked_for() -> None:
    told = score(document([chain(1, [shape(1, "p/a-old.stl", "q/a.stl")])]), KNOWN)
    assert (told.copies, told.revisions) == (0, 0)
    # The chain goes by a file that was not read here.
    assert (told.true, told.false) == (0, 1)
    told = score(document([chain(1, [shape(1, "p/a-old.stl", "q/a.stl", "p/a.stl")])]), KNOWN)
    assert (told.true, told.false, told.copies, told.revisions) == (3, 0, 1, 1)


def test_a_manifest_is_read_and_print_jobs_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "MANIFEST.csv").write_text(
        "role,repo,path,orig_path,same_geometry_as\n"
        "part,x/y,head/a.stl,a.stl,\n"
        "odd,x/y,history/a~01234567.stl,a.stl,x/y:head/a.stl\n"
        "gcode,x/y,head/a.gcode,a.gcode,\n",
        encoding="utf-8",
    )
    assert read_known(tmp_path) == [
        Known("x+y/head/a.stl", "x/y", "x/y:head/a.stl", "x/y:a.stl"),
        Known("x+y/history/a~01234567.stl", "x/y", "x/y:head/a.stl", "x/y:a.stl"),
    ]


def test_a_folder_that_is_no_corpus_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not there; give the folder that holds"):
        read_known(tmp_path)
    (tmp_path / "MANIFEST.csv").write_text("role,repo,path\n", encoding="utf-8")
    with pytest.raises(UsageError, match="no column orig_path, same_geometry_as"):
        read_known(tmp_path)
