"""What an agreement is worth: weights fitted to pairs of known sources, and bounds that these support.

A small file, made by `python -m benchmarks.links`; one made for other marks, blocks or presets is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from pydantic import ValidationError

from partwatch.model.document import Record
from partwatch.model.errors import UsageError
from partwatch.model.marks import SCHEMA as MARKS
from partwatch.model.marks import Mark
from partwatch.provenance.linking.blocks import HARD, Block, Signature, signature
from partwatch.provenance.linking.comparison import Comparison, Conflict, compared, drawn_together
from partwatch.provenance.linking.factory import Factory, shipped_factory
from partwatch.provenance.slicers import shipped_table

FORMAT: Final = "partwatch-links-1"
# From so many bits on two items are linked: thirty-two to one.
LINK_BITS: Final = 5.0
# What tells how a job was set up, beside its moves.
SETTINGS: Final = frozenset({Block.MACHINE, Block.PROCESS, Block.MATERIAL, Block.TASK, Block.PROFILE})


class Weights(Record):
    """Of a block: bits for what is agreed on, drawn together, and off for what is contradicted. slope: of
    these, where both sides are told together."""

    agreed: float = 0.0
    against: float = 0.0
    slope: float = 1.0


class Bound(Record):
    """The least and the most bits that the pairs support."""

    low: float
    high: float

    def bits(self, score: float) -> float:
        """Within the bounds."""
        return min(max(score, self.low), self.high)


class Bounds(Record):
    """Of either side, and of both."""

    forgeable: Bound
    hard: Bound
    both: Bound


class Part(Record):
    """What one population of known sources taught, of the blocks that it has.

    settings: whether it is of pairs that tell settings, of those that do not, or of any (None): where
    settings are told, moves repeat them. weights: by block; of a block without, nothing is said. conflicts:
    of a name, by `kind name`, how much it speaks against one source that two items have other values: log2
    of how much oftener that is with different sources; usual: of a block's other names. sources, mates,
    strangers: how many of the population.
    """

    population: str
    settings: bool | None
    sources: int
    mates: int
    strangers: int
    weights: dict[Block, Weights]
    conflicts: dict[str, float]
    usual: dict[Block, float]
    bounds: Bounds

    def against(self, conflict: Conflict) -> float:
        """What a contradiction counts, before it is drawn together with others."""
        return self.conflicts.get(f"{conflict.a.kind} {conflict.a.name}", self.usual.get(conflict.block, 0.0))


class LinkModel(Record):
    """All parts, of different blocks each. marks, layout: what they were made for."""

    format: str = FORMAT
    marks: str = MARKS
    layout: str
    parts: tuple[Part, ...]

    @property
    def version(self) -> str:
        """Of all its numbers: twelve hex digits."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]

    def parts_for(self, seen: Collection[Block]) -> tuple[Part, ...]:
        """Those that are for items of which so much can be compared."""
        told = not SETTINGS.isdisjoint(seen)
        return tuple(part for part in self.parts if part.settings in (None, told))


@dataclass(frozen=True)
class LinkWeight:
    """log2 of a likelihood ratio that two items are of one source, against two sources that use the same
    slicer.

    bits_forgeable: by what anybody can write into a file. bits_hard: by what takes the program, its
    settings or the triangles. by_block: what each block adds to `bits` before its bounds.
    """

    bits: float
    bits_forgeable: float
    bits_hard: float
    by_block: Mapping[Block, float]
    comparison: Comparison

    def without(self, block: Block, model: LinkModel) -> float:
        """The bits without what that block adds."""
        rest = {own: bits for own, bits in self.by_block.items() if own is not block}
        return sum(_both(part, rest) for part in model.parts_for(self.comparison.seen))

    def against(self, conflict: Conflict, model: LinkModel) -> float:
        """What a contradiction counts; nothing in a block that is not weighed."""
        parts = model.parts_for(self.comparison.seen)
        return next((part.against(conflict) for part in parts if conflict.block in part.weights), 0.0)


def linked(
    a: Iterable[Mark] | Signature,
    b: Iterable[Mark] | Signature,
    model: LinkModel | None = None,
    factory: Factory | None = None,
) -> LinkWeight:
    """Bits that two items share a source, from the marks of each (weighed by a population, or not).

    Signatures are taken as well, for many pairs. Absent marks prove nothing: nothing in common to compare
    gives 0 bits. Without a model and a table of presets, what ships with the program is used.
    """
    model = shipped_model() if model is None else model
    factory = shipped_factory() if factory is None else factory
    found = compared(_signature(a), _signature(b), factory, shipped_table())
    return weighed(found, model)


def _signature(of: Iterable[Mark] | Signature) -> Signature:
    return of if isinstance(of, Mapping) else signature(of)


def weighed(found: Comparison, model: LinkModel) -> LinkWeight:
    """A comparison's bits."""
    by_block: dict[Block, float] = {}
    told = {"bits": 0.0, "bits_forgeable": 0.0, "bits_hard": 0.0}
    for part in model.parts_for(found.seen):
        sides: dict[bool, float] = {False: 0.0, True: 0.0}
        for block, (agreed, against) in features(found, part).items():
            own = part.weights[block]
            bits = own.agreed * agreed - own.against * against
            sides[block in HARD] += bits
            by_block[block] = own.slope * bits
        told["bits_forgeable"] += part.bounds.forgeable.bits(sides[False])
        told["bits_hard"] += part.bounds.hard.bits(sides[True])
        told["bits"] += _both(part, by_block)
    return LinkWeight(**told, by_block=by_block, comparison=found)


def _both(part: Part, by_block: Mapping[Block, float]) -> float:
    return part.bounds.both.bits(sum(bits for block, bits in by_block.items() if block in part.weights))


def features(found: Comparison, part: Part) -> dict[Block, tuple[float, float]]:
    """By block of the part: the bits agreed on and those against, each drawn together."""
    agreed: dict[Block, list[float]] = {}
    against: dict[Block, list[float]] = {}
    for each in found.agreements:
        agreed.setdefault(each.block, []).append(each.bits)
    for other in found.conflicts:
        against.setdefault(other.block, []).append(part.against(other))
    return {
        block: (drawn_together(agreed.get(block, ())), drawn_together(against.get(block, ())))
        for block in found.seen
        if block in part.weights
    }


def layout(factory: Factory) -> str:
    """What weights hang on beside the marks: the blocks, and the presets."""
    text = json.dumps(
        [[*Block], factory.source, *(of.values.shape for of in factory.kinds.values()), len(factory.macros)]
    )
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def read_model(text: str, place: str, factory: Factory) -> LinkModel:
    """UsageError where it is none, or was made for other marks, blocks or presets."""
    try:
        model = LinkModel.model_validate_json(text)
    except ValidationError as error:
        raise UsageError(
            f"{place}: this is no model of links: make it anew (python -m benchmarks.links)"
        ) from error
    made_for = (model.format, model.marks, model.layout)
    if made_for != (FORMAT, MARKS, layout(factory)):
        raise UsageError(
            f"{place}: made for other marks or presets than this program has: make it anew "
            "(python -m benchmarks.links)"
        )
    return model


@cache
def shipped_model() -> LinkModel:
    """The one that comes with the program."""
    text = resources.files("partwatch.provenance").joinpath("data/links.json").read_text(encoding="utf-8")
    return read_model(text, "links.json", shipped_factory())
