"""E-mail addresses, by email-validator without a look at the DNS: the domain in lower case, the local part as
it stands (what providers make of dots and plus signs is not guessed)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from partwatch.case.extras import CASE
from partwatch.case.identifiers.base import Found, Hint, Kind, NotValidError, shown

_CANDIDATE = re.compile(
    r"(?<![\w.+%@/-])[\w.!#$%&'*+=?^`{|}~-]{1,64}@(?:[\w](?:[\w-]{0,61}[\w])?\.)+[^\W\d_]{2,24}(?![\w@-])"
)
_MOST_CHARS = 254


def find(text: str, hint: Hint) -> Iterator[Found]:
    """Addresses, whose top-level domain has only letters."""
    if "@" not in text:
        return
    for candidate in _CANDIDATE.finditer(text):
        # Quotes and brackets around an address are not of it.
        written = candidate[0].lstrip("'`*{|=")
        value = _parsed(written)
        if value:
            yield Found("email", value, written, candidate.end() - len(written), candidate.end())


@lru_cache(maxsize=1 << 16)
def _parsed(written: str) -> str | None:
    library = CASE.module("email_validator", "an e-mail address")
    try:
        checked = library.validate_email(
            written, check_deliverability=False, test_environment=True, allow_quoted_local=False
        )
    except library.EmailNotValidError:
        return None
    return f"{checked.local_part}@{checked.ascii_domain or checked.domain}"


def normalise(text: str, hint: Hint) -> str:
    """The address with its domain in lower case and in ASCII (IDNA). Raises NotValidError."""
    told = text.strip().removeprefix("mailto:").strip("<> ")
    value = _parsed(told) if len(told) <= _MOST_CHARS else None
    if value is None:
        raise NotValidError(f"{shown(text)} is no valid e-mail address")
    return value


KIND = Kind(
    "email",
    find,
    normalise,
    (("Jean.Dupont@Example.ORG", "Jean.Dupont@example.org"), ("a+b@exämple.org", "a+b@xn--exmple-cua.org")),
    ("a@b", "name@", "@name.tld is a handle", "x@@example.org", "half@1.2"),
)
