"""The moves of a print job in G-code, as a machine would make them: modes, units, offsets and arcs resolved.

Commands follow the NIST RS274/NGC interpreter, version 3 (Kramer, Proctor, Messina 2000), and Marlin's and
RepRapFirmware's documented dialects.
"""

from __future__ import annotations

import math
import re

import numpy as np

from partwatch.kernel.numpy_common import Floats, Ints, Longs

FARTHEST = 1e5
# Chords leave their arc by no more than this, in millimetres.
_CHORD = 0.01
_FRONT = re.compile(rb"[ \t\r\v\f\0]*/?(?:[Nn](?=[0-9])[0-9]+[ \t\r\v\f]*)?")
_COMMAND = re.compile(rb"[GgMmTt][0-9]|[XxYyZz][0-9+.\- \t\r\v\f]")
_WORD = re.compile(
    rb"(\([^)]*\)?)|([A-Za-z])[ \t\r\v\f]*(?:\+?(-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)))?|([;*].*)", re.DOTALL
)
# Commands whose line is text for people: messages, names of objects.
_OF_TEXT = (117, 118, 486)
_PLANES = ((0, 1, 2), (2, 0, 1), (1, 2, 0))
Words = dict[str, float]


def gcode_moves(
    data: bytes, most: int
) -> tuple[
    Floats,
    Floats,
    Floats,
    Ints,
    np.ndarray[tuple[int], np.dtype[np.int16]],
    np.ndarray[tuple[int], np.dtype[np.uint8]],
    Longs,
    int,
    int,
]:
    """(n, 3) where each move ends, in millimetres; (n,) filament pushed in it, the speed asked for in
    millimetres a minute, its line from 1, its tool, and whether it is a chord of an arc; (k, 3) moves before,
    first byte and end byte of each line that moves nothing; how many of both did not fit into `most`, and how
    many numbers are beyond any machine."""
    machine = _Machine(data, most, absolute=True)
    machine.run()
    if not machine.said_mode and machine.pulled > 0.3 * machine.pushed:
        # It never says how lengths of filament are counted, and from a start they would often go back.
        machine = _Machine(data, most, absolute=False)
        machine.run()
    return (
        np.array(machine.end, dtype=np.float64).reshape(-1, 3),
        np.array(machine.filament, dtype=np.float64),
        np.array(machine.of_feed, dtype=np.float64),
        np.array(machine.line, dtype=np.int32),
        np.array(machine.of_tool, dtype=np.int16),
        np.array(machine.chord, dtype=np.uint8),
        np.array(machine.other, dtype=np.int64).reshape(-1, 3),
        machine.left_out,
        machine.wild,
    )


