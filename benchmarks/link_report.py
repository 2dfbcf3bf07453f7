"""How well items were linked, in lines: precision and recall, Cllr, clusters, and what could not be told
apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from partwatch.curation.honesty import Scored, cllr, cllr_min, scored
from partwatch.curation.resampling import cllr_interval
from partwatch.provenance.linking.clusters import joined
from partwatch.provenance.linking.model import LINK_BITS
from partwatch.provenance.marks.rarity import upper_share

# Of these kinds a profile is a source's own; of others it is a factory's, and many have it.
OWN = ("own", "edited", "touched", "project")


@dataclass(frozen=True)
class Asked:
    """A pair whose sources had no part in the model. kinds: of the sources."""

    a: str
    b: str
    sources: tuple[str, str]
    kinds: tuple[str, str]
    same_preset: bool
    bits: float
    bits_forgeable: float
    bits_hard: float

    @property
    def mates(self) -> bool:
        """Whether they are of one source."""
        return self.sources[0] == self.sources[1]

    @property
    def of_own_profiles(self) -> bool:
        """Whether it is to be told: mates that share more than a factory preset, or two different
        profiles."""
        if self.mates:
            return set(self.kinds) <= set(OWN)
        return not (self.same_preset and set(self.kinds) == {"untouched"})


def told(condition: str, pairs: Sequence[Asked]) -> Iterator[str]:
    """All that is reported of pairs under one condition."""
    different = [each for each in pairs if each.of_own_profiles]
    yield f"## {condition}: {len(pairs)} pairs"
    yield _tally("jobs of different profiles", different)
    yield _tally("all sources", pairs)
    for kind in dict.fromkeys(kind for each in pairs for kind in each.kinds):
        yield _tally(
            f"  mates of kind {kind}, strangers of its kind", [e for e in pairs if set(e.kinds) == {kind}]
        )
    same = [each for each in pairs if not each.mates and each.same_preset]
    untouched = [each for each in same if set(each.kinds) == {"untouched"}]
    yield _said("strangers that began with one preset", same)
    yield _said("strangers that use one preset as it is", untouched)
    for name, bits in _SIDES.items():
        yield f"  Cllr {name}: {_costs(different, bits)}; all sources {_costs(pairs, bits)}"
    yield _clusters(different)


_SIDES: Mapping[str, Callable[[Asked], float]] = {
    "of all": lambda each: each.bits,
    "forgeable": lambda each: each.bits_forgeable,
    "hard": lambda each: each.bits_hard,
}


def _tally(name: str, pairs: Sequence[Asked]) -> str:
    mates = np.array([each.bits for each in pairs if each.mates])
    others = np.array([each.bits for each in pairs if not each.mates])
    hits, alarms = int((mates >= LINK_BITS).sum()), int((others >= LINK_BITS).sum())
    linked = hits + alarms
    precision = (
        f"{hits / linked:.4f} (at least {1 - upper_share(alarms, linked):.4f})" if linked else "none linked"
    )
    recall = f"{hits / len(mates):.3f}" if len(mates) else "no mates"
    if len(mates) and len(others):
        order = np.sort(others)[::-1]
        curve = "".join(f"above {k} strangers {float((mates > order[k]).mean()):.3f}; " for k in (0, 1, 2, 5))
    else:
        curve = ""
    curve += ", ".join(_at(mates, others, bits) for bits in (3.3, 4.0, 5.0, 7.0))
    alarmed = f"{alarms} of {len(others)} strangers linked"
    return f"{name}: precision {precision}, recall {recall} of {len(mates)}; {alarmed} [{curve}]"


def _at(mates: np.ndarray, others: np.ndarray, bits: float) -> str:
    return f"{bits:g}: {int((mates >= bits).sum())}+{int((others >= bits).sum())}"


def _said(name: str, pairs: Sequence[Asked]) -> str:
    bits = np.array([each.bits for each in pairs])
    if not len(bits):
        return f"  {name}: none"
    low, middle, high = np.quantile(bits, (0.05, 0.5, 0.95))
    return (
        f"  {name}: {len(bits)}, bits {low:+.1f} / {middle:+.1f} / {high:+.1f} (5, 50, 95 %), "
        f"at most {bits.max():+.1f}; "
        f"linked {int((bits >= LINK_BITS).sum())}"
    )


def _scored(pairs: Sequence[Asked], bits: Callable[[Asked], float]) -> Scored:
    sources = sorted({each.sources for each in pairs})
    # A source brings its mates, and the pairs in which it comes first.
    family = {of: k for k, of in enumerate(dict.fromkeys(of[0] for of in sources))}
    return scored(
        [bits(each) for each in pairs],
        [each.mates for each in pairs],
        [family[each.sources[0]] for each in pairs],
    )


def _costs(pairs: Sequence[Asked], bits: Callable[[Asked], float]) -> str:
    if not any(each.mates for each in pairs) or all(each.mates for each in pairs):
        return "not to be had"
    data = _scored(pairs, bits)
    interval = cllr_interval(data)
    of = f" [{interval[0]:.3f}, {interval[1]:.3f}]" if interval else ""
    return f"{cllr(data):.3f}{of} (least {cllr_min(data):.3f})"


def _clusters(pairs: Sequence[Asked]) -> str:
    names = sorted({name for each in pairs for name in (each.a, each.b)})
    place = {name: k for k, name in enumerate(names)}
    source = {}
    bits = {}
    for each in pairs:
        a, b = sorted((place[each.a], place[each.b]))
        bits[a, b] = each.bits
        if each.mates:
            source[each.a] = source[each.b] = each.sources[0]
    found = [of for of in joined(len(names), bits, LINK_BITS).clusters if len(of) > 1]
    pure = sum(len({source.get(names[k], names[k]) for k in of}) == 1 for of in found)
    within = [(names[a], names[b]) for of in found for a in of for b in of if a < b]
    right = sum(source.get(a, a) == source.get(b, b) for a, b in within)
    return (
        f"clusters: {len(found)}, {pure} of one source only; of {len(within)} pairs within, {right} are mates"
    )
