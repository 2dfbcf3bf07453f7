"""How well a case is resolved and its paths are ranked, on generated cases whose truth is known.

    python -m benchmarks.cases.measure --seeds 1-5 --statements 20000
    python -m benchmarks.cases.measure --seeds 1-5 --merges truth      # paths alone, no mistake in resolution

A path is asked from seized, listed items to who organised, and to who made it, beside nine people each who
have as many contacts and nothing to do with it. Calibration: bits of the strongest path against belonging to
the network. Time and memory: `python -m benchmarks.cases.pipeline`.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.cases import asking, figures, said, taking
from benchmarks.cases.generate import Case, generate
from benchmarks.cases.records import Resolution
from benchmarks.cases.truth import Truth, truth_of
from benchmarks.progress import say
from partwatch.case.statements import keyed
from partwatch.case.store import CaseStore
from partwatch.case.view import view_of

ITEMS: Final = 6  # of a network, at most
MERGES: Final = ("run", "truth", "none")


@dataclass
class Answer:
    """From an item to a person: bits of the strongest path, of all together, what leads are ranked by, and
    what rivals say (the more, the nearer). network: which; true: whether the person is of it; kind:
    organiser, maker, or what kind of decoy."""

    network: int
    question: int
    true: bool
    kind: str
    bits: float
    together: float
    leads: float
    hops: float
    walk: float


@dataclass(frozen=True)
class Place:
    """Where one who is sought stands among all people of a case, 1 is first: what an investigator sees who
    reads leads from the top."""

    network: int
    kind: str
    by: str
    place: float


@dataclass
class Found:
    """Everything measured, over all cases."""

    resolution: Resolution = field(default_factory=Resolution)
    answers: list[Answer] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    items: int = 0
    unfound: int = 0
    networks: int = 0
    seconds: dict[str, float] = field(default_factory=dict)


def made(seed: int, statements: int) -> tuple[Case, Truth]:
    """A case with its truth."""
    case = generate(seed, statements)
    return case, truth_of(case)


def taken(folder: Path, case: Case) -> CaseStore:
    """A store that holds all of a case."""
    store = taking.new_store(folder)
    taking.take_all(store, said.statements(case.world))
    return store


def add_case(found: Found, seed: int, statements: int, merges: str) -> None:
    """Generate, take in, resolve, ask; one more case into `found`."""
    case, truth = made(seed, statements)
    with tempfile.TemporaryDirectory() as folder:
        store = taken(Path(folder) / "case", case)
        begun = time.monotonic()
        if merges == "run":
            asking.resolve(store)
        elif merges == "truth":
            taking.merge_by_truth(store, truth)
        _passed(found, "resolve", begun)
        if merges == "run":
            view = view_of(store)
            places = {key: int(view.canonical[place]) for place, key in enumerate(view.keys)}
            found.resolution.add(seed, case.world, truth, places, asking.scores(view))
        begun = time.monotonic()
        _paths(found, case, truth, store)
        _passed(found, "paths", begun)


def _passed(found: Found, stage: str, begun: float) -> None:
    found.seconds[stage] = found.seconds.get(stage, 0.0) + time.monotonic() - begun


def _paths(found: Found, case: Case, truth: Truth, store: CaseStore) -> None:
    ties = asking.Ties(store)
    records = {one.key: one.person for one in truth.records if one.own_name}
    named = asking.best_known(ties.view, records)
    for cell in case.cells:
        chains = [one for one in truth.chains if one.cell == cell.name]
        found.items += len(chains)
        found.unfound += sum(not one.found for one in chains)
        for chain in [one for one in chains if one.found][:ITEMS]:
            for whose, kind in ((chain.organiser, "organiser"), (chain.maker, "maker")):
                if whose in named:
                    _ask(found, ties, keyed("Item", chain.item), whose, kind, truth, named)
        found.networks += 1


def _ask(
    found: Found, ties: asking.Ties, item: str, whose: str, kind: str, truth: Truth, named: Mapping[str, str]
) -> None:
    question = len({one.question for one in found.answers})
    start = ties.place(item)
    if start is None:
        return
    leads, hops, walk = ties.leads(item), ties.plain.nearness(start), ties.plain.visits(start)
    goal = ties.place(named[whose])
    for by, scores in (("leads", leads), ("hops", hops), ("walk", walk)):
        others = [float(scores[one]) for one in ties.people.tolist() if one != goal]
        found.places.append(Place(found.networks, kind, by, figures.place_of(float(scores[goal]), others)))
    people = [(whose, True, kind), *((one.person, False, one.kind) for one in truth.decoys[whose])]
    for person, true, what in people:
        if person in named:
            end = ties.place(named[person])
            assert end is not None
            tie = ties.tie(item, named[person])
            found.answers.append(
                Answer(
                    found.networks,
                    question,
                    true,
                    what,
                    tie.strongest,
                    tie.together,
                    float(leads[end]),
                    float(hops[end]),
                    float(walk[end]),
                )
            )


def told(found: Found, merges: str) -> dict[str, Any]:
    """All figures, printed and as JSON."""
    result: dict[str, Any] = {"merges": merges, "networks": found.networks, "seconds": found.seconds}
    if found.resolution.person_of:
        result["resolution"] = found.resolution.told()
    result["items"] = {"of networks": found.items, "without a true chain in the sources": found.unfound}
    print(
        f"{found.items} items of {found.networks} networks; {found.unfound} have no true chain in the sources"
    )
    result["ranks"] = {kind: _told_ranks(found, kind) for kind in ("organiser", "maker")}
    result["places"] = _told_places(found)
    result["calibration"] = _told_calibration(found)
    return result


def _likelihood(bits: Iterable[float], mates: Sequence[bool], families: Sequence[Any]) -> dict[str, Any]:
    from partwatch.curation.measures import measures

    labels = np.unique(np.asarray(families), return_inverse=True)[1]
    kept = np.clip(np.asarray(list(bits), dtype=np.float64), -100, 100)
    if not any(mates) or all(mates):
        return {}
    return dict(measures(kept, np.asarray(mates, dtype=bool), labels))


def _cllr(measured: Mapping[str, Any]) -> str:
    if not measured:
        return "too few of either for Cllr"
    low, high = measured["cllr_low"], measured["cllr_high"]
    span = "" if low is None else f" ({low:.3f} to {high:.3f})"
    return f"Cllr {measured['cllr']:.3f}{span}, at best {measured['cllr_min']:.3f}"


def _told_ranks(found: Found, kind: str) -> dict[str, Any]:
    questions: dict[int, list[Answer]] = {}
    for answer in found.answers:
        questions.setdefault(answer.question, []).append(answer)
    asked = [own for own in questions.values() if own[0].kind == kind and len(own) > 1]
    told: dict[str, Any] = {}
    for by in ("bits", "together", "leads", "hops", "walk"):
        for against in ("all", "stranger", "neighbour", "household") if by in ("bits", "leads") else ("all",):
            ranked = _ranked(asked, by, against)
            if ranked:
                told[f"{by}, {against}"] = asdict(ranked)
                print(
                    f"{kind} by {by} among decoys ({against}), {ranked.trials} items: mean reciprocal rank "
                    f"{ranked.mean_reciprocal}, drawn blindly {ranked.chance:.3f}; first {ranked.first}"
                )
    return told


def _ranked(asked: list[list[Answer]], by: str, against: str) -> figures.Ranking | None:
    ranks, others, networks = [], [], []
    for own, *decoys in asked:
        told = [float(getattr(one, by)) for one in decoys if against in ("all", one.kind)]
        if told:
            ranks.append(figures.place_of(float(getattr(own, by)), told))
            others.append(len(told))
            networks.append(own.network)
    return figures.ranking(ranks, others, networks) if ranks else None


def _told_places(found: Found) -> dict[str, Any]:
    told = {}
    for kind in ("organiser", "maker"):
        for by in ("leads", "hops", "walk"):
            own = [one for one in found.places if (one.kind, one.by) == (kind, by)]
            if not own:
                continue
            labels = np.unique([one.network for one in own], return_inverse=True)[1]
            within = {
                most: figures.of_groups(
                    np.bincount(labels, [one.place <= most for one in own]).tolist(),
                    np.bincount(labels).tolist(),
                )
                for most in (5, 20)
            }
            middle = float(np.median([one.place for one in own]))
            told[f"{kind}, {by}"] = {"median": middle} | {str(k): asdict(one) for k, one in within.items()}
            print(
                f"{kind} by {by} among all people of a case: median place {middle:g}; "
                + "; ".join(f"within {most}: {one}" for most, one in within.items())
            )
    return told


def _told_calibration(found: Found) -> dict[str, Any]:
    """No path counts as 0 bits: nothing is said."""
    true = [one.true for one in found.answers]
    networks = [one.network for one in found.answers]
    result = {}
    for by in ("bits", "together"):
        bits = [max(0.0, float(getattr(one, by))) for one in found.answers]
        result[by] = _likelihood(bits, true, networks)
        print(f"{by}: {sum(true)} true ends, {len(true) - sum(true)} decoys; {_cllr(result[by])}")
    for kind in ("organiser", "maker", "neighbour", "household", "stranger"):
        own = [one.bits for one in found.answers if one.kind == kind]
        if own:
            low, middle, high = np.quantile(np.clip(own, -1, 100), (0.1, 0.5, 0.9))
            none = sum(one < 0 for one in own)
            print(
                f"  {kind:10} bits {middle:5.1f} ({low:.1f} to {high:.1f}), {none} of {len(own)} with no path"
            )
    return result


def seeds_of(text: str) -> list[int]:
    """`1-3,8`: 1, 2, 3 and 8."""
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def main(argv: list[str] | None = None) -> int:
    """Measure and tell."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cases.measure", description=__doc__)
    parser.add_argument("--seeds", type=seeds_of, default=[1, 2, 3], help="such as 1-5")
    parser.add_argument("--statements", type=int, default=20_000)
    parser.add_argument("--merges", choices=MERGES, default="run", help="whose: the run's, the truth's, none")
    parser.add_argument("--json", type=Path, help="write the figures here, too")
    asked = parser.parse_args(argv)
    found = Found()
    for seed in asked.seeds:
        say(f"case {seed}")
        add_case(found, seed, asked.statements, asked.merges)
    result = {"seeds": asked.seeds, "statements": asked.statements} | told(found, asked.merges)
    if asked.json:
        asked.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
