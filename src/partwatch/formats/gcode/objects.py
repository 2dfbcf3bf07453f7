"""Which object each move of a print job is said to belong to: commands and comments of printers and slicers.

Anybody may write these. They are handed on as what a job says of itself, and nothing is left out for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# More objects than this keep no label of their own, and longer names are cut.
MOST_LABELS = 256
MOST_NAME_BYTES = 200
# Lines that look like a label; a job with more of them has none.
MOST_LINES = 1_000_000


@dataclass(frozen=True)
class _Dialect:
    """A way to label. fronts: how its lines begin. begins: which object, as key or name; ends: none any more.
    named: the name of the object that has begun. Each from a line's first byte."""

    fronts: tuple[bytes, ...]
    begins: re.Pattern[bytes]
    ends: re.Pattern[bytes]
    named: re.Pattern[bytes] | None = None


# Commands first: a printer heeds them. Marlin and RepRapFirmware, Klipper, PrusaSlicer and OrcaSlicer,
# Bambu Studio, Cura, ideaMaker.
_DIALECTS = (
    _Dialect(
        (b"M486",),
        re.compile(rb"M486[^;]*?S *(\d{1,9})"),
        re.compile(rb"M486[^;]*?S *-"),
        re.compile(rb'M486[^;"]*?A *"?([^";\r\n]+)'),
    ),
    _Dialect(
        (b"EXCLUDE_OBJECT_START", b"EXCLUDE_OBJECT_END"),
        re.compile(rb"EXCLUDE_OBJECT_START\b.*?\bNAME=['\"]?([^'\"\s]+)"),
        re.compile(rb"EXCLUDE_OBJECT_END"),
    ),
    _Dialect(
        (b"; start printing object, ", b"; stop printing object, "),
        re.compile(rb"; start printing object, (unique label id: \d{1,9})"),
        re.compile(rb"; stop printing object, "),
    ),
    _Dialect(
        (b"; printing object ", b"; stop printing object "),
        re.compile(rb"; printing object ([^\r\n]+)"),
        re.compile(rb"; stop printing object "),
    ),
    _Dialect((b";MESH:",), re.compile(rb";MESH:(?!NONMESH)([^\r\n]+)"), re.compile(rb";MESH:NONMESH")),
    _Dialect(
        (b";PRINTING: ",), re.compile(rb";PRINTING: (?!NON-)([^\r\n]+)"), re.compile(rb";PRINTING: NON-")
    ),
)


def labels_of(
    text: bytes, other: npt.NDArray[np.int64], moves: int
) -> tuple[npt.NDArray[np.int16] | None, tuple[str, ...]]:
    """(moves,) 0 where a move is of no object, else the place of its name among the names, from 1; None
    without any.

    other: (k, 3), as `kernel.gcode_moves` gives it: moves before a line, its first byte and its end. Of
    several dialects the one that labels most counts, for they tell the same where they tell the truth.
    """
    best: tuple[int, npt.NDArray[np.int16] | None, tuple[str, ...]] = (0, None, ())
    for dialect in _DIALECTS:
        if text.find(dialect.fronts[0]) < 0:
            continue
        label, names = _labelled(dialect, text, other, moves)
        count = int(np.count_nonzero(label))
        if count > best[0]:
            best = count, label, names
    return best[1:]


def _labelled(
    dialect: _Dialect, text: bytes, other: npt.NDArray[np.int64], moves: int
) -> tuple[npt.NDArray[np.int16], tuple[str, ...]]:
    """What one dialect says."""
    numbers: dict[bytes, int] = {}
    names: list[str] = []
    place, label = [0], [0]
    for before, start, stop in _lines(dialect, text, other):
        line = text[start : min(stop, start + 2 * MOST_NAME_BYTES)]
        begun = dialect.begins.match(line)
        if begun is not None:
            key = begun[1][:MOST_NAME_BYTES]
            if key not in numbers and len(names) < MOST_LABELS:
                names.append(_name(key if dialect.named is None else b"object " + key))
                numbers[key] = len(names)
            place.append(before)
            label.append(numbers.get(key, 0))
        elif dialect.ends.match(line):
            place.append(before)
            label.append(0)
        named = None if dialect.named is None or label[-1] == 0 else dialect.named.match(line)
        if named is not None:
            names[label[-1] - 1] = _name(named[1])
    count = np.diff([*place, moves])
    return np.repeat(np.array(label, dtype=np.int16), count), tuple(names)


def _lines(dialect: _Dialect, text: bytes, other: npt.NDArray[np.int64]) -> Iterator[tuple[int, int, int]]:
    """Rows of `other` that begin as a dialect's lines do; none where they are too many."""
    data = np.frombuffer(text, dtype=np.uint8)
    chosen = np.zeros(len(other), dtype=bool)
    for front in dialect.fronts:
        rows = np.flatnonzero(other[:, 2] - other[:, 1] >= len(front))
        for place, byte in enumerate(front):
            rows = rows[data[other[rows, 1] + place] == byte]
        chosen[rows] = True
    if np.count_nonzero(chosen) <= MOST_LINES:
        yield from other[chosen].tolist()


def _name(said: bytes) -> str:
    """As valid text on one line."""
    text = said[:MOST_NAME_BYTES].decode("utf-8", "backslashreplace").replace("\0", "")
    return " ".join(text.split()) or "object"
