"""A world to trade in: designs on a list, and what the public orders. All by a seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.traffic.catalogue import Article, lost_surprise
from partwatch.assembly.plan import DesignPlan, PlannedPart, plan_of
from partwatch.assembly.policy import AssemblyPolicy
from partwatch.assembly.sightings import Sighting
from partwatch.assembly.weight import sighting_bits
from partwatch.evidence.policy import AlertPolicy
from partwatch.evidence.tail import TailModel
from partwatch.model.document import MatchFinding, Medium, Relation

LEAST_PARTS, MOST_PARTS = 5, 12
# Of a design's parts so many are ones that a gate would take; the rest are pins, plates and screws.
TELLING = 0.7
# A body that lies so well on a part is up for review, however many others do.
CLOSE = 0.9


@dataclass(frozen=True)
class Disguise:
    """In which state a part is sent, and what is seen of it then. share: of parts sent so. seen: share of
    them that are named. scores: least and most of those."""

    name: str
    share: float
    seen: float
    scores: tuple[float, float]
    medium: Medium


# Shares seen: docs/accuracy.md, by `partwatch evaluate` and `python -m benchmarks.jobs`.
DISGUISES = (
    Disguise("as it is, moved, another format", 0.35, 0.998, (0.99, 1.0), Medium.MESH),
    Disguise("remeshed, decimated", 0.15, 0.97, (0.93, 1.0), Medium.MESH),
    Disguise("edited", 0.10, 0.99, (0.85, 0.98), Medium.MESH),
    Disguise("a print job", 0.30, 0.85, (0.80, 0.97), Medium.TOOLPATH),
    Disguise("fused with something harmless", 0.10, 0.92, (0.80, 0.95), Medium.MESH),
)


@dataclass(frozen=True, eq=False)
class World:
    """designs: their plans; parts: by design, the articles of its slots. public: what else is ordered, by
    project. places: by a listed part's number, where it is on the list. machines: harmless things that share
    one or two parts with a design: articles of theirs, and the shared ones."""

    plans: dict[str, DesignPlan]
    parts: dict[str, list[Article]]
    public: dict[str, list[Article]]
    places: dict[int, list[tuple[str, str]]]
    machines: list[list[Article]]
    tail: TailModel

    @property
    def listed(self) -> int:
        """Parts of the list."""
        return sum(map(len, self.parts.values()))

    def sightings(self, article: Article) -> tuple[Sighting, ...]:
        """What screening names of a file as it is."""
        return tuple(
            Sighting(one.body, design, part, seen_bits(one.surprise), one.finding, one.relation, one.medium)
            for one in article.likenesses
            for design, part in self.places.get(one.listed, ())
        )

    def sent(self, article: Article, rng: np.random.Generator) -> tuple[Sighting, ...]:
        """What screening names of a part that a seller sends, in some state; nothing where it is missed."""
        state = DISGUISES[rng.choice(len(DISGUISES), p=[one.share for one in DISGUISES])]
        perfect = article.itself()
        if perfect is None or rng.random() > state.seen:
            return ()
        score = float(rng.uniform(*state.scores))
        surprise = perfect.surprise - lost_surprise(self.tail, score)
        bits, finding = seen_bits(surprise), self._finding(surprise, score)
        return tuple(
            Sighting(0, design, part, bits, finding, Relation.SAME_SHAPE, state.medium)
            for design, part in self.places[article.number]
        )

    def _finding(self, surprise: float, score: float) -> MatchFinding:
        """As screening decides: by the false alerts to be expected in the list, and by shape."""
        expected = 10_000 * self.listed * 2.0**-surprise
        if expected <= AlertPolicy().match_per_10000:
            return MatchFinding.MATCH
        close = expected <= AlertPolicy().review_per_10000 or score >= CLOSE
        return MatchFinding.REVIEW if close else MatchFinding.CANDIDATE


def seen_bits(surprise: float) -> float:
    """What a likeness weighs, as `assemble` reckons."""
    return sighting_bits(surprise, AssemblyPolicy().sure)


def world(articles: Sequence[Article], tail: TailModel, rng: np.random.Generator, designs: int) -> World:
    """Half of the projects are listed, the other half is what the public orders: no project is in both."""
    by_project: dict[str, list[Article]] = {}
    for article in articles:
        by_project.setdefault(article.project, []).append(article)
    listed, public = _halves(by_project, rng)
    parts = _designs(listed, rng, designs)
    plans = {
        name: plan_of(name, [PlannedPart(str(one.number)) for one in own]) for name, own in parts.items()
    }
    places: dict[int, list[tuple[str, str]]] = {}
    for name, own in parts.items():
        for one in own:
            places.setdefault(one.number, []).append((name, str(one.number)))
    machines = [_machine(parts, public, rng) for _ in range(20)]
    return World(plans, parts, public, places, machines, tail)


def _halves(
    by_project: dict[str, list[Article]], rng: np.random.Generator
) -> tuple[dict[str, list[Article]], dict[str, list[Article]]]:
    """Projects by chance, about half of the articles each."""
    names = sorted(by_project)
    rng.shuffle(names)
    half, taken = sum(map(len, by_project.values())) / 2, 0
    listed: dict[str, list[Article]] = {}
    for name in names:
        if taken + len(by_project[name]) <= half and len(listed) < len(names) - 1:
            listed[name] = by_project[name]
            taken += len(by_project[name])
    return listed, {name: own for name, own in by_project.items() if name not in listed}


def _designs(
    listed: dict[str, list[Article]], rng: np.random.Generator, most: int
) -> dict[str, list[Article]]:
    """Parts of one project each, no geometry twice in one, most of them telling."""
    made: dict[str, list[Article]] = {}
    for project, own in sorted(listed.items()):
        pool = [own[k] for k in rng.permutation(len(own)) if own[k].itself() is not None]
        telling, plain = [one for one in pool if one.tells], [one for one in pool if not one.tells]
        while True:
            size = int(rng.integers(LEAST_PARTS, MOST_PARTS + 1))
            sure = round(TELLING * size)
            chosen = list({one.geometry: one for one in telling[:sure] + plain[: size - sure]}.values())
            if len(telling) < sure or len(chosen) < LEAST_PARTS:
                break
            telling, plain = telling[sure:], plain[size - sure :]
            made[f"{project} {len(made)}"] = chosen
    names = sorted(made)
    rng.shuffle(names)
    return {name: made[name] for name in sorted(names[:most])}


def _machine(
    parts: dict[str, list[Article]], public: dict[str, list[Article]], rng: np.random.Generator
) -> list[Article]:
    """A harmless machine that uses one or two parts of a design."""
    design = parts[str(rng.choice(sorted(parts)))]
    shared = [design[k] for k in rng.choice(len(design), int(rng.integers(1, 3)), replace=False)]
    own = public[str(rng.choice(sorted(public)))]
    rest = [own[k] for k in rng.choice(len(own), min(len(own), int(rng.integers(3, 8))), replace=False)]
    return [*shared, *rest]
