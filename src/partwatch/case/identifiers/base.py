"""What every kind of identifier is: a way to find it in text, and one normal form of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from partwatch.model.errors import UsageError

NEAR: Final = 40  # characters before a number in which a word may say what it is


class NotValidError(UsageError):
    """A text is no identifier of the kind; the message says why."""


@dataclass(frozen=True, slots=True)
class Found:
    """One identifier in a text. kind: the Kind's name. value: normalised. original: text[start:end]."""

    kind: str
    value: str
    original: str
    start: int
    end: int


@dataclass(frozen=True)
class Hint:
    """What is known of a text beforehand. region: ISO 3166 alpha-2, where its numbers and dates come from.
    service: the one it was written on, where "@name" is an account (telegram)."""

    region: str | None = None
    service: str | None = None


@dataclass(frozen=True)
class Kind:
    """One kind of identifier. find: those in a text, from left to right. normalise: the one form of a text
    that is such an identifier as a whole; raises NotValidError. Normalising twice changes nothing.
    examples: text to value; decoys: texts that hold none."""

    name: str
    find: Callable[[str, Hint], Iterator[Found]]
    normalise: Callable[[str, Hint], str]
    examples: tuple[tuple[str, str], ...]
    decoys: tuple[str, ...]
    hint: Hint = Hint()


def shown(text: str) -> str:
    """A text as a message quotes it: short, on one line."""
    clean = " ".join(text[:200].split())
    return repr(clean if len(clean) <= 60 else clean[:57] + "...")


def before(text: str, start: int, count: int = NEAR) -> str:
    """What stands before a place, in lower case."""
    return text[max(0, start - count) : start].lower()
