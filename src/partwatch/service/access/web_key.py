"""The key by which forms are told from forged ones where there is no session: one for all processes."""

from __future__ import annotations

import hmac
import secrets
from typing import Final

from sqlalchemy import insert, select

from partwatch.service.store import ServiceStore
from partwatch.service.tables import META

_NAME: Final = "web_key"


def web_key(store: ServiceStore) -> bytes:
    """The key, made where there is none yet. Raises StoreError."""
    asked = select(META.c.value).filter_by(key=_NAME)
    with store.reading() as connection:
        kept = connection.execute(asked).scalar()
    if kept is None:
        with store.writing() as connection:
            kept = connection.execute(asked).scalar()
            if kept is None:
                kept = secrets.token_hex(32)
                connection.execute(insert(META).values(key=_NAME, value=kept))
    return bytes.fromhex(kept)


def form_token(key: bytes, visitor: str) -> str:
    """What forms carry that were given to a browser which is known by nothing but its cookie."""
    return hmac.digest(key, b"form:" + visitor.encode(), "sha256").hex()
