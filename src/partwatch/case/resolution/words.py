"""Names and addresses as they are compared: folded to Latin letters, split into their parts."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final, NamedTuple


def _set(told: str) -> frozenset[str]:
    return frozenset(told.split())


# Letters that do not decompose; Cyrillic and Greek as passports write them, roughly (ICAO Doc 9303-3).
_LETTERS: Final = str.maketrans(
    {
        "ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i",
        "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z", "и": "i",
        "й": "i", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t",
        "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "ie", "ы": "y",
        "ь": "", "э": "e", "ю": "iu", "я": "ia", "і": "i", "ї": "i", "є": "ie", "ґ": "g", "ў": "u",
        "α": "a", "β": "v", "γ": "g", "δ": "d", "ε": "e", "ζ": "z", "η": "i", "θ": "th", "ι": "i", "κ": "k",
        "λ": "l", "μ": "m", "ν": "n", "ξ": "x", "ο": "o", "π": "p", "ρ": "r", "σ": "s", "ς": "s", "τ": "t",
        "υ": "y", "φ": "f", "χ": "ch", "ψ": "ps", "ω": "o",
    }
)  # fmt: skip
# Written out where the sign is not to be had; folded the same way, so that both spellings meet.
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa"})
_GAPS: Final = re.compile(r"[^\w]+", re.UNICODE)
_TITLES: Final = _set(
    "mr mrs ms miss mx dr prof professor sir dame herr frau hr fr dipl ing mag madame monsieur m mme don dona"
)
_GENERATIONS: Final = {
    "jr": "junior", "junior": "junior", "jun": "junior", "ii": "junior", "sr": "senior", "senior": "senior",
    "sen": "senior", "iii": "third", "iv": "fourth",
}  # fmt: skip
_PARTICLES: Final = _set(
    "van von de der den del della di da dal dos das du la le el al bin ibn ben bint ter ten te zu zum "
    "zur st mac mc abu af av"
)
COMPANY_FORMS: Final = _set(
    "ltd limited llc llp inc incorporated corp corporation co company plc gmbh ag kg ohg ug mbh gbr "
    "ev eg sarl sas sa srl spa bv nv ab oy as aps oyj zrt kft doo dd sro spzoo pty pvt sl slu lda ooo "
    "oao zao"
)
_STREETS: Final = {
    "str": "street", "strasse": "street", "st": "street", "rd": "road", "ave": "avenue", "av": "avenue",
    "ln": "lane", "dr": "drive", "blvd": "boulevard", "pl": "place", "sq": "square", "ct": "court",
    "cct": "circuit", "cres": "crescent", "hwy": "highway", "pde": "parade",
}  # fmt: skip
_PHONETIC: Final = str.maketrans(
    {
        "b": "p", "p": "p", "f": "f", "v": "f", "w": "f", "c": "k", "k": "k", "g": "k", "q": "k", "x": "k",
        "j": "i", "s": "s", "z": "s", "d": "t", "t": "t", "l": "l", "m": "m", "n": "m", "r": "r",
        "h": "", "a": "", "e": "", "i": "", "o": "", "u": "", "y": "",
    }
)  # fmt: skip


class Name(NamedTuple):
    """A person's name. given: all given names, folded. family: its words, folded, or "". generation: of
    Jr., Sr. and their like."""

    given: tuple[str, ...]
    family: str
    generation: str | None


@lru_cache(maxsize=200_000)
def folded(text: str) -> str:
    """Lower-case Latin letters and digits, one space between words: Müller and Mueller are one."""
    lower = unicodedata.normalize("NFC", text).casefold().translate(_UMLAUTS)
    plain = unicodedata.normalize("NFKD", lower.translate(_LETTERS))
    marks_off = "".join(letter for letter in plain if not unicodedata.combining(letter))
    # Once more: a letter may have lost its mark and be one of the table's.
    return " ".join(_GAPS.sub(" ", marks_off.translate(_LETTERS).replace("_", " ")).split())


def phonetic(text: str) -> str:
    """What is left of a folded word where what is often confused is the same: at most five letters. The
    first one stays where it is a vowel."""
    kept = text.replace(" ", "").replace("ph", "f").replace("sch", "s").replace("th", "t")
    if not kept:
        return ""
    first = "a" if kept[0] in "aeiouyhj" else ""
    coded = kept.translate(_PHONETIC).replace("i", "")
    single = "".join(letter for place, letter in enumerate(coded) if place == 0 or coded[place - 1] != letter)
    return (first + single)[:5]


def split_name(text: str) -> Name:
    """A whole name into its parts: the family name last, or first before a comma."""
    head, comma, tail = text.partition(",")
    if comma and folded(tail) and not set(folded(tail).split()) <= _GENERATIONS.keys():
        words, generation = _plain(folded(tail).split())
        family, other = _plain(folded(head).split())
        return Name(tuple(words), " ".join(family), generation or other)
    words, generation = _plain(folded(text).split())
    if len(words) < 2:
        return Name((), words[0] if words else "", generation)
    start = len(words) - 1
    while start > 1 and words[start - 1] in _PARTICLES:
        start -= 1
    return Name(tuple(words[:start]), " ".join(words[start:]), generation)


def given_names(text: str) -> tuple[list[str], str | None]:
    """Given names, folded, and what was said of the generation."""
    return _plain(folded(text).split())


def _plain(words: list[str]) -> tuple[list[str], str | None]:
    """Titles and generations taken off."""
    kept = [word for word in words if word not in _TITLES and word not in _GENERATIONS] or [
        word for word in words if word not in _GENERATIONS
    ]
    generations = [_GENERATIONS[word] for word in words if word in _GENERATIONS]
    return kept, generations[0] if generations else None


def company(text: str) -> str:
    """A company's name without its legal form; all of it where nothing would be left."""
    words = folded(text.replace(".", "")).split()
    return " ".join(word for word in words if word not in COMPANY_FORMS) or " ".join(words)


def looks_like_company(text: str) -> bool:
    """Whether a name has a legal form in it."""
    words = folded(text.replace(".", "")).split()
    return len(words) > 1 and any(word in COMPANY_FORMS for word in words[1:])


@lru_cache(maxsize=200_000)
def street(text: str) -> str:
    """A street with its number, abbreviations written out, the number last."""
    words: list[str] = []
    for word in folded(text).split():
        if word.endswith("strasse") and word != "strasse":
            words += [word[: -len("strasse")], "street"]
        else:
            words.append(_STREETS.get(word, word))
    numbers = [word for word in words if word[0].isdigit()]
    return " ".join([*(word for word in words if not word[0].isdigit()), *numbers])


class Place(NamedTuple):
    """Parts of an address; "" where there is none."""

    street: str
    postcode: str
    city: str


def split_address(text: str) -> Place:
    """A whole address in one line, as far as commas and digits tell its parts."""
    parts = [part.strip() for part in re.split(r"[,;\n]+", text) if part.strip()]
    if not parts:
        return Place("", "", "")
    first = parts[0]
    postcode, city = "", ""
    for part in parts[1:]:
        words = folded(part).split()
        digits = [word for word in words if any(letter.isdigit() for letter in word)]
        rest = [word for word in words if not any(letter.isdigit() for letter in word)]
        if digits and not postcode:
            postcode = "".join(digits)
        if rest and not city:
            city = " ".join(rest)
    return Place(street(first), postcode, city)
