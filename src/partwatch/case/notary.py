"""The case's ledger: every change is noted in the transaction that makes it, and signed before it ends.

The key lies in the case's folder, or for a case on a server under the keys of whoever writes: all who write
one case share its key. Reading needs none.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection

from partwatch.case.engine import is_url, shown
from partwatch.ledger import log
from partwatch.ledger.keys import Signer, make_key, read_key
from partwatch.model.errors import UsageError

KEY_FILE: Final = "signing.key"
_UNFIT: Final = re.compile(r"[^a-z0-9]+")


class Notary:
    """Notes the changes of one case. origin: the name of its log; key: where its signing key lies."""

    def __init__(self, origin: str, key: Path) -> None:
        self.origin = origin
        self.key = key

    @classmethod
    def create(cls, location: str, name: str, keys: Path | None) -> Notary:
        """A new log's, with a new key. Raises UsageError, LedgerError."""
        slug = _UNFIT.sub("-", name.lower()).strip("-")[:40] or "case"
        origin = f"partwatch.case/{slug}/{secrets.token_hex(4)}"
        key = _key_of(location, origin, keys)
        key.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A key that is there is of a case whose making was interrupted.
        made = read_key(key, origin) if key.exists() else make_key(key, origin)
        return cls(made.name, key)

    @classmethod
    def open(cls, location: str, origin: str, keys: Path | None) -> Notary:
        """That of a case that is there."""
        return cls(origin, _key_of(location, origin, keys))

    @cached_property
    def signer(self) -> Signer:
        """Raises LedgerError where the key is not there or may be read by others."""
        return read_key(self.key, self.origin)

    def note(self, connection: Connection, kind: str, body: Mapping[str, Any], by: str, at: str) -> int:
        """One entry; its number."""
        return log.append(connection, kind, body, by, at).seq

    @contextmanager
    def sealing(self, writing: AbstractContextManager[Connection]) -> Iterator[Connection]:
        """The transaction with a signed checkpoint at its end, where anything was noted."""
        with writing as connection:
            yield connection
            last = log.last_checkpoint(connection)
            if log.size(connection) != (0 if last is None else last.size):
                log.sign_checkpoint(connection, self.signer)

    def forget(self, connection: Connection, entries: Collection[int]) -> None:
        """Destroy what entries say; that they were made stays."""
        log.forget(connection, entries)


def _key_of(location: str, origin: str, keys: Path | None) -> Path:
    if not is_url(location):
        return Path(location) / KEY_FILE
    if keys is None:
        raise UsageError(f"{shown(location)}: a case on a server needs a folder for its signing key")
    return keys / f"{origin.replace('/', '-')}.key"