class _Machine:
    def __init__(self, data: bytes, most: int, absolute: bool) -> None:
        self._data, self._most = data, most
        self.end: list[list[float]] = []
        self.filament: list[float] = []
        self.of_feed: list[float] = []
        self.line: list[int] = []
        self.of_tool: list[int] = []
        self.chord: list[bool] = []
        self.other: list[tuple[int, int, int]] = []
        self.left_out = self.wild = self.pulled = self.pushed = 0
        # Lengths that are known to count from move to move do so whatever coordinates do.
        self.said_mode = not absolute
        self._at, self._shift = [0.0] * 3, [0.0] * 3
        self._e, self._unit, self._feed = 0.0, 1.0, 0.0
        self._absolute, self._absolute_e, self._lost = True, absolute, False
        self._motion, self._plane, self._tool, self._number = 1, 0, 0, 0

    def run(self) -> None:
        """Every line, one after the other."""
        at = 0
        while at < len(self._data):
            end = self._data.find(b"\n", at)
            end = len(self._data) if end < 0 else end
            self._number += 1
            self._line(at, end)
            at = end + 1

    def _line(self, at: int, end: int) -> None:
        front = _FRONT.match(self._data, at, end)
        start = front.end() if front else at
        if start >= end:
            return
        if _COMMAND.match(self._data, start, end) is None:
            self._note(start, end)
            return
        words: Words = {}
        command = False
        for match in _WORD.finditer(self._data, start, end):
            if match[4] is not None:
                break
            if match[1] is not None:
                continue
            name = match[2].decode().upper()
            if name in "GMT":
                if _COMMAND.match(self._data, match.start(), end) is None:
                    # Without a number it is a letter of some text.
                    continue
                if command and words.get("M") in _OF_TEXT:
                    break
                if command:
                    self._act(words, start, end)
                    words = {}
                command = True
            words[name] = float(match[3]) if match[3] else 0.0
        self._act(words, start, end)

    def _act(self, words: Words, start: int, end: int) -> None:
        if "G" in words:
            if self._prepared(words, words["G"]):
                return
        elif "M" in words:
            if words["M"] in (82, 83):
                self._absolute_e, self.said_mode = words["M"] == 82, True
        elif "T" in words:
            if 0 <= words["T"] < 256:
                self._tool = int(words["T"])
        elif words.keys() & {"X", "Y", "Z"}:
            self._hurry(words)
            self._move(words)
            return
        self._note(start, end)

    def _prepared(self, words: Words, code: float) -> bool:
        """Whether that was a motion; else it changes what later ones mean."""
        if code in (0, 1, 2, 3):
            self._hurry(words)
            self._motion = max(int(code), 1)
            self._move(words)
            return True
        if code in (20, 21):
            self._unit = 25.4 if code == 20 else 1.0
        elif code in (17, 18, 19):
            self._plane = int(code) - 17
        elif code in (28, 161, 162):
            named = [k for k in range(3) if "XYZ"[k] in words] or range(3)
            for k in named:
                self._at[k] = self._shift[k] = 0.0
        elif code in (90, 91):
            self._absolute = code == 90
            if not self.said_mode:
                self._absolute_e = self._absolute
        elif code == 92:
            self._offset(words)
        return False

    def _hurry(self, words: Words) -> None:
        value = words.get("F", 0.0) * self._unit
        if 0 < value < math.inf:
            self._feed = value

    def _move(self, words: Words) -> None:
        if self._motion == 1:
            self._go([self._axis(words, k) for k in range(3)], self._push(words), whole=True)
        else:
            self._arc(words, clockwise=self._motion == 2)

    def _axis(self, words: Words, k: int) -> float:
        value = words.get("XYZ"[k])
        if value is None:
            return self._at[k]
        value *= self._unit
        return value + self._shift[k] if self._absolute else self._at[k] + value

    def _push(self, words: Words) -> float:
        value = words.get("E", words.get("A"))
        if value is None:
            return 0.0
        value *= self._unit
        amount = value - self._e if self._absolute_e else value
        self._e += amount
        return amount

    def _go(self, to: list[float], amount: float, whole: bool) -> None:
        if not all(math.isfinite(v) and abs(v) <= FARTHEST for v in (amount, *to)):
            self.wild += 1
            # Whatever comes next begins nowhere.
            self._lost = True
            for k in range(3):
                if math.isfinite(to[k]) and abs(to[k]) <= FARTHEST:
                    self._at[k] = to[k]
            if not math.isfinite(self._e):
                self._e = 0.0
            return
        if len(self.line) >= self._most:
            self.left_out += 1
            return
        if self._lost:
            amount, self._lost = 0.0, False
        if whole and self._absolute_e:
            self.pulled += amount < 0
            self.pushed += amount > 0
        self._at = list(to)
        self.end.append(to)
        self.filament.append(amount)
        self.of_feed.append(self._feed)
        self.chord.append(not whole)
        self.line.append(self._number)
        self.of_tool.append(self._tool)

    def _arc(self, words: Words, clockwise: bool) -> None:
        """A circle's arc, or a helix, as chords."""
        a, b, c = _PLANES[self._plane]
        start_at = list(self._at)
        to = [self._axis(words, k) for k in range(3)]
        amount = self._push(words)
        middle = self._centre(words, clockwise, start_at, to)
        if middle is None:
            self._go(to, amount, whole=True)
            return
        radius = math.hypot(start_at[a] - middle[0], start_at[b] - middle[1])
        if not 0 < radius <= FARTHEST or not all(map(math.isfinite, (*to, *middle))):
            self._go(to, amount, whole=True)
            return
        begin = math.atan2(start_at[b] - middle[1], start_at[a] - middle[0])
        stop = math.atan2(to[b] - middle[1], to[a] - middle[0])
        sweep = begin - stop if clockwise else stop - begin
        while sweep <= 1e-9:
            sweep += 2 * math.pi
        if not words.keys() & {"I", "J", "K"} and to[a] == start_at[a] and to[b] == start_at[b]:
            sweep = 0.0
        most_bend = 2 * math.acos(max(1 - _CHORD / radius, -1.0))
        chords = min(max(math.ceil(sweep / max(most_bend, 0.01)), 1), 720)
        for k in range(1, chords + 1):
            share = k / chords
            angle = begin + (-sweep if clockwise else sweep) * share
            on = [0.0] * 3
            on[a] = to[a] if k == chords else middle[0] + radius * math.cos(angle)
            on[b] = to[b] if k == chords else middle[1] + radius * math.sin(angle)
            on[c] = start_at[c] + (to[c] - start_at[c]) * share
            self._go(on, amount / chords, whole=False)

    def _centre(
        self, words: Words, clockwise: bool, start_at: list[float], to: list[float]
    ) -> tuple[float, float] | None:
        a, b, _ = _PLANES[self._plane]
        if words.keys() & {"I", "J", "K"}:
            return (
                start_at[a] + words.get("IJK"[a], 0.0) * self._unit,
                start_at[b] + words.get("IJK"[b], 0.0) * self._unit,
            )
        if "R" not in words:
            return None
        radius = words["R"] * self._unit
        da, db = to[a] - start_at[a], to[b] - start_at[b]
        far = math.hypot(da, db)
        height = math.sqrt(max(radius * radius - far * far / 4, 0.0)) / far if far > 0 else 0.0
        if clockwise != (radius < 0):
            height = -height
        return (start_at[a] + to[a]) / 2 - height * db, (start_at[b] + to[b]) / 2 + height * da

    def _offset(self, words: Words) -> None:
        """What the machine's place is called from here on."""
        named = words.keys() & {"X", "Y", "Z", "E", "A"}
        for k in range(3):
            if not named or "XYZ"[k] in named:
                self._shift[k] = self._at[k] - words.get("XYZ"[k], 0.0) * self._unit
                if not math.isfinite(self._shift[k]):
                    self._shift[k] = 0.0
                    self.wild += 1
        if not named or named & {"E", "A"}:
            self._e = words.get("E", words.get("A", 0.0)) * self._unit
            if not math.isfinite(self._e):
                self._e = 0.0

    def _note(self, start: int, end: int) -> None:
        while end > start and self._data[end - 1 : end] in b" \t\r\v\f":
            end -= 1
        if len(self.other) >= self._most:
            self.left_out += 1
            return
        self.other.append((len(self.line), start, end))
