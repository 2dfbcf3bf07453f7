"""The log in the caller's database, within the caller's transaction.

Whoever writes hands in a Connection: on SQLite one that began IMMEDIATE, so that two writers wait for each
other; on PostgreSQL `append` takes an advisory lock until the transaction ends. Entries and what they say of
are then committed together or not at all. Were the lock ever missing, the second of two entries with one
number is refused by its primary key: the log may fail, but it cannot fork.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, bindparam, delete, func, insert, select, text, tuple_

from partwatch.ledger import merkle
from partwatch.ledger.commitments import Entry, Opening, commit, new_entry, parse_entry
from partwatch.ledger.errors import DamagedLedgerError, LedgerError
from partwatch.ledger.merkle import Frontier, Node, Range
from partwatch.ledger.notes import Checkpoint, SignsNotes, new_checkpoint, parse_checkpoint
from partwatch.ledger.tables import CHECKPOINTS, ENTRIES, NODES, OPENINGS, TIMESTAMPS

Body = Mapping[str, Any]

MOST_RESPONSE_BYTES: Final = 256 << 10
_BATCH: Final = 500  # rows at once: below SQLite's limit on variables


def append(
    connection: Connection,
    kind: str,
    body: Body,
    by: str,
    at: datetime | str,
    signer: SignsNotes | None = None,
) -> Entry:
    """Add one entry; with a signer, the checkpoint after it as well.

    kind: a word. body: a JSON object, kept with its key apart from the log. by: who, in the clear for ever.
    at: when, with its offset from UTC. Without a signer call `sign_checkpoint` before the commit: an entry
    beyond the last checkpoint is held by no signature, and no bundle is written of it. Raises LedgerError.
    """
    (entry,) = _append(connection, [(kind, body)], by, at)
    if signer is not None:
        sign_checkpoint(connection, signer)
    return entry


def append_all(
    connection: Connection, records: Iterable[tuple[str, Body]], by: str, at: datetime | str
) -> range:
    """Add many entries, (kind, body) each, streaming, by one and at one moment; their numbers.

    Nothing else may be appended by this transaction meanwhile. See `append`.
    """
    _lock(connection)
    first = size(connection)
    return range(first, first + sum(1 for _ in _append(connection, records, by, at)))


def sign_checkpoint(connection: Connection, signer: SignsNotes) -> Checkpoint:
    """Sign what the log is now, and store it; once for one size, however often it is asked for.

    Raises LedgerError where another log's or another key's checkpoint stands before it: a log has one key.
    """
    _lock(connection)
    count = size(connection)
    last = last_checkpoint(connection)
    made = new_checkpoint(count, _frontier(connection, count).root(), signer)
    if last is not None and last.size < count and root(connection, last.size) != last.root:
        raise LedgerError(
            f"the log's first {last.size} entries are not those of its last checkpoint: it was changed, and "
            "nothing is signed; restore a backup"
        )
    if last is None or last.size < count:
        if last is not None:
            _check_same_key(last, made)
        connection.execute(insert(CHECKPOINTS), {"size": count, "note": made.note})
    elif last.note != made.note:
        raise LedgerError(
            f"the checkpoint of {last.size} entries is not what this key signs of the log now: the log was "
            "changed, or the key is another one; verify a bundle of it, and compare with earlier ones"
        )
    return made


def size(connection: Connection) -> int:
    """How many entries there are."""
    last = connection.execute(select(func.max(ENTRIES.c.seq))).scalar_one()
    return 0 if last is None else int(last) + 1


def root(connection: Connection, at_size: int | None = None) -> bytes:
    """The root of the first `at_size` entries, of all without it, from the stored hashes."""
    return _frontier(connection, size(connection) if at_size is None else at_size).root()


def entries(
    connection: Connection,
    first: int = 0,
    end: int | None = None,
    kind: str | None = None,
    openings: bool = True,
) -> Iterator[Entry]:
    """Entries from number `first` to before `end`, in order, streaming; of one kind where it is given.

    openings: with key and body, where they are not forgotten. Raises DamagedLedgerError for a row that is
    none.
    """
    columns = [ENTRIES.c.seq, ENTRIES.c.kind, ENTRIES.c.bytes]
    query: Select[Any] = select(*columns).where(ENTRIES.c.seq >= first).order_by(ENTRIES.c.seq)
    if openings:
        query = query.add_columns(OPENINGS.c.key, OPENINGS.c.body)
        query = query.outerjoin_from(ENTRIES, OPENINGS, ENTRIES.c.seq == OPENINGS.c.seq)
    if end is not None:
        query = query.where(ENTRIES.c.seq < end)
    if kind is not None:
        query = query.where(ENTRIES.c.kind == kind)
    for row in _streamed(connection, query):
        entry = parse_entry(bytes(row.bytes), f"entry {row.seq}")
        if entry.seq != row.seq or entry.kind != row.kind:
            raise DamagedLedgerError(f"entry {row.seq}: its row and its bytes differ; restore a backup")
        if openings and row.key is not None:
            entry = replace(entry, opening=Opening(bytes(row.key), bytes(row.body)))
        yield entry


def checkpoints(connection: Connection) -> Iterator[Checkpoint]:
    """Every stored checkpoint, the smallest first; raises DamagedLedgerError."""
    for row in _streamed(connection, select(CHECKPOINTS).order_by(CHECKPOINTS.c.size)):
        yield _checkpoint(row)


def last_checkpoint(connection: Connection) -> Checkpoint | None:
    """The last one; None where nothing was signed yet."""
    query = select(CHECKPOINTS).order_by(CHECKPOINTS.c.size.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else _checkpoint(row)


def forget(connection: Connection, seqs: Collection[int]) -> int:
    """Destroy keys and bodies of entries; how many of them there were. The log verifies as before.

    What somebody else has of the bodies stays there, and copies of the database, write-ahead logs and backups
    keep theirs until they go: see `scrub`. Raises LedgerError for an entry that is not there, and on a SQLite
    connection that does not overwrite what it deletes (PRAGMA secure_delete).
    """
    sqlite = connection.dialect.name == "sqlite"
    if sqlite and connection.exec_driver_sql("PRAGMA secure_delete").scalar() != 1:
        raise LedgerError("the database does not overwrite what it deletes: set PRAGMA secure_delete = ON")
    wanted = sorted(set(seqs))
    if wanted and not 0 <= wanted[0] <= wanted[-1] < size(connection):
        raise LedgerError(f"the log has entries 0 to {size(connection) - 1}: no {wanted[0]} to {wanted[-1]}")
    gone = 0
    for start in range(0, len(wanted), _BATCH):
        batch = wanted[start : start + _BATCH]
        gone += connection.execute(delete(OPENINGS).where(OPENINGS.c.seq.in_(batch))).rowcount
    return gone


def scrub(connection: Connection) -> bool:
    """After the commit that forgot: empty SQLite's write-ahead log, which still has the old pages.

    Outside any transaction. False where a reader holds it, or where the database is not SQLite's (on
    PostgreSQL the rows go with VACUUM, from archived logs never).
    """
    if connection.dialect.name != "sqlite":
        return False
    row = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    return bool(row[0] == 0)


def inclusion_proof(connection: Connection, seq: int, at_size: int | None = None) -> tuple[bytes, ...]:
    """RFC 6962 2.1.1: that entry `seq` is in the log of `at_size`; raises LedgerError if not."""
    count = size(connection) if at_size is None else at_size
    return _proof(connection, count, lambda: merkle.inclusion_ranges(seq, count))


def consistency_proof(connection: Connection, old: int, new: int | None = None) -> tuple[bytes, ...]:
    """RFC 6962 2.1.2: that the log of `old` entries is the beginning of that of `new`; raises LedgerError."""
    count = size(connection) if new is None else new
    return _proof(connection, count, lambda: merkle.consistency_ranges(old, count))


def add_timestamp(connection: Connection, at_size: int, response: bytes) -> int:
    """Keep an RFC 3161 response over the checkpoint of that size; the number it has there.

    It is not verified here (`timestamps.check`). Raises LedgerError where there is no such checkpoint.
    """
    if len(response) > MOST_RESPONSE_BYTES:
        raise LedgerError(f"a timestamp of {len(response):,} bytes: {MOST_RESPONSE_BYTES:,} at most")
    _lock(connection)
    if connection.execute(select(CHECKPOINTS.c.size).where(CHECKPOINTS.c.size == at_size)).first() is None:
        raise LedgerError(f"there is no checkpoint of {at_size} entries")
    last = select(func.max(TIMESTAMPS.c.number)).where(TIMESTAMPS.c.size == at_size)
    number = connection.execute(last).scalar_one()
    number = 0 if number is None else number + 1
    connection.execute(insert(TIMESTAMPS), {"size": at_size, "number": number, "response": response})
    return int(number)


def timestamps(connection: Connection) -> Iterator[tuple[int, int, bytes]]:
    """Every response kept: size of its checkpoint, number there, bytes."""
    query = select(TIMESTAMPS).order_by(TIMESTAMPS.c.size, TIMESTAMPS.c.number)
    for row in _streamed(connection, query):
        yield row.size, row.number, bytes(row.response)


def problems(connection: Connection) -> Iterator[str]:
    """What the stored log says that does not fit: entries against hashes, openings, the last checkpoint.

    For a whole verification write a bundle; this one needs no key.
    """
    frontier = Frontier()
    for entry in entries(connection):
        if entry.seq != frontier.size:
            yield f"entry {frontier.size} is missing"
            return
        if entry.opening is not None and not entry.opening.opens(entry.commitment):
            yield f"entry {entry.seq}: its opening does not fit its commitment"
        made = dict(frontier.push(merkle.leaf_hash(entry.raw)))
        if _nodes(connection, set(made)) != made:
            yield f"entry {entry.seq}: a stored hash is not that of the entries"
    last = last_checkpoint(connection)
    if last is None or last.size != frontier.size:
        yield f"the last checkpoint is of {last.size if last else 0} entries, and there are {frontier.size}"
    elif last.root != frontier.root():
        yield "the last checkpoint is of another root"


def _append(
    connection: Connection, records: Iterable[tuple[str, Body]], by: str, at: datetime | str
) -> Iterator[Entry]:
    _lock(connection)
    frontier = _frontier(connection, size(connection))
    source = iter(records)
    while batch := list(islice(source, _BATCH)):
        added = []
        nodes: list[tuple[Node, bytes]] = []
        for kind, body in batch:
            commitment, opening = commit(body)
            entry = replace(new_entry(frontier.size, kind, at, by, commitment), opening=opening)
            nodes += frontier.push(merkle.leaf_hash(entry.raw))
            added.append(entry)
        _insert(connection, added, nodes)
        yield from added


def _insert(connection: Connection, added: list[Entry], nodes: list[tuple[Node, bytes]]) -> None:
    rows = [{"seq": one.seq, "kind": one.kind, "bytes": one.raw} for one in added]
    connection.execute(insert(ENTRIES), rows)
    opened = [(one.seq, one.opening) for one in added if one.opening is not None]
    connection.execute(
        insert(OPENINGS), [{"seq": seq, "key": one.key, "body": one.body_bytes} for seq, one in opened]
    )
    connection.execute(
        insert(NODES),
        [{"level": level, "position": index, "hash": hashed} for (level, index), hashed in nodes],
    )


def _lock(connection: Connection) -> None:
    """Until the transaction ends; one log in a schema, one lock."""
    if connection.dialect.name == "postgresql":
        lock = "SELECT pg_advisory_xact_lock(hashtextextended('partwatch ledger ' || current_schema(), 0))"
        connection.execute(text(lock))
    elif connection.dialect.name != "sqlite":
        raise LedgerError(f"a ledger lies in SQLite or PostgreSQL, not {connection.dialect.name}")


def _frontier(connection: Connection, count: int) -> Frontier:
    coordinates = list(merkle.peaks_of(0, count))
    found = _nodes(connection, set(coordinates))
    return Frontier(count, [found[node] for node in coordinates])


def _nodes(connection: Connection, wanted: set[Node]) -> dict[Node, bytes]:
    """Stored hashes by their coordinates; raises DamagedLedgerError where one is missing."""
    place = tuple_(NODES.c.level, NODES.c.position)
    query = select(NODES).where(place.in_(bindparam("wanted", expanding=True)))
    rows = connection.execute(query, {"wanted": sorted(wanted)}).all() if wanted else []
    found = {(row.level, row.position): bytes(row.hash) for row in rows}
    if len(found) != len(wanted):
        raise DamagedLedgerError("the log lacks hashes of its entries; restore a backup")
    return found


def _proof(connection: Connection, count: int, ranges: Callable[[], list[Range]]) -> tuple[bytes, ...]:
    try:
        if count > size(connection):
            raise ValueError(f"the log has {size(connection)} entries, not {count}")
        needed = ranges()
    except ValueError as error:
        raise LedgerError(str(error)) from None
    return merkle.hashes_of(needed, _nodes(connection, merkle.nodes_of(needed)))


def _checkpoint(row: Row[Any]) -> Checkpoint:
    found, _ = parse_checkpoint(bytes(row.note))
    if found.size != row.size:
        raise DamagedLedgerError(f"the checkpoint of {row.size} entries says {found.size}; restore a backup")
    return found


def _check_same_key(last: Checkpoint, made: Checkpoint) -> None:
    ids = [parse_checkpoint(one.note)[1].signatures[0].key_id for one in (last, made)]
    if last.origin != made.origin or ids[0] != ids[1]:
        raise LedgerError(
            f"the log {last.origin} was signed by another key or under another name: use the key that it "
            "began with; where that is lost or known to others, begin a new case and name the old one in it"
        )


def _streamed(connection: Connection, query: Select[Any]) -> Iterator[Row[Any]]:
    yield from connection.execute(query, execution_options={"yield_per": _BATCH})
