"""International bank account numbers, by python-stdnum: check digits (ISO 7064 mod 97, 10), length and form
of the country."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from partwatch.case.extras import CASE
from partwatch.case.identifiers.base import Found, Hint, Kind, NotValidError, shown

_CANDIDATE = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}[ ]?\d{2}(?:[ \u00a0-]?[A-Z0-9]){11,30}")
_SHORTEST, _LONGEST = 15, 34


def find(text: str, hint: Hint) -> Iterator[Found]:
    """Numbers whose check digits hold; words behind one in capitals are not taken with it."""
    if len(text) < _SHORTEST:
        return
    for one in _CANDIDATE.finditer(text):
        end = _end(one[0], text[one.end() : one.end() + 1])
        if end:
            written = one[0][:end]
            yield Found("iban", _compact(written), written, one.start(), one.start() + end)


def _end(written: str, after: str) -> int | None:
    """Where the number ends that the text begins with: the longest that holds, at the end of a word."""
    for end in range(len(written), _SHORTEST - 1, -1):
        inside = end < len(written) and written[end].isalnum() and written[end - 1].isalnum()
        cut = end == len(written) and after.isalnum()
        if not inside and not cut and written[end - 1].isalnum() and _valid(_compact(written[:end])):
            return end
    return None


def _compact(text: str) -> str:
    return re.sub(r"[\s.\-]", "", text).upper()


@lru_cache(maxsize=1 << 14)
def _valid(compact: str) -> bool:
    if not _SHORTEST <= len(compact) <= _LONGEST or not compact.isascii():
        return False
    # The national checks would refuse banks that their tables lack: old ones, and new ones.
    return bool(CASE.module("stdnum.iban", "an IBAN").is_valid(compact, check_country=False))


def normalise(text: str, hint: Hint) -> str:
    """The number without spaces. Raises NotValidError."""
    told = _compact(text[: 4 * _LONGEST]).removeprefix("IBAN").lstrip(":")
    if not _valid(told) or len(text) > 4 * _LONGEST:
        raise NotValidError(f"{shown(text)} is no IBAN whose check digits and length hold")
    return told


KIND = Kind(
    "iban",
    find,
    normalise,
    (
        ("GR16 0110 1250 0000 0001 2300 695", "GR1601101250000000012300695"),
        ("BE68 5390 0754 7034", "BE68539007547034"),
    ),
    ("GR17 0110 1250 0000 0001 2300 695", "AB12 3456 7890 1234", "FR76"),
)
