"""The case's own ledger: every change is noted in the transaction that makes it."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from sqlalchemy import Column, Connection, Integer, MetaData, Table, Text, delete, insert

NOTARY_METADATA = MetaData()
_NOTES = Table(
    "notes",
    NOTARY_METADATA,
    Column("seq", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),
)


class Notary:
    """Notes changes of one case. A stand-in until the ledger is merged."""

    def __init__(self, origin: str) -> None:
        self.origin = origin

    @classmethod
    def create(cls, location: str, name: str) -> Notary:
        return cls(name)

    @classmethod
    def open(cls, location: str, origin: str) -> Notary:
        return cls(origin)

    def note(self, connection: Connection, kind: str, body: Mapping[str, Any], by: str, at: str) -> int:
        row = {"kind": kind, "body": json.dumps(dict(body) | {"by": by, "at": at}, default=str)}
        made = connection.execute(insert(_NOTES).values(row)).inserted_primary_key
        assert made is not None
        return int(made[0])

    @contextmanager
    def sealing(self, writing: AbstractContextManager[Connection]) -> Iterator[Connection]:
        with writing as connection:
            yield connection

    @staticmethod
    def leaf(secret: bytes, position: int, statement: bytes) -> bytes:
        return hmac.digest(hmac.digest(secret, position.to_bytes(8, "big"), "sha256"), statement, "sha256")

    @staticmethod
    def root(leaves: Iterable[bytes]) -> str:
        return hashlib.sha256(b"".join(leaves)).hexdigest()

    def forget(self, connection: Connection, entries: Iterable[int]) -> None:
        for one in entries:
            connection.execute(delete(_NOTES).where(_NOTES.c.seq == one))
