"""What a design may be called and how its parts may relate: one set of rules for manifests and imports."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

MAX_NAME_CHARACTERS = 200
MAX_TEXT_CHARACTERS = 10_000
MAX_QUANTITY = 1_000_000

# Control, format (bidirectional overrides, zero-width), surrogate, line and paragraph separators:
# none of them can be seen, and any of them can make two names look alike or forge a line of output.
_UNSEEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_TEXT_LAYOUT = frozenset("\n\t")


def name_problem(name: str) -> str | None:
    """What is wrong with a name and how to mend it, or None."""
    if not name:
        return "is empty; give it a name"
    if name != name.strip():
        return "begins or ends with white space; remove it"
    if len(name) > MAX_NAME_CHARACTERS:
        return f"has {len(name)} characters; shorten it to {MAX_NAME_CHARACTERS}"
    return _unseen_problem(name, allowed=frozenset())


def text_problem(text: str) -> str | None:
    """What is wrong with a sentence (reason, note) and how to mend it, or None."""
    if not text.strip():
        return "is empty; say it in a sentence"
    if len(text) > MAX_TEXT_CHARACTERS:
        return f"has {len(text)} characters; shorten it to {MAX_TEXT_CHARACTERS}"
    return _unseen_problem(text, allowed=_TEXT_LAYOUT)


def quantity_problem(quantity: int) -> str | None:
    """What is wrong with a quantity and how to mend it, or None."""
    if 1 <= quantity <= MAX_QUANTITY:
        return None
    return f"is {quantity}; write a whole number from 1 to {MAX_QUANTITY}"


def alternative_problems(alternative_to: Mapping[str, str | None]) -> dict[str, str]:
    """What is wrong with each part's `alternative_to`, by part name; empty where all is well."""
    problems: dict[str, str] = {}
    for name, other in alternative_to.items():
        if other is None:
            continue
        if other == name:
            problems[name] = "names the part itself; name another part or leave it out"
        elif other not in alternative_to:
            problems[name] = f'names "{other}", which is no part of this design; name one that is'
        elif (cycle := _cycle_from(name, alternative_to)) is not None:
            problems[name] = f"goes round in a circle ({' → '.join(cycle)}); leave it out at one of them"
    return problems


def _cycle_from(start: str, alternative_to: Mapping[str, str | None]) -> list[str] | None:
    walked = [start]
    current = alternative_to[start]
    while current is not None and current in alternative_to:
        if current == start:
            return [*walked, start]
        if current in walked:
            return None  # a circle further on: told of at the parts that are on it
        walked.append(current)
        current = alternative_to[current]
    return None


def _unseen_problem(text: str, allowed: frozenset[str]) -> str | None:
    for position, character in enumerate(text, start=1):
        if character not in allowed and unicodedata.category(character) in _UNSEEN_CATEGORIES:
            return f"holds the invisible character U+{ord(character):04X} at {position}; remove it"
    return None
