"""`partwatch link` without its command line: from marked items to a document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from partwatch import __version__
from partwatch.model.links import (
    LinkBlock,
    LinkCluster,
    LinkEdge,
    LinkItem,
    LinkReason,
    LinksDocument,
    LinksModel,
    LinksPart,
    LinksSummary,
)
from partwatch.model.marks import MarkedItem, MarksPopulation
from partwatch.provenance.linking.blocks import HARD, Block, signature
from partwatch.provenance.linking.candidates import candidates
from partwatch.provenance.linking.clusters import Joined, Pair, joined
from partwatch.provenance.linking.comparison import Agreement, Conflict
from partwatch.provenance.linking.factory import Factory
from partwatch.provenance.linking.model import LinkModel, LinkWeight, linked

# Of an edge, and of a document.
MOST_REASONS: Final = 12
MOST_AGAINST: Final = 6
MOST_EDGES: Final = 5_000


@dataclass(frozen=True)
class _Weighed:
    """Bits of every pair that was compared; the weights of those from the threshold on."""

    bits: dict[Pair, float]
    edges: dict[Pair, LinkWeight]
    pairs: int


def links_of(
    items: Sequence[MarkedItem],
    model: LinkModel,
    factory: Factory,
    population: MarksPopulation | None,
    threshold: float,
) -> LinksDocument:
    """The items with their clusters and the edges between them."""
    weighed = _weighed(items, model, factory, threshold)
    found = joined(len(items), weighed.bits, threshold)
    several = [of for of in found.clusters if len(of) > 1]
    cluster = {item: k for k, of in enumerate(several) for item in of}
    strongest = sorted(weighed.edges, key=lambda pair: (-weighed.bits[pair], pair))
    return LinksDocument(
        program_version=__version__,
        model=_about(model),
        population=population,
        threshold=threshold,
        summary=LinksSummary(
            items=len(items),
            incomplete=sum(not item.complete for item in items),
            pairs=len(items) * (len(items) - 1) // 2,
            compared=weighed.pairs,
            edges=len(weighed.edges),
            refused=len(found.refused),
            clusters=len(several),
            alone=len(items) - len(cluster),
        ),
        items=_items(items, cluster),
        clusters=tuple(
            LinkCluster(id=k, items=of, weakest=_weakest(of, found, weighed.bits))
            for k, of in enumerate(several)
        ),
        edges=tuple(
            edge_of(pair, weighed.edges[pair], model, found) for pair in strongest[:MOST_EDGES]
        ),
    )  # fmt: skip


def _weighed(items: Sequence[MarkedItem], model: LinkModel, factory: Factory, threshold: float) -> _Weighed:
    told = [signature(item.marks) for item in items]
    bits: dict[Pair, float] = {}
    edges: dict[Pair, LinkWeight] = {}
    pairs = candidates(told)
    for a, b in pairs:
        weight = linked(told[a], told[b], model, factory)
        bits[a, b] = weight.bits
        if weight.bits >= threshold:
            edges[a, b] = weight
    return _Weighed(bits, edges, len(pairs))


def _weakest(items: Sequence[int], found: Joined, bits: dict[Pair, float]) -> float:
    """Of the strongest edges that hold a cluster together, the weakest one's bits."""
    own = set(items)
    return round(min((bits[pair] for pair in found.tree if pair[0] in own), default=0.0), 2)


def _items(items: Sequence[MarkedItem], cluster: dict[int, int]) -> tuple[LinkItem, ...]:
    first: dict[str, int] = {}
    told = []
    for k, item in enumerate(items):
        same = first.setdefault(item.sha256, k) if item.sha256 is not None else k
        told.append(
            LinkItem(
                id=k, path=item.path, member=item.member, sha256=item.sha256, formats=item.formats,
                marks=len(item.marks), cluster=cluster.get(k), same_as=same if same != k else None,
                complete=item.complete, reasons=item.reasons,
            )
        )  # fmt: skip
    return tuple(told)


def edge_of(pair: Pair, weight: LinkWeight, model: LinkModel, found: Joined) -> LinkEdge:
    """A pair with its reasons, and what would break it."""
    agreements, conflicts = weight.comparison.agreements, weight.comparison.conflicts
    blocks = sorted(weight.by_block, key=lambda block: (-weight.by_block[block], block))
    # The strongest kind of evidence first, and of each what is rarest.
    reasons = sorted(agreements, key=lambda each: -weight.by_block.get(each.block, 0.0) * each.bits)
    against = sorted(
        conflicts, key=lambda each: weight.by_block.get(each.block, 0.0) - weight.against(each, model)
    )
    return LinkEdge(
        a=pair[0],
        b=pair[1],
        bits=round(weight.bits, 2),
        bits_forgeable=round(weight.bits_forgeable, 2),
        bits_hard=round(weight.bits_hard, 2),
        blocks=tuple(_block(block, weight) for block in blocks),
        reasons=tuple(_reason(each) for each in reasons[:MOST_REASONS] if each.bits > 0),
        agreed=len(agreements),
        against=tuple(_contradiction(each, weight.against(each, model)) for each in against[:MOST_AGAINST]),
        contradictions=len(conflicts),
        factory=weight.comparison.factory,
        bits_without=round(weight.without(blocks[0], model), 2) if blocks else 0.0,
        bridge=pair in found.bridges,
        contradicted_by=found.refused.get(pair),
    )


def _block(block: Block, weight: LinkWeight) -> LinkBlock:
    return LinkBlock(
        block=block,
        hard=block in HARD,
        bits=round(weight.by_block[block], 2),
        agreed=sum(each.block is block for each in weight.comparison.agreements),
        against=sum(each.block is block for each in weight.comparison.conflicts),
    )


def _reason(of: Agreement) -> LinkReason:
    return LinkReason(
        block=of.block, hard=of.block in HARD, a=of.a, b=of.b, bits=of.bits, explained=of.factory
    )


def _contradiction(of: Conflict, bits: float) -> LinkReason:
    return LinkReason(block=of.block, hard=of.block in HARD, a=of.a, b=of.b, bits=-round(bits, 2))


def _about(model: LinkModel) -> LinksModel:
    return LinksModel(
        version=model.version,
        parts=tuple(
            LinksPart(
                population=part.population, blocks=tuple(part.weights), sources=part.sources,
                mates=part.mates, strangers=part.strangers, bound=part.bounds.both.high,
                bound_forgeable=part.bounds.forgeable.high, bound_hard=part.bounds.hard.high,
            )
            for part in model.parts
        ),
    )  # fmt: skip
