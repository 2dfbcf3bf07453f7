"""Taking a source in: all of it, or nothing and every reason why."""

from __future__ import annotations

from pathlib import Path

import case_samples as samples
import pytest

from partwatch.case import importing
from partwatch.case.imports.base import Importer, Note, Reading, RowError, Told
from partwatch.case.statements import Statement, record_key
from partwatch.case.store import CaseStore
from partwatch.model.errors import UsageError

PERSON = record_key("f" * 64, "Person", "1")
ORIGIN = importing.Origin("the police")
MANNER = importing.Manner()


def taken(store: CaseStore, told: list[Told], manner: importing.Manner = MANNER) -> importing.Imported:
    """What comes of a source that says this."""
    importer = Importer("made", "1", "made here", lambda _: True, lambda _: iter(told), lambda: ())
    reading = Reading(Path("x.csv"), "f" * 64)
    return importing.take(
        store, importer, reading, lambda one, given: one.read(given), ORIGIN, manner, "tester"
    )


def name(value: str, place: str = "row 1") -> Statement:
    return Statement(PERSON, "Person", "name", value, place)


def test_a_row_that_fails_keeps_everything_out_unless_it_may_be_skipped(tmp_path: Path) -> None:
    store = samples.new_case(str(tmp_path / "case"))
    rows = [name("Jean"), RowError("row 2", "no name"), name("Anne", "row 3")]
    with pytest.raises(UsageError, match="1 rows cannot be read; nothing was taken in"):
        taken(store, rows)
    assert store.counts()["statements"] == 0
    made = taken(store, rows, importing.Manner(skip_bad_rows=True))
    assert (made.statements, made.skipped, made.counts) == (2, 1, {"Person": 2})
    assert store.sources()[0].skipped == 1


def test_a_dry_run_tells_and_keeps_nothing(tmp_path: Path) -> None:
    store = samples.new_case(str(tmp_path / "case"))
    made = taken(store, [name("Jean"), RowError("row 2", "no name")], importing.Manner(dry_run=True))
    assert (made.source, made.known, made.statements, made.skipped) == (None, False, 1, 1)
    assert store.sources() == []


def test_a_note_is_told_and_fails_nothing(tmp_path: Path) -> None:
    store = samples.new_case(str(tmp_path / "case"))
    heard: list[str] = []
    manner = importing.Manner(heard_error=lambda error: heard.append(str(error)))
    made = taken(store, [Note("the table", "read as utf-8"), name("Jean")], manner)
    assert made.source is not None
    assert made.skipped == 0
    assert heard == ["the table: read as utf-8"]


@pytest.mark.parametrize("value", ["half \ud800 a character", "a \0 NUL"])
def test_what_no_database_holds_is_an_error_of_its_row(tmp_path: Path, value: str) -> None:
    store = samples.new_case(str(tmp_path / "case"))
    made = taken(store, [name(value), name("Jean", "row 2")], importing.Manner(skip_bad_rows=True))
    assert (made.statements, made.skipped) == (1, 1)
    assert "no character" in str(made.errors[0])


def test_the_same_source_again_is_known(tmp_path: Path) -> None:
    store = samples.new_case(str(tmp_path / "case"))
    assert not taken(store, [name("Jean")]).known
    again = taken(store, [name("Jean")])
    assert again.known
    assert again.source is None
    assert len(store.sources()) == 1


def test_a_folder_is_what_its_files_are(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/one").write_bytes(b"1")
    first = importing.digest_of(tmp_path / "a")
    (tmp_path / "a/two").write_bytes(b"2")
    assert importing.digest_of(tmp_path / "a") != first
    (tmp_path / "a/two").rename(tmp_path / "two")
    assert importing.digest_of(tmp_path / "a") == first
    with pytest.raises(UsageError, match="cannot be read"):
        importing.digest_of(tmp_path / "nothing")
