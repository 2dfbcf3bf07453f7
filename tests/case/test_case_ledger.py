"""The case's ledger: it holds every change, and verifies with what was forgotten gone."""

from __future__ import annotations

import json
from pathlib import Path

import case_samples as samples
import pytest
from sqlalchemy import delete, update

from partwatch.case.bundle import problems_of, write_bundle
from partwatch.case.forgetting import forget_entities, forget_source
from partwatch.case.leaves import leaves_of
from partwatch.case.store import CaseStore
from partwatch.case.tables import SOURCES, STATEMENTS
from partwatch.case.verdicts import Pair, Verdict
from partwatch.ledger import log
from partwatch.ledger.bundle import verify
from partwatch.ledger.commitments import statements_root
from partwatch.ledger.errors import LedgerError


def kinds(store: CaseStore) -> list[str]:
    with store.reading() as connection:
        return [entry.kind for entry in log.entries(connection)]


def test_every_change_has_its_entry_and_the_log_verifies(tmp_path: Path) -> None:
    store = samples.filled(str(tmp_path / "case"))
    left, right = sorted((samples.SENDER, samples.HOLDER))
    store.add_run("m", {}, [Pair(left, right, 9.5, 8.25, True, [])], "tester")
    store.decide(left, right, Verdict.SAME, "one", "tester")
    store.decide(left, right, Verdict.UNDONE, "two", "tester")
    store.stand(3, False, "no order", "tester")
    store.stand(3, True, "an order", "tester")
    store.note("export", {"kind": "graphml"}, "tester")
    forget_entities(store, [samples.SENDER], "ordered", "tester")
    assert kinds(store) == [
        "case", "import", "import", "import", "resolution", "merge", "decision", "withdrawal",
        "reinstatement", "export", "forgetting",
    ]  # fmt: skip
    write_bundle(store, tmp_path / "bundle.zip")
    found = verify(tmp_path / "bundle.zip")
    assert found.verified, found.checks
    assert (found.size, found.forgotten) == (11, 2)


def test_statements_that_are_shown_are_those_the_source_was_taken_in_with(tmp_path: Path) -> None:
    store = samples.filled(str(tmp_path / "case"))
    forget_entities(store, [samples.ACCOUNT], "ordered", "tester")
    numbers = [one.id for one in store.of_entities([samples.SENDER, samples.PARCEL, samples.HOLDER])]
    write_bundle(store, tmp_path / "bundle", numbers)
    found = verify(tmp_path / "bundle")
    assert found.verified, found.checks
    assert found.statements == len(numbers) == 7
    told = "".join(path.read_text() for path in sorted((tmp_path / "bundle/statements").iterdir()))
    assert "Jean Dupont" in told
    assert "pumpmaker" not in told
    file = next(iter((tmp_path / "bundle/statements").iterdir()))
    file.write_text(file.read_text().replace("Dupont", "Durand"))
    assert not verify(tmp_path / "bundle").verified


def test_a_statement_that_was_changed_in_the_database_is_found_out(tmp_path: Path) -> None:
    store = samples.filled(str(tmp_path / "case"))
    forget_source(store, 3, "ordered", "tester")
    assert problems_of(store) == []
    with store.writing() as connection:
        connection.execute(
            update(STATEMENTS).where(STATEMENTS.c.value == "Jean Dupont").values(value="Other")
        )
    (problem,) = problems_of(store)
    assert "parcels.csv" in problem


def test_a_root_that_was_changed_with_its_statement_is_found_out_by_the_log(tmp_path: Path) -> None:
    store = samples.filled(str(tmp_path / "case"))
    with store.writing() as connection:
        connection.execute(
            update(STATEMENTS).where(STATEMENTS.c.value == "Jean Dupont").values(value="Other")
        )
        leaves = [leaf.hash for leaf in leaves_of(connection, 1)]
        root = statements_root(leaves).hex()
        connection.execute(update(SOURCES).where(SOURCES.c.id == 1).values(root=root))
    (problem,) = problems_of(store)
    assert "parcels.csv" in problem
    with store.writing() as connection:
        connection.execute(delete(STATEMENTS).where(STATEMENTS.c.source_id == 2))
        connection.execute(delete(SOURCES).where(SOURCES.c.id == 2))
    assert any("is gone" in problem for problem in problems_of(store))


def test_what_was_forgotten_is_not_in_the_bundle(tmp_path: Path) -> None:
    store = samples.filled(str(tmp_path / "case"))
    forget_source(store, 2, "ordered", "tester")
    write_bundle(store, tmp_path / "bundle")
    told = b"".join(path.read_bytes() for path in (tmp_path / "bundle").rglob("*") if path.is_file())
    assert b"subscribers.csv" not in told
    assert b"parcels.csv" in told
    assert verify(tmp_path / "bundle").verified


def test_without_its_key_a_case_can_be_read_but_not_changed(tmp_path: Path) -> None:
    samples.filled(str(tmp_path / "case"))
    (tmp_path / "case/signing.key").unlink()
    store = CaseStore.open(str(tmp_path / "case"))
    assert len(store.sources()) == 3
    with pytest.raises(LedgerError, match="signing key"):
        store.stand(1, False, "no order", "tester")
    assert store.sources()[0].withdrawn is None


def test_the_first_entry_states_what_the_case_rests_on(tmp_path: Path) -> None:
    store = samples.new_case(str(tmp_path / "case"))
    with store.reading() as connection:
        first = next(log.entries(connection))
    assert first.opening is not None
    assert json.loads(first.opening.body_bytes) == samples.CHARTER.told()
