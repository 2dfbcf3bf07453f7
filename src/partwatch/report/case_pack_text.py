"""Text as a page of print takes it: characters that its fonts have, and words that break."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final

FIGURE: Final = (
    "The strongest paths, at most three. Dashed: inferred. Red: the link whose loss costs most. Letters: the "
    "reliability of its sources."
)
SCALE_NOTE: Final = (
    "ENFSI Guideline for Evaluative Reporting in Forensic Science (2015), table 1. The words say "
    "how much more "
    "probable the findings are under one proposition than under the other; never how probable a "
    "proposition is."
)
# Latin, Greek and Cyrillic with their marks, punctuation, currencies: what the fonts within typst show.
_KNOWN: Final = re.compile("[^\n\\u0020-\\u024f\\u0300-\\u0304\\u0306-\\u030c\\u0384-\\u03ce"
                           "\\u0400-\\u045f\\u1e00-\\u1eff"
                           "\\u2010-\\u2015\\u2018-\\u201e\\u2020-\\u2022\\u2026\\u2030\\u20ac]")  # fmt: skip
_LONG: Final = 28


def of_known_scripts(text: str) -> str:
    """The text with each character that the library's own fonts lack written as a Python escape."""
    return _KNOWN.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def lacking(complaint: str) -> frozenset[str]:
    """The scripts of the characters that typst says it has no font for."""
    found = re.search(r'the text `"(.*?)"` could not be displayed', complaint, re.DOTALL)
    return frozenset(map(script_of, found[1])) if found else frozenset()


def unescaped_but(scripts: frozenset[str]) -> Callable[[str], str]:
    """A function that writes as escapes only the characters of these scripts."""

    def clean(text: str) -> str:
        return "".join(
            char.encode("unicode_escape").decode("ascii")
            if not char.isascii() and script_of(char) in scripts
            else char
            for char in text
        )

    return clean


def script_of(char: str) -> str:
    """The first word of a character's name in Unicode, which is its script for letters."""
    return unicodedata.name(char, f"U+{ord(char):04X}").split()[0]


def breakable(text: str) -> str:
    """Words longer than a line may break: a zero-width space is put in every so often."""
    return re.sub(rf"\S{{{_LONG}}}(?=\S)", lambda found: found[0] + "\u200b", text)
