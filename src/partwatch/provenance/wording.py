"""How a job's moves are worded: which commands, in which order, with how many digits.

Comments are not asked, and what is asked survives their removal. It is a habit of the program that wrote the
file, and goes with the next program that writes it anew.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

# Lines that are looked at, from so many places of the file.
PLACES = 4
BYTES_A_PLACE = 120_000
# What is done less often than this is not a habit.
SELDOM = 0.02
NONE = "none"

_MOVE = re.compile(rb"[ \t]*(?:N\d+[ \t]*)?([Gg]0*[0-3])(?![0-9.])([^;*(\r\n]*)")
_OTHER = re.compile(rb"[ \t]*(?:N\d+[ \t]*)?([Gg]0*(?:10|11|92))(?![0-9.])([^;*(\r\n]*)")
_WORD = re.compile(rb"([A-Za-z])[ \t]*([-+]?[0-9]*\.?[0-9]*)")
_ORDERS = {
    "XYE", "XYEF", "XYFE", "FXYE", "XYZE", "XYZFE", "XYZEF", "XYF", "FXY", "XY", "XYZF", "FXYZ", "XYZ",
    "EF", "FE", "E", "ZF", "FZ", "Z", "F",
}  # fmt: skip


@dataclass(frozen=True)
class _Line:
    command: str
    words: tuple[tuple[str, str], ...]

    @property
    def order(self) -> str:
        return "".join(letter for letter, _ in self.words)

    def has(self, letters: str) -> bool:
        return any(letter in letters for letter, _ in self.words)


def wording_of(text: bytes) -> dict[str, str]:
    """What the moves of a job look like, by the name of each habit; `none` where there is none to look at."""
    moves, others = _sampled(text)
    drawn = [line for line in moves if line.has("XY")]
    laying = [line for line in drawn if line.has("E")]
    travels = [line for line in drawn if not line.has("E")]
    alone = [line for line in moves if not line.has("XY")]
    rises = [line for line in alone if line.has("Z")]
    pulls = [line for line in alone if line.has("E") and not line.has("Z")]
    return {
        "travel command": _commonest(line.command for line in travels),
        "laying command": _commonest(line.command for line in laying if line.command[-1:] in "01"),
        "laying order": _commonest(_order(line) for line in laying if not line.has("IJRF")),
        "laying order with speed": _commonest(_order(line) for line in laying if line.has("F")),
        "travel order": _commonest(_order(line) for line in travels if line.has("F")),
        "rising order": _commonest(_order(line) for line in rises),
        "filament order": _commonest(_order(line) for line in pulls),
        "speed alone": _often(sum(line.order == "F" for line in alone), len(moves)),
        "coordinate digits": _digits(moves, "XY"),
        "coordinate zeros": _zeros(moves, "XY"),
        "height digits": _digits(moves, "Z"),
        "filament digits": _digits(moves, "E"),
        "filament zeros": _zeros(moves, "E"),
        "leading zero": _leading(moves),
        "speed form": _speeds(moves),
        "counter set": _often(sum(line.command == "G92" for line in others), len(moves), 5e-4),
        "firmware retraction": _often(
            sum(line.command in ("G10", "G11") for line in others), len(moves), 5e-4
        ),
    }


def _sampled(text: bytes) -> tuple[list[_Line], list[_Line]]:
    """Moves, and the other commands that tell something, from a few places of the file."""
    moves: list[_Line] = []
    others: list[_Line] = []
    for piece in _places(text):
        for raw in piece.split(b"\n")[1:-1]:
            if (match := _MOVE.match(raw)) is not None:
                moves.append(_line(match))
            elif (match := _OTHER.match(raw)) is not None:
                others.append(_line(match))
    return moves, others


def _places(text: bytes) -> Iterable[bytes]:
    if len(text) <= (PLACES + 1) * BYTES_A_PLACE:
        yield b"\n" + text + b"\n"
        return
    # What comes first and last was written by hand, into a profile.
    for k in range(PLACES):
        begin = len(text) * (k + 1) // (PLACES + 2)
        yield text[begin : begin + BYTES_A_PLACE]


def _line(match: re.Match[bytes]) -> _Line:
    words = tuple(
        # Some machines' filament is their A axis.
        ("E" if (name := letter.decode().upper()) == "A" else name, digits.decode())
        for letter, digits in _WORD.findall(match[2])
    )
    return _Line(match[1].decode().upper(), words)


def _order(line: _Line) -> str:
    # One coordinate may stay as it was.
    order = re.sub("X|Y", "XY", line.order, count=1).replace("XYY", "XY").replace("XYX", "XY")
    return order if order in _ORDERS else "another"


def _commonest(values: Iterable[str]) -> str:
    counted = Counter(values)
    return min(counted, key=lambda value: (-counted[value], value)) if counted else NONE


def _often(count: int, of: int, least: float = SELDOM) -> str:
    return NONE if not of else "yes" if count > least * of else "no"


def _numbers(moves: Iterable[_Line], letters: str) -> list[str]:
    return [digits for line in moves for letter, digits in line.words if letter in letters and digits]


def _decimals(number: str) -> int:
    return len(number.partition(".")[2])


def _digits(moves: Iterable[_Line], letters: str) -> str:
    """The most decimals that are used more than seldom."""
    counted = Counter(map(_decimals, _numbers(moves, letters)))
    usual = [n for n, count in counted.items() if count > SELDOM * counted.total()]
    return str(min(max(usual), 8)) if usual else NONE


def _zeros(moves: Iterable[_Line], letters: str) -> str:
    """Whether zeros at the end are written."""
    numbers = [number for number in _numbers(moves, letters) if "." in number]
    return _kept(numbers, lambda number: number.endswith("0"))


def _leading(moves: Iterable[_Line]) -> str:
    """Whether the zero before the point is written."""
    small = [n for n in _numbers(moves, "XYZE") if n.lstrip("-+").startswith((".", "0."))]
    return _kept(small, lambda number: not number.lstrip("-+").startswith("."))


def _kept(numbers: list[str], zero: Callable[[str], bool]) -> str:
    if not numbers:
        return NONE
    return "kept" if sum(map(zero, numbers)) > SELDOM * len(numbers) else "dropped"


def _speeds(moves: Iterable[_Line]) -> str:
    """What speeds look like."""
    numbers = _numbers(moves, "F")
    whole = sum("." not in number for number in numbers)
    if not numbers:
        return NONE
    if whole >= (1 - SELDOM) * len(numbers):
        return "whole"
    if not whole and len(lengths := {*map(_decimals, numbers)}) == 1:
        return f"{lengths.pop()} digits"
    return "mixed" if whole else "decimal"


Wording = Mapping[str, str]
