"""The log in a database: SQLite always, PostgreSQL where PARTWATCH_POSTGRESQL names one."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from ledger_samples import AT, NAME, engine, fill, fresh_log, signer
from sqlalchemy import Engine, create_engine, delete, event, func, select, text, update
from sqlalchemy.exc import DBAPIError

from partwatch.ledger import log
from partwatch.ledger.errors import DamagedLedgerError, LedgerError
from partwatch.ledger.keys import verifies
from partwatch.ledger.merkle import EMPTY_ROOT, leaf_hash, root_of, verify_consistency, verify_inclusion
from partwatch.ledger.notes import parse_note
from partwatch.ledger.tables import CHECKPOINTS, ENTRIES, LEDGER_METADATA, NODES, OPENINGS

POSTGRESQL = os.environ.get("PARTWATCH_POSTGRESQL")
SERVER = pytest.param(
    "postgresql",
    marks=pytest.mark.skipif(POSTGRESQL is None, reason="PARTWATCH_POSTGRESQL names no server"),
)


@contextmanager
def on_server() -> Iterator[Engine]:
    """A schema of its own, dropped again."""
    assert POSTGRESQL is not None
    schema = f"ledger_{uuid.uuid4().hex}"
    made = create_engine(POSTGRESQL.replace("postgresql://", "postgresql+psycopg://"))

    @event.listens_for(made, "connect")
    def _connect(connection: Any, _record: object) -> None:
        connection.execute(f"SET search_path TO {schema}")
        connection.commit()

    with made.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
        LEDGER_METADATA.create_all(connection)
    try:
        yield made
    finally:
        with made.begin() as connection:
            connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
        made.dispose()


@pytest.fixture(params=["sqlite", SERVER])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    with on_server() if request.param == "postgresql" else fresh_log(tmp_path / "case.sqlite") as made:
        yield made


def test_entries_come_back_as_they_were_put_in(ledger: Engine) -> None:
    with ledger.begin() as connection:
        first = log.append(connection, "import", {"name": "Ä", "rows": 3}, "A. Curator", AT)
        second = log.append(connection, "merge", {"same": ["a", "b"]}, "program", "2026-03-02T09:00:00+01:00")
        log.sign_checkpoint(connection, signer())
    with ledger.begin() as connection:
        found = list(log.entries(connection))
        assert found == [first, second]
        assert [entry.seq for entry in found] == [0, 1]
        assert found[0].opening is not None
        assert found[0].opening.body == {"name": "Ä", "rows": 3}
        assert found[1].at == "2026-03-02T08:00:00Z"
        assert [entry.seq for entry in log.entries(connection, kind="merge")] == [1]
        assert [entry.seq for entry in log.entries(connection, 1)] == [1]
        assert [entry.seq for entry in log.entries(connection, 0, 1)] == [0]
        assert next(log.entries(connection, openings=False)).opening is None
        assert list(log.problems(connection)) == []


def test_an_empty_log_can_be_signed(ledger: Engine) -> None:
    with ledger.begin() as connection:
        assert log.size(connection) == 0
        assert log.root(connection) == EMPTY_ROOT
        assert log.last_checkpoint(connection) is None
        assert log.sign_checkpoint(connection, signer()).size == 0
        assert log.sign_checkpoint(connection, signer()).size == 0
        assert list(log.problems(connection)) == []


def test_checkpoints_are_of_the_entries_as_they_were(ledger: Engine) -> None:
    with ledger.begin() as connection:
        fill(connection, 23, signer())
        leaves = [leaf_hash(entry.raw) for entry in log.entries(connection)]
        stored = list(log.checkpoints(connection))
        assert [one.size for one in stored] == [*range(2, 23, 2), 23]
        for one in stored:
            assert one.root == root_of(leaves[: one.size]) == log.root(connection, one.size)
            assert one.origin == NAME
            assert verifies(parse_note(one.note), signer().verifier)
        assert log.last_checkpoint(connection) == stored[-1]


def test_many_entries_at_once_are_the_same_as_one_by_one(ledger: Engine) -> None:
    with ledger.begin() as connection:
        fill(connection, 3, signer())
        assert log.append_all(connection, (("import", {"n": n}) for n in range(1201)), "A", AT) == range(
            3, 1204
        )
        assert log.append_all(connection, [], "A", AT) == range(1204, 1204)
        log.append(connection, "merge", {}, "A", AT, signer())
        assert log.size(connection) == 1205
        assert log.root(connection) == root_of(leaf_hash(entry.raw) for entry in log.entries(connection))
        assert connection.execute(select(func.count()).select_from(NODES)).scalar_one() < 2 * 1205
        assert list(log.problems(connection)) == []


def test_proofs_from_stored_hashes_hold(ledger: Engine) -> None:
    with ledger.begin() as connection:
        fill(connection, 13, signer())
        leaves = [leaf_hash(entry.raw) for entry in log.entries(connection)]
        for size in range(1, 14):
            root = log.root(connection, size)
            for seq in range(size):
                proof = log.inclusion_proof(connection, seq, size)
                assert verify_inclusion(leaves[seq], seq, size, proof, root)
            for old in range(size + 1):
                proof = log.consistency_proof(connection, old, size)
                assert verify_consistency(old, log.root(connection, old), size, root, proof)
        assert log.inclusion_proof(connection, 4) == log.inclusion_proof(connection, 4, 13)
        assert log.consistency_proof(connection, 4) == log.consistency_proof(connection, 4, 13)


def test_what_cannot_be_proven_is_told(ledger: Engine) -> None:
    with ledger.begin() as connection:
        fill(connection, 3, signer())
        for wrong in ((3, 3), (-1, 3), (0, 4), (0, 0)):
            with pytest.raises(LedgerError):
                log.inclusion_proof(connection, *wrong)
        for wrong in ((2, 4), (-1, 3), (3, 2)):
            with pytest.raises(LedgerError):
                log.consistency_proof(connection, *wrong)


def test_a_transaction_that_fails_leaves_nothing(ledger: Engine) -> None:
    with ledger.begin() as connection:
        fill(connection, 2, signer())
    with ledger.connect() as connection:
        fill(connection, 5, signer(), first=2)
        connection.rollback()
    with ledger.begin() as connection:
        assert log.size(connection) == 2
        assert list(log.problems(connection)) == []
        log.append(connection, "merge", {}, "A", AT, signer())
        assert list(log.problems(connection)) == []


def test_forgetting_destroys_what_opens_an_entry_and_nothing_else(ledger: Engine) -> None:
    with ledger.begin() as connection:
        fill(connection, 5, signer())
        root = log.root(connection)
        assert log.forget(connection, [1, 3, 3]) == 2
        assert log.forget(connection, [1]) == 0
        assert log.forget(connection, []) == 0
    with ledger.begin() as connection:
        assert [entry.opening is None for entry in log.entries(connection)] == [
            False,
            True,
            False,
            True,
            False,
        ]
        assert log.root(connection) == root
        assert list(log.problems(connection)) == []
        for wrong in ([5], [-1]):
            with pytest.raises(LedgerError, match="entries 0 to 4"):
                log.forget(connection, wrong)


def test_what_is_forgotten_lies_in_no_file_any_more(tmp_path: Path) -> None:
    with fresh_log(tmp_path / "case.sqlite") as made:
        with made.begin() as connection:
            for word in ("orchid", "tulip"):
                log.append(connection, "import", {"secret": word * 400}, "A", AT, signer())
            keys = [entry.opening.key for entry in log.entries(connection) if entry.opening is not None]
        before = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        assert b"orchid" in before
        assert keys[0] in before
        with made.begin() as connection:
            log.forget(connection, [0])
        scrub(made)
        after = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        assert b"orchid" not in after
        assert keys[0] not in after
        assert keys[1] in after


def scrub(made: Engine) -> None:
    """As a case does after its commit: on a connection without a transaction."""
    raw = made.raw_connection()
    try:
        assert raw.driver_connection is not None
        busy, *_ = raw.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        assert busy == 0
    finally:
        raw.close()


def test_forgetting_asks_the_database_to_overwrite(tmp_path: Path) -> None:
    with fresh_log(tmp_path / "case.sqlite") as made, made.begin() as connection:
        fill(connection, 2, signer())
        for setting in ("OFF", "FAST"):
            connection.exec_driver_sql(f"PRAGMA secure_delete = {setting}")
            with pytest.raises(LedgerError, match="secure_delete"):
                log.forget(connection, [0])


def test_a_log_is_signed_by_one_key(ledger: Engine) -> None:
    with ledger.begin() as connection:
        fill(connection, 2, signer())
        for other in (signer(2), signer(1, "another/name")):
            with pytest.raises(LedgerError):
                log.sign_checkpoint(connection, other)
            with pytest.raises(LedgerError, match="another key or under another name"):
                log.append(connection, "merge", {}, "A", AT, other)


def test_a_log_that_was_changed_in_place_is_not_signed_again(ledger: Engine) -> None:
    with ledger.begin() as connection:
        fill(connection, 4, signer())
    entry = delete(ENTRIES).where(ENTRIES.c.seq == 3)
    changes = (
        [update(NODES).where(NODES.c.level == 2).values(hash=bytes(32))],
        [entry],
        # Cut back cleanly, with the hashes above the entry; its checkpoint is still there.
        [entry, *(delete(NODES).where(NODES.c.level == n, NODES.c.position == 3 >> n) for n in range(3))],
    )
    for change in changes:
        with ledger.connect() as connection:
            for one in [delete(OPENINGS), *change]:
                connection.execute(one)
            with pytest.raises((LedgerError, DBAPIError)):
                log.append(connection, "merge", {}, "A", AT, signer())
            connection.rollback()
    with ledger.begin() as connection:
        assert list(log.problems(connection)) == []


def test_damage_in_the_database_is_told(ledger: Engine) -> None:
    with ledger.begin() as connection:
        fill(connection, 4, signer())
    raw = (
        b'{"at":"2026-03-01T09:00:00Z","by":"B","commitment":"'
        + b"00" * 32
        + b'","kind":"decision","seq":2,"v":1}'
    )
    changes = {
        "entries 2 to 2: the stored hash is not theirs": update(ENTRIES)
        .where(ENTRIES.c.seq == 2)
        .values(bytes=raw),
        "opening": update(OPENINGS).where(OPENINGS.c.seq == 2).values(body=b"{}"),
        "another root": update(CHECKPOINTS).where(CHECKPOINTS.c.size == 4).values(note=other_note()),
        "last checkpoint is of 2": delete(CHECKPOINTS).where(CHECKPOINTS.c.size == 4),
    }
    for told, change in changes.items():
        with ledger.connect() as connection:
            connection.execute(change)
            assert told in " ".join(log.problems(connection))
            connection.rollback()
    for broken in (b"", b"{}", raw.replace(b'"seq":2', b'"seq":1'), raw.replace(b"decision", b"merge")):
        with ledger.connect() as connection:
            connection.execute(update(ENTRIES).where(ENTRIES.c.seq == 2).values(bytes=broken))
            with pytest.raises(DamagedLedgerError, match="entry 2"):
                list(log.entries(connection))
            connection.rollback()


def other_note() -> bytes:
    from partwatch.ledger.notes import new_checkpoint

    return new_checkpoint(4, bytes(32), signer()).note


def test_two_writers_at_once_wait_for_each_other(ledger: Engine) -> None:
    failures: list[BaseException] = []

    def write(name: str) -> None:
        try:
            for number in range(12):
                with ledger.begin() as connection:
                    log.append(connection, "import", {"n": number}, name, AT, signer())
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with ledger.begin() as connection:
        assert list(log.problems(connection)) == []
        found = list(log.entries(connection))
        assert [entry.seq for entry in found] == list(range(24))
        for name in ("one", "two"):
            bodies = [entry.opening.body["n"] for entry in found if entry.by == name and entry.opening]
            assert bodies == list(range(12))


def test_without_the_lock_the_second_is_refused_and_the_log_cannot_fork(tmp_path: Path) -> None:
    with fresh_log(tmp_path / "case.sqlite") as made:
        careless = engine(tmp_path / "case.sqlite")
        event.remove(careless, "begin", next(iter(careless.dispatch.begin)))
        with careless.connect() as one:
            one.exec_driver_sql("BEGIN")
            assert log.size(one) == 0
            with made.begin() as other:
                log.append(other, "import", {"who": "other"}, "A", AT, signer())
            with pytest.raises(DBAPIError):
                log.append(one, "import", {"who": "one"}, "A", AT, signer())
            one.exec_driver_sql("ROLLBACK")
        careless.dispose()
        with made.begin() as connection:
            assert log.size(connection) == 1
            assert list(log.problems(connection)) == []


def test_timestamps_are_kept_beside_their_checkpoint(ledger: Engine) -> None:
    with ledger.begin() as connection:
        fill(connection, 2, signer())
        assert [log.add_timestamp(connection, 2, bytes([n])) for n in range(2)] == [0, 1]
        assert list(log.timestamps(connection)) == [(2, 0, b"\0"), (2, 1, b"\1")]
        with pytest.raises(LedgerError, match="no checkpoint of 1"):
            log.add_timestamp(connection, 1, b"")
        with pytest.raises(LedgerError, match="at most"):
            log.add_timestamp(connection, 2, bytes(1 << 20))
