"""Passwords: what is let pass as one, and how it is kept: by argon2id, with the parameters of RFC 9106.

The rules are those of NIST SP 800-63B: long enough, nothing that is tried first, and no rules on which
characters there must be.
"""

from __future__ import annotations

import secrets
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

from partwatch.service.access.commonest import COMMON_STEMS, COMMONEST, ROWS
from partwatch.service.extras import SERVICE
from partwatch.service.queueing import BusyError

LEAST_CHARS: Final = 12
MOST_CHARS: Final = 256
# Each takes 64 MiB for a tenth of a second: so many at once, and so many that wait for them.
_AT_ONCE: Final = threading.BoundedSemaphore(2)
_IN_ALL: Final = threading.BoundedSemaphore(8)


def password_problem(password: str, name: str = "") -> str | None:
    """What is wrong with a password of the account of that name and the mend, or None."""
    text = _normal(password)
    if len(text) < LEAST_CHARS:
        return f"the password has {len(text)} characters; use {LEAST_CHARS} or more, as a few words"
    if len(text) > MOST_CHARS:
        return f"the password has {len(text)} characters; use {MOST_CHARS} at most"
    if any(unicodedata.category(one) in ("Cc", "Cs") for one in text):
        return "the password holds a character that cannot be typed; use letters, digits, signs and spaces"
    if _is_tried_first(text.casefold(), name.casefold()):
        return "that password is among the first that are tried; use a few words that have nothing in common"
    return None


def _is_tried_first(text: str, name: str) -> bool:
    stem = text.rstrip("0123456789!?.,*#$@-_ ")
    own = {name, name.partition("@")[0]} - {""}
    return (
        text in COMMONEST
        or stem in COMMON_STEMS | own
        or any(text == (text[:length] * len(text))[: len(text)] for length in range(1, 5))
        or any(text in row for row in ROWS)
    )


def hashed(password: str) -> str:
    """What is kept of it. Raises BusyError where too many are being hashed."""
    with _turn():
        return str(_hasher().hash(_bytes(password)))


def matches(kept: str | None, password: str) -> bool:
    """Whether it is the password of which that is kept. Takes as long where nothing is kept, or no such
    account is there. Raises BusyError as `hashed` does."""
    against = _nobodys() if kept is None else kept
    with _turn():
        right = _verified(against, _bytes(password[: 4 * MOST_CHARS]))
    return right and kept is not None


def _verified(kept: str, password: bytes) -> bool:
    errors = SERVICE.module("argon2.exceptions", "a password")
    try:
        return bool(_hasher().verify(kept, password))
    except (errors.VerificationError, errors.InvalidHashError):
        return False


def _normal(password: str) -> str:
    # As keyboards differ in how they compose what they type.
    return unicodedata.normalize("NFKC", password)


def _bytes(password: str) -> bytes:
    return _normal(password).encode("utf-8", "surrogatepass")


@cache
def _hasher() -> Any:
    return SERVICE.module("argon2", "a password").PasswordHasher()


@cache
def _nobodys() -> str:
    return hashed(secrets.token_urlsafe(32))


@contextmanager
def _turn() -> Iterator[None]:
    if not _IN_ALL.acquire(blocking=False):
        raise BusyError("too many people are logging in at once; try again", 5)
    try:
        with _AT_ONCE:
            yield
    finally:
        _IN_ALL.release()
