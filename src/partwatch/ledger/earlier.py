"""What somebody kept of a log earlier: a checkpoint's note in a file, or a whole bundle."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from partwatch.ledger import container as files
from partwatch.ledger.canonical import parsed
from partwatch.ledger.container import Container, lines, opened
from partwatch.ledger.errors import DamagedLedgerError, LedgerError
from partwatch.ledger.notes import Checkpoint, Note, parse_checkpoint
from partwatch.ledger.timestamps import read_limited

_MOST_NOTE_BYTES: Final = 64 << 10


@dataclass(frozen=True)
class Kept:
    """A checkpoint, nothing verified, and where it was read."""

    where: str
    checkpoint: Checkpoint
    note: Note


def read_earlier(path: Path) -> list[Kept]:
    """The checkpoints of a bundle, or the one of a note; raises LedgerError where there is none to read."""
    try:
        if path.is_dir() or _is_zip(path):
            with opened(path) as container:
                kept = [Kept(f"{path}, {one.where}", one.checkpoint, one.note) for one in stored(container)]
        else:
            checkpoint, note = parse_checkpoint(read_limited(path, _MOST_NOTE_BYTES))
            kept = [Kept(str(path), checkpoint, note)]
    except DamagedLedgerError as error:
        raise LedgerError(f"{path}: nothing to compare with: {error}") from None
    if not kept:
        raise LedgerError(f"{path}: nothing to compare with: it has no checkpoint")
    return kept


def stored(container: Container) -> list[Kept]:
    """The checkpoints of a bundle in the order of its lines; raises DamagedLedgerError naming the line."""
    kept = []
    for number, line in lines(container, files.CHECKPOINTS):
        where = f"{files.CHECKPOINTS}, line {number}"
        try:
            document = parsed(line)
            if not isinstance(document, dict) or set(document) != {"note"}:
                raise ValueError('it must be {"note":...}')
            checkpoint, note = parse_checkpoint(str(document["note"]).encode())
        except (ValueError, DamagedLedgerError) as error:
            raise DamagedLedgerError(f"{where}: {error}") from None
        kept.append(Kept(where, checkpoint, note))
    return kept


def _is_zip(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(2) == b"PK"
    except OSError as error:
        raise LedgerError(f"{path}: cannot be read ({error.strerror}); check the path") from error
