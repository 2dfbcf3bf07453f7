"""Commands of a print job: what a machine is told before and after, and how numbers are written."""

from __future__ import annotations

import re
from collections import Counter

from partwatch.model.marks import Forgery, MarkKind
from partwatch.provenance.marks.collector import Collector, Lines, digest_of, text_of

_REACH_BYTES = 1 << 20
_SAMPLE_BYTES = 1 << 19
_MOST_MOVES = 8_000
_MOST_COMMANDS = 500
_LEAST_MOVES = 20
# A stroke that lays material in the plane: what is before the first is the start, whatever comments say. What
# is behind the last one that moves filament either way, as wiping does, is the end.
_STROKE = re.compile(
    rb"(?m)^[ \t]*(?:N\d+[ \t]*)?G0*[0-3](?=[^;\n]{0,120}[XY])[^;\n]{0,120}E[ \t]*\d*\.?\d*[1-9]"
)
_ANY_STROKE = re.compile(
    rb"(?m)^[ \t]*(?:N\d+[ \t]*)?G0*[0-3](?=[^;\n]{0,120}[XY])[^;\n]{0,120}E[ \t]*-?\d*\.?\d"
)
_VERB = re.compile(rb"[A-Z]\d+(?:\.\d+)?|\S+")
_SPELLED = re.compile(rb"[GMTN]\d")
# Progress and messages follow from what is printed.
_PASSING = (b"M73", b"M117", b"M118")
_MOVE = re.compile(
    rb"(?im)^([ \t]*)(N\d+[ \t]*)?(G0*[0-3])"
    rb"((?:[ \t]*[XYZEFIJ][ \t]*[-+]?(?:\d+\.?\d*|\.\d+))+)([ \t]*)(;[^\r\n]*|\*\d+)?(\r?)$"
)
_WORD = re.compile(rb"([ \t]*)([A-Za-z])([ \t]*)([-+]?)(\d*)(\.?)(\d*)")
_PRINTER_CHECK = re.compile(rb"(?im)^[ \t]*M862\.3 P ?\"?([\w .+-]{1,60})")
_COMMENT = re.compile(rb";[^\n]*|\([^)\n]*\)")
_NUMBER = re.compile(rb"[-+]?(?:\d+\.?\d*|\.\d+)")
# Orders that stand for less of the moves are chance.
_LEAST_SHARE = 0.02


def add_moves(data: bytes, into: Collector, lines: Lines) -> None:
    """Start and end as digests of their commands, the checks for a printer in them, and number habits."""
    first = _STROKE.search(data)
    if first is None:
        _add_habits(data[:_SAMPLE_BYTES], 0, into, lines)
        return
    start = data[max(0, first.start() - _REACH_BYTES) : first.start()]
    _add_commands(start, "start", max(0, first.start() - len(start)), into, lines)
    for match in _PRINTER_CHECK.finditer(start):
        at = first.start() - len(start) + match.start()
        into.add(MarkKind.PRINTER, "M862.3", text_of(match[1]), "gcode start", line=lines(at), byte=at)
    end_at = _after_last_stroke(data)
    _add_commands(data[end_at:], "end", end_at, into, lines)
    _add_habits(data[first.start() : first.start() + _SAMPLE_BYTES], first.start(), into, lines)


def _after_last_stroke(data: bytes) -> int:
    """The byte behind the last stroke, which is looked for from the end; reaches only so far."""
    reach = 1 << 14
    while True:
        base = max(0, len(data) - reach)
        base = data.rfind(b"\n", 0, base) + 1
        last = None
        for last in _ANY_STROKE.finditer(data, base):  # noqa: B007  # the last is what is wanted
            pass
        if last is not None:
            stop = data.find(b"\n", last.end())
            return stop + 1 if stop >= 0 else len(data)
        if base == 0 or reach >= _REACH_BYTES:
            return max(base, len(data) - _REACH_BYTES)
        reach *= 8


def _add_commands(text: bytes, name: str, at: int, into: Collector, lines: Lines) -> None:
    found = commands(text)
    if not found:
        return
    whole = b"\n".join(found)
    shape = _NUMBER.sub(b"#", whole)
    verbs = " ".join(
        dict.fromkeys(text_of(match[0])[:24] for each in found[:24] if (match := _VERB.match(each)))
    )
    group = f"gcode {name}"
    line = lines(at)
    into.add(
        MarkKind.MACRO, f"{name} commands", f"{digest_of(whole)}, {len(found)} of them: {verbs}", group,
        line=line, byte=at,
    )  # fmt: skip
    into.add(MarkKind.MACRO, f"{name} commands, numbers apart", digest_of(shape), group, line=line, byte=at)


def commands(text: bytes) -> list[bytes]:
    """Commands alone, without comments, in one spelling."""
    found = []
    for line in _COMMENT.sub(b"", text).split(b"\n"):
        # Binary G-code leaves blanks out: they are no part of a command.
        words = (b"" if _SPELLED.match(line.strip().upper()) else b" ").join(line.upper().split())
        if words and not words.startswith(_PASSING):
            found.append(words[:300])
            if len(found) == _MOST_COMMANDS:
                break
    return found


def _add_habits(sample: bytes, at: int, into: Collector, lines: Lines) -> None:
    moves = []
    for match in _MOVE.finditer(sample):
        moves.append(match)
        if len(moves) == _MOST_MOVES:
            break
    if len(moves) < _LEAST_MOVES:
        return
    line = lines(at)
    for name, value in habits(moves).items():
        into.add(
            MarkKind.HABIT, f"gcode {name}", value, "gcode numbers",
            line=line, byte=at, forgery=Forgery.RESAVE,
        )  # fmt: skip


def habits(moves: list[re.Match[bytes]]) -> dict[str, str]:
    """How moves are written: decimals of each word, their order, blanks, signs of a line's end."""
    decimals: dict[str, int] = {}
    orders: Counter[str] = Counter()
    bare, zero, spaced = 0, 0, 0
    for move in moves:
        order = text_of(move[3]).upper().lstrip("0")
        for blank, letter, _, _, whole, point, after in _WORD.findall(move[4]):
            key = text_of(letter).upper()
            order += f" {key}"
            spaced += bool(blank)
            decimals[key] = max(decimals.get(key, 0), len(after))
            bare += bool(point) and not whole
            zero += bool(after) and whole == b"0"
        orders[order] += 1
    usual = sorted(order for order, count in orders.items() if count >= _LEAST_SHARE * len(moves))
    digits = " ".join(f"{key}{decimals[key]}" for key in "XYZEFIJ" if key in decimals)
    padded = "".join(key for key in "XYZE" if decimals.get(key) and _is_padded(moves, key, decimals[key]))
    return {
        "decimals": digits,
        "zeros kept at the end": padded or "none",
        "order of words": "; ".join(usual),
        "below one": "0.5" if zero >= bare and zero else ".5" if bare else "none seen",
        "blanks": "between words" if spaced else "none",
        "case": "lower" if any(move[3].startswith(b"g") for move in moves[:50]) else "upper",
        "line ends": "CR LF" if sum(bool(move[7]) for move in moves) > len(moves) / 2 else "LF",
        "numbered lines": "yes" if moves[0][2] else "no",
    }


def _is_padded(moves: list[re.Match[bytes]], key: str, most: int) -> bool:
    """Whether a word always has all its decimals."""
    pattern = re.compile(rb"%s[ \t]*[-+]?\d*\.?(\d*)" % key.encode(), re.IGNORECASE)
    found = [match[1] for move in moves[:500] if (match := pattern.search(move[4]))]
    return bool(found) and all(len(each) == most for each in found)
