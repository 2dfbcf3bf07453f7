"""Traffic with a few sellers in it, and what assembling finds: `python -m benchmarks.traffic`.

    python -m benchmarks.traffic --corpus DIR [--result NDJSON] [--customers N] [--sellers N] [--seed N]

Without a result the corpus is screened first, against the list of all its parts (half an hour).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from scipy.stats import beta

from benchmarks import lists
from benchmarks.progress import say
from benchmarks.traffic import measure, people
from benchmarks.traffic.catalogue import articles
from benchmarks.traffic.controlled import by_parts_seen
from benchmarks.traffic.growing import growing
from benchmarks.traffic.world import World, world
from partwatch.assembly.groups import Group, grouped
from partwatch.assembly.policy import AssemblyPolicy
from partwatch.assembly.ranking import Ranked, count, holdings_by, rank_group
from partwatch.assembly.sightings import Seen
from partwatch.curation.corpus import CorpusFile, read_corpus
from partwatch.evidence.calibration import shipped_calibration
from partwatch.model.document import MatchFinding


@dataclass(frozen=True, eq=False)
class Traffic:
    """All that was ordered."""

    world: World
    benign: list[Seen]
    sellers: list[people.Seller]
    customers: int

    @property
    def items(self) -> list[Seen]:
        """Of everybody."""
        return [*self.benign, *(item for one in self.sellers for item in one.items)]


def main(argv: list[str] | None = None) -> int:
    """Simulate, assemble, tell."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.traffic", description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="folder with MANIFEST.csv")
    parser.add_argument("--result", type=Path, help="the corpus, screened against all its parts")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "partwatch-benchmarks")
    parser.add_argument("--customers", type=int, default=30_000)
    parser.add_argument("--sellers", type=int, default=150)
    parser.add_argument("--designs", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--growing", action="store_true", help="only: what one more item costs a store")
    parser.add_argument("--json", type=Path, help="write the figures here, too")
    asked = parser.parse_args(argv)
    corpus = read_corpus(asked.corpus)
    result = asked.result or _screened(asked.cache, asked.corpus, corpus)
    rng = np.random.default_rng(asked.seed)
    here = world(articles(result, corpus), shipped_calibration().tail, rng, asked.designs)
    traffic = Traffic(
        here,
        list(people.customers(here, asked.customers, rng)),
        list(people.sellers(here, asked.sellers, rng)),
        asked.customers,
    )
    figures: dict[str, object] = {}
    if asked.growing:
        items = sorted(traffic.items, key=lambda item: (item.time or people.FIRST_DAY, item.key))
        figures["growing"] = growing(items, here.plans)
    else:
        figures = told(traffic, AssemblyPolicy(), rng)
    if asked.json:
        asked.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


def told(traffic: Traffic, policy: AssemblyPolicy, rng: np.random.Generator) -> dict[str, object]:
    """Assemble, print the tables, return the figures."""
    plans = traffic.world.plans
    begun = time.process_time()
    groups = grouped(traffic.items)
    counts = count(groups, plans, policy, {})
    ranked = [
        one
        for group, own in groups.items()
        for one in rank_group(
            group, holdings_by(own, plans), plans, counts[group[0]], len(counts), policy, {}
        )
    ]
    spent = time.process_time() - begun
    bodies = counts["all"].bodies
    print(f"{len(plans)} designs, {sum(len(plan.slots) for plan in plans.values())} parts; "
          f"{traffic.customers:,} customers, {len(traffic.sellers)} sellers, {len(traffic.items):,} items, "
          f"{bodies:,} bodies, {len(groups):,} groups: {spent:.1f} s of processor time")  # fmt: skip
    best = measure.best_by_group(ranked)
    benign = {value for item in traffic.benign for _, value in item.groups}
    figures: dict[str, object] = {}
    for level in (MatchFinding.MATCH, MatchFinding.REVIEW):
        false = measure.false_customers(best, benign, level)
        most = float(beta.ppf(0.95, len(false) + 1, traffic.customers - len(false))) * 1e4
        print(f"false at {level.value}: {len(false)} of {traffic.customers:,} customers, "
              f"{len(false) / traffic.customers * 1e4:.2f} in 10,000 (at most {most:.2f})")  # fmt: skip
        figures[f"false_{level.value}"] = len(false)
    own = [own for (kind, value), own in groups.items() if kind in measure.KINDS and value in benign]
    parts = measure.counting_level(own, traffic.customers, policy.match_per_10000)
    print(f"counting matched parts raises as few false alarms from {parts} parts on")
    found = [measure.detection(one, plans, counts, len(counts), policy, parts) for one in traffic.sellers]
    figures["sellers"] = [asdict(one) for one in found]
    _tell_detection(found)
    figures["by_parts"] = by_parts_seen(traffic.world, counts, policy, parts, rng)
    figures["honesty"] = _tell_honesty(traffic, best, benign)
    return figures


def _tell_detection(found: list[measure.Detection]) -> None:
    for name, days, sent in (
        ("bits", [one.by_bits for one in found], [one.sent_by_bits for one in found]),
        ("counting", [one.by_count for one in found], [one.sent_by_count for one in found]),
    ):
        told = [day for day in days if day is not None]
        parts = [one for one in sent if one is not None]
        print(f"by {name}: {len(told)} of {len(found)} sellers; median {np.median(told or [0]):.0f} days "
              f"after the first parcel, {np.median(parts or [0]):.0f} parts sent by then")  # fmt: skip


def _tell_honesty(traffic: Traffic, best: dict[Group, Ranked], benign: set[str]) -> dict[str, object]:
    """Accounts by their best hypothesis; where no two slots are filled, the bits of nothing found."""
    accounts = {value for item in traffic.items for kind, value in item.groups if kind == "account"}
    told = {value: best.get(("account", value)) for value in sorted(accounts)}
    nothing = -np.log2(len(traffic.world.plans)) - 2.0
    bits = {value: one.hypothesis.bits if one else nothing for value, one in told.items()}
    mates = np.array([bit for value, bit in bits.items() if value not in benign])
    others = np.array([bit for value, bit in bits.items() if value in benign])
    seen = np.array([bit for value, bit in bits.items() if value in benign and told[value]])
    cost = measure.cllr(mates, others)
    print(f"Cllr over accounts {cost:.3f}; {len(seen):,} of {len(others):,} benign accounts hold two slots "
          "of one design or more")  # fmt: skip
    edges = [-50, 0, 3, 6, 10, 13.3, 20, 200]
    print("bits stated   sellers' accounts   benign accounts   log2 of the observed ratio")
    for low, high, own, rest, ratio in measure.stated_against_observed(mates, others, edges):
        print(f"{low:5.1f} to {high:5.1f} {own:12d} {rest:17d} {ratio:18.1f}")
    return {"cllr": cost, "benign_with_two": len(seen)}


def _screened(cache: Path, folder: Path, corpus: list[CorpusFile]) -> Path:
    home = lists.of_corpus(cache, tuple(corpus))
    out = home / "corpus.ndjson"
    if not out.exists():
        say("screening the corpus against its own parts")
        draft = out.with_suffix(".part")
        command = [sys.executable, "-m", "partwatch", "--home", str(home), "screen", str(folder), "--ndjson"]
        with draft.open("wb") as stream:
            ended = subprocess.run(command, stdout=stream, stdin=subprocess.DEVNULL, check=False)
        if ended.returncode not in (0, 1, 3):
            raise SystemExit(f"screening ended with {ended.returncode}")
        draft.replace(out)
    return out


if __name__ == "__main__":
    raise SystemExit(main())
