"""Number plates. In text only behind a word that says plate: by form alone half the product codes of the
world are plates. The one form: letters and digits in capitals, without separators or country."""

from __future__ import annotations

import re
from collections.abc import Iterator

from partwatch.case.identifiers.base import Found, Hint, Kind, NotValidError, before, shown

# As the countries issue them today, and older ones still on the road; by ISO 3166 alpha-2.
_FORMS = {
    "FR": r"(?!WW|SS)[A-HJ-NP-TV-Z]{2}\d{3}(?!SS)[A-HJ-NP-TV-Z]{2}|\d{1,4}[A-Z]{2,3}(?:\d{2}|2[AB]|97\d)",
    "BE": r"[1-9][A-Z]{3}\d{3}|[A-Z]{3}\d{3}|\d{3}[A-Z]{3}",
    "DE": r"[A-ZÄÖÜ]{1,3}[A-Z]{1,2}\d{1,4}[EH]?",
    "NL": r"[A-Z]{2}\d{3}[A-Z]|[A-Z]\d{3}[A-Z]{2}|\d{2}[A-Z]{3}\d|\d[A-Z]{3}\d{2}|[A-Z]{3}\d{2}[A-Z]"
    r"|\d[A-Z]{2}\d{3}"
    r"|\d{3}[A-Z]{2}\d|\d{2}[A-Z]{2}\d{2}|[A-Z]{2}\d{2}[A-Z]{2}|\d{2}[A-Z]{4}|[A-Z]{4}\d{2}",
    "GB": r"[A-Z]{2}\d{2}[A-Z]{3}|[A-Z]\d{1,3}[A-Z]{3}|[A-Z]{3}\d{1,3}[A-Z]|[A-Z]{1,3}\d{1,4}",
    "ES": r"\d{4}[BCDFGHJ-NPR-TV-Z]{3}|[A-Z]{1,2}\d{4}[A-Z]{1,2}",
    "IT": r"[A-HJ-NPR-TV-Z]{2}\d{3}[A-HJ-NPR-TV-Z]{2}",
    "CH": r"(?:AG|AI|AR|BE|BL|BS|FR|GE|GL|GR|JU|LU|NE|NW|OW|SG|SH|SO|SZ|TG|TI|UR|VD|VS|ZG|ZH)\d{1,6}",
    "LU": r"[A-Z]{2}\d{4}|\d{4,5}",
    "AT": r"[A-Z]{1,2}\d{1,5}[A-Z]{1,3}",
    "PL": r"[A-Z]{2,3}[A-Z0-9]{4,5}",
    "PT": r"[A-Z]{2}\d{2}[A-Z]{2}|\d{2}[A-Z]{2}\d{2}|\d{4}[A-Z]{2}|[A-Z]{2}\d{4}",
}
_ANY = re.compile(r"(?=.*\d)[A-ZÄÖÜ0-9]{2,10}")
_SAYS_PLATE = re.compile(
    r"\b(?:plates?|licen[cs]e plate|number plate|registration(?: number)?|reg\.?|vrn|plaque|immatricul\w*|"
    r"immat\.?|"
    r"kennzeichen|kfz|kenteken|nummerplaat|matr[ií]cula|targa)(?:\s+d['’e]\w*)?[\s:#.n°=-]{0,4}(?:is\s|est\s|ist\s)?"
    r"[\s\"'«(]{0,3}$"
)
_CANDIDATE = re.compile(r"(?<![\w-])[A-ZÄÖÜ0-9]{1,4}(?:[ \u00b7·-]?[A-ZÄÖÜ0-9]{1,5}){0,3}(?![\w-])")
_MOST_CHARS = 20


def find(text: str, hint: Hint) -> Iterator[Found]:
    """Plates behind a word that says so."""
    if len(text) < 8 or not _WORD.search(text):
        return
    for one in _CANDIDATE.finditer(text):
        if not _SAYS_PLATE.search(before(text, one.start(), 50)):
            continue
        written = _longest(one[0], hint.region)
        if written:
            yield Found("plate", _compact(written), written, one.start(), one.start() + len(written))


_WORD = re.compile(r"plat|regis|reg\b|vrn|plaque|immat|kennz|kfz|kentek|matr|targa", re.IGNORECASE)


def _longest(written: str, region: str | None) -> str | None:
    """The most of the text's beginning, to the end of a word, that is a plate."""
    ends = [len(written), *reversed([one.start() for one in re.finditer(r"[ \u00b7·-]", written)])]
    for end in ends:
        if _is_plate(_compact(written[:end]), region, known=region is None):
            return written[:end]
    return None


def _compact(text: str) -> str:
    return re.sub(r"[\s\u00b7·.\-]", "", text).upper()


def _is_plate(compact: str, region: str | None, known: bool = False) -> bool:
    """Of the region, where its forms are known; else of any known region, or of no form at all."""
    form = _FORMS.get((region or "").upper())
    if form:
        return re.fullmatch(form, compact) is not None
    if known:
        return len(compact) >= 5 and any(re.fullmatch(one, compact) for one in _FORMS.values())
    return _ANY.fullmatch(compact) is not None


def normalise(text: str, hint: Hint) -> str:
    """Capitals and digits, without separators. Raises NotValidError where it is none of the region's, or,
    without a region, hardly any plate at all."""
    compact = _compact(text[:_MOST_CHARS])
    if len(text) > _MOST_CHARS or not _is_plate(compact, hint.region):
        of = f" of {hint.region.upper()}" if hint.region else ""
        raise NotValidError(f"{shown(text)} is no number plate{of}")
    return compact


KIND = Kind(
    "plate",
    find,
    normalise,
    (("AB-123-CD", "AB123CD"), ("AB 123 CD", "AB123CD")),
    ("part AB-123-CD", "plate of 12 mm steel", "M8 bolts"),
    Hint("FR"),
)
