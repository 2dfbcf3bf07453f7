"""Untrusted strings made safe to look at: file names choose their own bytes, and some choose badly."""

from __future__ import annotations

import unicodedata

# Controls, format characters (bidi overrides, zero-width), line and paragraph separators, lone
# surrogates, private use and unassigned: none of them shows what it is, and some rearrange the rest.
_INVISIBLE = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"})


def visible(text: str) -> str:
    """The text with each character that would not show as itself written as a Python escape.

    A terminal escape sequence, a newline or a right-to-left override in a name can otherwise redraw
    the line that accuses it. Spaces other than the plain one are escaped too: they imitate it.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if _shows(char) else _escaped(char) for char in text)


def _shows(char: str) -> bool:
    category = unicodedata.category(char)
    return char == " " or (category not in _INVISIBLE and category != "Zs")


def _escaped(char: str) -> str:
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")
