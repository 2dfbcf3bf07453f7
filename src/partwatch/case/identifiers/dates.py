"""Dates and moments: ISO 8601 as far as they are known.

Day or month first is the region's habit; a date that could be either, of no known region, is refused and not
guessed. Names of months in English, French, German, Spanish, Italian and Dutch.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import lru_cache

from partwatch.case.identifiers.base import Found, Hint, Kind, NotValidError, shown

# Regions that write the month first; nearly all others write the day first or the year.
_MONTH_FIRST = frozenset(("US", "PH", "BZ", "FM", "PR", "GU"))
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan janvier janv januar enero ene gennaio gen januari jänner",
            "february feb fevrier fevr fev februar febrero febbraio februari",
            "march mar mars marz maerz marzo maart mrt mrz",
            "april apr avril avr abril aprile",
            "may mai mayo maggio mei mag",
            "june jun juin juni junio giugno giu",
            "july jul juillet juil juli julio luglio lug",
            "august aug aout agosto ago augustus",
            "september sep sept septembre septiembre settembre set",
            "october oct octobre okt oktober octubre ottobre ott",
            "november nov novembre noviembre",
            "december dec decembre dez dezember diciembre dic dicembre",
        ),
        start=1,
    )
    for name in names.split()
}
_ISO = re.compile(
    r"(\d{4})-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,]\d{1,9})?)?\s?(Z|[+-]\d\d:?\d\d)?)?)?"
)
_NUMBERS = re.compile(
    r"(\d{1,4})([./-])(\d{1,2})\2(\d{2,4})(?:[ T,]+(?:at |à )?(\d{1,2})[:hH](\d\d)(?::(\d\d))?)?"
)
_WORDS = re.compile(
    r"(?:(\d{1,2})(?:st|nd|rd|th|er|\.)?(?: of| de)? ([^\W\d_]{3,10})\.?,? (\d{4})"
    r"|([^\W\d_]{3,10})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4}))"
)
_EDGE = r"(?<![\w./:+-])(?:{})(?![\w/]|[.,:-]\d)"
_IN_TEXT = (
    re.compile(
        _EDGE.format(
            r"(?:19|20)\d\d-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?"
        )
    ),
    re.compile(_EDGE.format(r"\d{1,2}([./-])\d{1,2}\1(?:19|20)\d\d")),
    re.compile(_EDGE.format(_WORDS.pattern)),
)
_MOST_CHARS = 64
_YEARS = range(1000, 3000)


def find(text: str, hint: Hint) -> Iterator[Found]:
    """Whole dates with a year of four digits."""
    if len(text) < 8:
        return
    for pattern in _IN_TEXT:
        for one in pattern.finditer(text):
            value = _parsed(one[0], hint.region)
            if value:
                yield Found("date", value, one[0], *one.span())


@lru_cache(maxsize=1 << 15)
def _parsed(written: str, region: str | None) -> str | None:
    try:
        return _iso(written) or _numbers(written, region) or _words(written)
    except ValueError:
        return None


def _iso(written: str) -> str | None:
    if re.fullmatch(r"\d{4}", written) and int(written) in _YEARS:
        return written
    match = _ISO.fullmatch(written)
    if match is None:
        return None
    year, month, day, hour, minute, second, zone = match.groups()
    if day is None:
        return date(int(year), int(month), 1).isoformat()[:7]
    if hour is None:
        return date(int(year), int(month), int(day)).isoformat()
    told = f"{year}-{month}-{day}T{hour}:{minute}:{second or '00'}"
    if zone:
        return moment(datetime.fromisoformat(told + zone.replace("Z", "+00:00")))
    return datetime.fromisoformat(told).isoformat()


def _numbers(written: str, region: str | None) -> str | None:
    match = _NUMBERS.fullmatch(written)
    if match is None:
        return None
    first, second, third = int(match[1]), int(match[3]), int(match[4])
    if len(match[1]) == 4 and len(match[4]) == 2:
        day = date(first, second, third)
    elif len(match[4]) != 4 or len(match[1]) > 2:
        return None
    else:
        day = _of_two(first, second, third, match[2], region)
    if match[5] is None:
        return day.isoformat()
    return datetime(
        day.year, day.month, day.day, int(match[5]), int(match[6]), int(match[7] or 0)
    ).isoformat()


def _of_two(first: int, second: int, year: int, separator: str, region: str | None) -> date:
    """Day and month in the order that is possible, or usual. Raises ValueError where both are."""
    if first == second or second > 12 or first > 12 or separator == ".":
        # Nobody writes the month first with full stops.
        month, day = (first, second) if second > 12 else (second, first)
        return date(year, month, day)
    if region is None:
        raise ValueError("day or month first?")
    month, day = (first, second) if region.upper() in _MONTH_FIRST else (second, first)
    return date(year, month, day)


def _words(written: str) -> str | None:
    match = _WORDS.fullmatch(written)
    if match is None:
        return None
    day, name, year = (match[1], match[2], match[3]) if match[1] else (match[5], match[4], match[6])
    plain = unicodedata.normalize("NFKD", name.lower())
    month = _MONTHS.get("".join(one for one in plain if not unicodedata.combining(one)))
    return date(int(year), month, int(day)).isoformat() if month and int(year) in _YEARS else None


def moment(told: datetime) -> str:
    """ISO 8601 to the second: in UTC with +00:00 where a zone is known, else as it stands."""
    if told.tzinfo is not None:
        told = told.astimezone(UTC)
    return told.replace(microsecond=0).isoformat()


def by_format(text: str, form: str) -> str:
    """The ISO 8601 form of a text in a format of strptime; a date alone where the format has no hour. Raises
    NotValidError."""
    try:
        told = datetime.strptime(text.strip(), form)
    except (ValueError, OverflowError, re.error):
        raise NotValidError(f"{shown(text)} is no date of the form {form}") from None
    if any(one in form for one in ("%H", "%I", "%X", "%c", "%T")):
        return moment(told)
    if "%d" in form or "%j" in form or "%x" in form:
        return told.date().isoformat()
    return told.date().isoformat()[: 7 if any(one in form for one in ("%m", "%b", "%B")) else 4]


def normalise(text: str, hint: Hint) -> str:
    """A date or moment, as far as known. Raises NotValidError."""
    told = " ".join(text[: _MOST_CHARS + 1].split())
    value = _parsed(told, hint.region) if len(told) <= _MOST_CHARS else None
    if value is None:
        raise NotValidError(
            f"{shown(text)} is no date that can be told for sure: give its format, or the region"
        )
    return value


KIND = Kind(
    "date",
    find,
    normalise,
    (
        ("2024-03-05", "2024-03-05"),
        ("05/03/2024", "2024-03-05"),
        ("5 août 2024", "2024-08-05"),
        ("2024-03-05T12:00:00+02:00", "2024-03-05T10:00:00+00:00"),
    ),
    ("31.02.2024", "1.2.2024.5", "2024-13-01", "12 Monkeys 2024", "192.0.2.7"),
    Hint("FR"),
)
