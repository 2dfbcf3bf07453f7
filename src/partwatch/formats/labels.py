"""What members are called: unique, valid text, of bounded length, whatever the archive says."""

from __future__ import annotations

from collections.abc import Container

_MOST_CHARS = 1024


def free_label(name: str, place: int, taken: Container[str], most_chars: int = _MOST_CHARS) -> str:
    """The name, or where it is taken or too long to be carried about, the name with its place.

    A lone surrogate, which stands for a byte that is no text, becomes an escape.
    """
    name = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    label = name
    if len(name) > most_chars:
        name = name[:most_chars] + "\u2026"
        label = f"{name} (entry {place})"
    while label in taken:
        label = f"{name} (entry {place})" if label == name else f"{label}'"
    return label
