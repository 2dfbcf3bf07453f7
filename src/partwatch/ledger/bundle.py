"""A ledger taken out for anybody to verify with no other state: a folder or a ZIP, always of the same bytes.

::

    bundle.note             signed note: every other file with its SHA-256 and length
    key.txt                 the public key, NAME+ID+BASE64
    entries.jsonl           the public bytes of every entry, one a line
    checkpoints.jsonl       {"note":...}, every checkpoint, the smallest first
    openings.jsonl          {"body":...,"key":...,"seq":...}, of entries that are disclosed
    forgotten.txt           numbers of entries whose keys were destroyed
    statements/SEQ.jsonl    disclosed statements of a source, held to the root in the opening of entry SEQ
    timestamps/SIZE-N.tsr   RFC 3161 responses over the checkpoint of SIZE entries

docs/reference/ledger.md has every byte of it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from partwatch.ledger import log
from partwatch.ledger.canonical import canonical
from partwatch.ledger.container import (
    CHECKPOINTS,
    ENTRIES,
    FORGOTTEN,
    KEY,
    OPENINGS,
    statements_file,
    timestamp_file,
    write_zip,
)
from partwatch.ledger.errors import LedgerError
from partwatch.ledger.manifest import write_manifest
from partwatch.ledger.notes import Checkpoint, SignsNotes
from partwatch.ledger.verification import verify
from partwatch.ledger.verified import VerifiedLedger

__all__ = ["DisclosedStatement", "VerifiedLedger", "WithheldStatement", "export", "verify"]


@dataclass(frozen=True)
class DisclosedStatement:
    """A statement that is shown. key: `commitments.statement_key`. text: its canonical bytes, UTF-8.

    proof: RFC 6962 inclusion of its leaf (`merkle.inclusion_proofs`); None where every leaf of the source is
    given, this one among them, in the order of positions.
    """

    position: int
    key: bytes
    text: bytes
    proof: tuple[bytes, ...] | None = None


@dataclass(frozen=True)
class WithheldStatement:
    """A statement of which only the leaf's hash is shown, beside disclosed ones without proofs."""

    position: int
    leaf: bytes


Statements = Mapping[int, Iterable[DisclosedStatement | WithheldStatement]]


def export(
    connection: Connection,
    target: Path,
    signer: SignsNotes,
    openings: Collection[int] | None = None,
    statements: Statements | None = None,
) -> Checkpoint:
    """Write the log to a new folder, or a ZIP where the name ends in .zip; returns its last checkpoint.

    openings: entries whose bodies are disclosed; all that are not forgotten without it. statements: by the
    number of the entry of their source. The connection's transaction must see one state of the log. Raises
    LedgerError where entries stand beyond the last checkpoint, or the target cannot be written.
    """
    if target.exists() or target.is_symlink():
        raise LedgerError(f"{target}: there is something already; give a name that is free")
    last = log.last_checkpoint(connection)
    if last is None or last.size != log.size(connection):
        raise LedgerError("entries stand beyond the last checkpoint: sign one first (sign_checkpoint)")
    if last.origin != signer.verifier.name:
        raise LedgerError(f"the log is {last.origin}, and the key signs for {signer.verifier.name}")
    try:
        with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as made:
            folder = Path(made, "bundle")
            folder.mkdir(mode=0o700)
            _write_files(connection, folder, signer, openings, statements or {})
            write_manifest(folder, last, signer)
            _put_in_place(folder, target)
    except OSError as error:
        raise LedgerError(f"{target}: cannot be written ({error.strerror or error}); check space") from error
    return last


def _write_files(
    connection: Connection,
    folder: Path,
    signer: SignsNotes,
    openings: Collection[int] | None,
    statements: Statements,
) -> None:
    (folder / KEY).write_bytes(signer.verifier.line.encode() + b"\n")
    with (
        (folder / ENTRIES).open("wb") as entries,
        (folder / OPENINGS).open("wb") as opened,
        (folder / FORGOTTEN).open("wb") as forgotten,
    ):
        for entry in log.entries(connection):
            entries.write(entry.raw + b"\n")
            if entry.opening is None:
                forgotten.write(b"%d\n" % entry.seq)
            elif openings is None or entry.seq in openings:
                key, body = entry.opening.key.hex().encode(), entry.opening.body_bytes
                opened.write(b'{"body":%b,"key":"%b","seq":%d}\n' % (body, key, entry.seq))
    notes = ({"note": one.note.decode()} for one in log.checkpoints(connection))
    _write_lines(folder / CHECKPOINTS, notes)
    for seq, told in sorted(statements.items()):
        _write_lines(_made(folder / statements_file(seq)), map(_statement_line, told))
    for size, number, response in log.timestamps(connection):
        _made(folder / timestamp_file(size, number)).write_bytes(response)


def _statement_line(one: DisclosedStatement | WithheldStatement) -> dict[str, Any]:
    if isinstance(one, WithheldStatement):
        return {"position": one.position, "leaf": one.leaf.hex()}
    try:
        line: dict[str, Any] = {
            "position": one.position,
            "key": one.key.hex(),
            "statement": one.text.decode(),
        }
    except UnicodeDecodeError:
        raise LedgerError(f"statement {one.position}: no UTF-8, so a bundle cannot show it") from None
    return line if one.proof is None else line | {"proof": [hashed.hex() for hashed in one.proof]}


def _put_in_place(folder: Path, target: Path) -> None:
    if target.suffix != ".zip":
        folder.rename(target)
        return
    whole = folder.parent / "bundle.zip"
    with os.fdopen(os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        write_zip(folder, file)
    shutil.rmtree(folder)
    whole.rename(target)


def _made(path: Path) -> Path:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    return path


def _write_lines(path: Path, documents: Iterable[dict[str, Any]]) -> None:
    with path.open("wb") as file:
        file.writelines(canonical(document) + b"\n" for document in documents)
