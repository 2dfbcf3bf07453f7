"""Two items compared: what they agree on, what they contradict each other in, and what that is worth untold.

Of what they agree on, values of a factory preset count nothing: whoever has that printer has them. Of the
rest each counts the bits of its rarity, in the population of marks or among factory presets, whichever has
the name; of names that neither has, a word agreed on is one of so few that it counts two bits. The bits of a
block are not summed as if independent, but drawn together (`drawn_together`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from math import log2, sqrt
from typing import Final

from partwatch.model.marks import Mark, MarkKind
from partwatch.provenance.linking.blocks import HARD, MANY, MEASURED_TAIL, Block, Signature, Told
from partwatch.provenance.linking.factory import Factory, Named
from partwatch.provenance.slicers import Table as Habits

# Of a value that no population knows the name of.
UNKNOWN_BITS: Final = 2.0
MOST_BITS: Final = 7.0
# Of values of one name that both items list, only so many are told.
MOST_SHARED: Final = 40
# What a number measured may be off by: see `toolpath.settings`. And what a profile calls the setting.
_MEASURED: Final[Mapping[str, tuple[float, str]]] = {
    "layer height": (0.011, "layer_height"),
    "first layer height": (0.011, "first_layer_height"),
    "wall width": (0.035, ""),
    "infill width": (0.035, ""),
    "retraction": (0.051, "retract_length"),
    "retraction speed": (0.6, "retract_speed"),
    "wall speed": (0.6, ""),
    "infill speed": (0.6, ""),
    "travel speed": (0.6, "travel_speed"),
}
# A width is computed, and says no more than its class; speeds of small layers are what cooling makes of them;
# arcs are a habit, told with the others.
_WORD_BITS: Final[Mapping[str, float]] = {
    "wall width": 1.0, "infill width": 1.0, "seam": 1.0, "wall speed": 1.0, "infill speed": 1.0,
}  # fmt: skip
# What people choose anew for a job they choose among few; no preset's share says how often.
_CHOSEN_BITS: Final = 1.0
_CHOSEN: Final = frozenset({Block.TASK, Block.HEIGHTS})
# Names of profiles are made of few words, whatever presets are called.
_MOST_NAME_BITS: Final = 3.0
# Commands that none of the printers has as it comes; some of them depend on settings, and are its all the
# same.
_OWN_MACRO_BITS: Final = 3.0
_MEASURED_BLOCKS: Final = frozenset({Block.MEASURED, Block.HEIGHTS})


@dataclass(frozen=True)
class Agreement:
    """A value that both have: the mark of either. bits: of its rarity; 0 where `factory` explains it."""

    block: Block
    a: Mark
    b: Mark
    bits: float
    factory: str | None = None


@dataclass(frozen=True)
class Conflict:
    """A name under which both say something, and not the same."""

    block: Block
    a: Mark
    b: Mark


@dataclass(frozen=True)
class Comparison:
    """All that two items agree and disagree on. factory: presets that explain something of it."""

    agreements: tuple[Agreement, ...]
    conflicts: tuple[Conflict, ...]
    factory: tuple[str, ...] = ()
    seen: frozenset[Block] = field(default_factory=frozenset)


def compared(a: Signature, b: Signature, factory: Factory, habits: Habits) -> Comparison:
    """Two items by what their marks say under the same names."""
    agreed: list[tuple[Told, Mark, Mark]] = []
    conflicts: list[Conflict] = []
    seen = set()
    for key in a.keys() & b.keys():
        own, other = a[key], b[key]
        pairs = list(_shared(own, other))
        agreed += [(own, *pair) for pair in pairs]
        if not pairs and own.block not in MANY:
            conflicts.append(Conflict(own.block, _first(own), _first(other)))
        if pairs or own.block not in MANY:
            seen.add(own.block)
    explained, labels = factory.explained(_single(agreed))
    explained |= _macros_explained(agreed, explained, factory)
    found = [_weighed(told, one, two, explained, factory, habits) for told, one, two in agreed]
    found.sort(key=lambda each: (-each.bits, each.a.kind, each.a.name, each.a.value))
    conflicts.sort(key=lambda each: (each.block, each.a.kind, each.a.name))
    return Comparison(tuple(found), tuple(conflicts), tuple(dict.fromkeys(labels)), frozenset(seen))


def _shared(own: Told, other: Told) -> Iterable[tuple[Mark, Mark]]:
    if own.block in _MEASURED_BLOCKS and own.name.removesuffix(MEASURED_TAIL) in _MEASURED:
        slack, _ = _MEASURED[own.name.removesuffix(MEASURED_TAIL)]
        pairs = ((one, two) for one in own.values.values() for two in other.values.values())
        yield from islice((p for p in pairs if abs(_number(p[0].value) - _number(p[1].value)) <= slack), 1)
        return
    common = [value for value in own.values if value in other.values]
    for value in common[:MOST_SHARED]:
        yield own.values[value], other.values[value]


def _first(told: Told) -> Mark:
    return next(iter(told.values.values()))


def _number(text: str) -> float:
    try:
        return float(text.split(" ")[0])
    except ValueError:
        return float("nan")


def _single(agreed: Iterable[tuple[Told, Mark, Mark]]) -> dict[Named, str]:
    """What could be of a preset."""
    return {
        (told.kind, told.name): mark.value
        for told, mark, _ in agreed
        if told.block not in MANY and told.block not in HARD
    }


def _macros_explained(
    agreed: Iterable[tuple[Told, Mark, Mark]], explained: frozenset[Named], factory: Factory
) -> frozenset[Named]:
    """Commands that come of a macro which is known; only their numbers are of the job."""
    known = {name.removesuffix("_gcode") for _, name in explained if name in ("start_gcode", "end_gcode")}
    commands = [(told, mark) for told, mark, _ in agreed if told.block is Block.MACROS]
    known |= {
        told.name.split(" ")[0]
        for told, mark in commands
        if factory.is_macro(mark.kind, mark.name, mark.value)
    }
    return frozenset((told.kind, told.name) for told, _ in commands if told.name.split(" ")[0] in known)


def _weighed(
    told: Told, a: Mark, b: Mark, explained: frozenset[Named], factory: Factory, habits: Habits
) -> Agreement:
    if (told.kind, told.name) in explained:
        return Agreement(told.block, a, b, 0.0, "a factory preset has it")
    if a.kind in (MarkKind.MACRO, MarkKind.COMMENT) and factory.is_macro(a.kind, a.name, a.value):
        return Agreement(told.block, a, b, 0.0, "a printer as it comes has it")
    if a.value == '""':
        return Agreement(told.block, a, b, 0.0, "nothing is said")
    if factory.is_default(*_asked(told, a)):
        return Agreement(told.block, a, b, 0.0, "a slicer has it where nobody chose")
    most = _CHOSEN_BITS if told.block in _CHOSEN else MOST_BITS
    return Agreement(told.block, a, b, round(min(_bits(told, a, factory, habits), most), 2))


def _asked(told: Told, mark: Mark) -> tuple[MarkKind, str, str]:
    """What presets call it."""
    if told.block not in _MEASURED_BLOCKS:
        return mark.kind, mark.name, mark.value
    _, setting = _MEASURED.get(told.name.removesuffix(MEASURED_TAIL), (0.0, ""))
    return MarkKind.SETTING, setting, f"{_number(mark.value):g}"


def _bits(told: Told, mark: Mark, factory: Factory, habits: Habits) -> float:
    if told.block in _MEASURED_BLOCKS:
        bits = factory.bits(*_asked(told, mark))
        return _WORD_BITS.get(told.name.removesuffix(MEASURED_TAIL), 0.0) if bits is None else bits
    if told.block is Block.MANNER:
        return _habit_bits(told.name, mark.value, habits)
    if told.block is Block.MACROS:
        return _OWN_MACRO_BITS
    bits = factory.bits(mark.kind, mark.name, mark.value)
    if bits is None:
        bits = UNKNOWN_BITS if mark.rarity is None else mark.rarity.bits
    return min(bits, _MOST_NAME_BITS) if mark.kind is MarkKind.PRESET else bits


def _habit_bits(name: str, value: str, habits: Habits) -> float:
    """Of how jobs of known slicers go about a part: the share that does it, of all slicers' jobs."""
    counts = habits.counts["manner"].get(name)
    if counts is None:
        return 0.0
    shares: list[float] = [
        seen / jobs for seen, jobs in zip(counts.get(value, ()), habits.jobs, strict=False)
    ]
    # Of the slicer that does it most: what a slicer always does says nothing of who used it.
    return max(0.0, -log2(max([0.02, *shares])))


def drawn_together(bits: Iterable[float]) -> float:
    """Bits of a block as one figure: the root of their sum, so that nine settings weigh as three."""
    return sqrt(sum(bits))
