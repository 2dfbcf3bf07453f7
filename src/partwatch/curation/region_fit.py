"""What shared regions are worth, fitted on strangers that share one by chance and on parts in disguise."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from partwatch.curation.observations import Observations
from partwatch.evidence.tail import RegionTail

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

# The tail is fitted above what this share of families of bodies reach, but on no fewer families than these:
# so far out because it is heavier than an exponential one, and fitted on a tenth it promised far too much.
EXCEEDED = 0.03
LEAST_FAMILIES = 10
# The groups of disguises that are mates; scans are another medium.
MATES = ("pieces", "contained", "edits")


def of_other_owners(observed: Observations) -> Mask:
    """(r,): whether a shared region is of a body and a part of different owners: what two projects of one
    organisation share in part, one often took from the other."""
    shared = observed.shared
    if shared is None:
        return np.zeros(0, dtype=bool)
    owners = np.array([name.split("/")[0] for name in observed.project_names])
    of_body = owners[observed.bodies.projects[shared.body]]
    return np.asarray(of_body != owners[observed.parts.projects[shared.part]])


def best_of_strangers(observed: Observations, bodies: npt.NDArray[np.intp], parts: Mask) -> Floats:
    """(bodies,): the most information that each body shares with any of those parts; 0 where with none."""
    best = np.zeros(len(observed.bodies))
    shared = observed.shared
    if shared is not None:
        used = parts[shared.part] & of_other_owners(observed)
        np.maximum.at(best, shared.body[used], shared.information[used])
    return best[bodies]


def fit_region_tail(best: Floats, families: npt.NDArray[np.int32], list_parts: int) -> RegionTail | None:
    """The tail of the best of a search, by peaks over a threshold with exponential excesses (Pickands 1975);
    each family counts once, with its most. None where too few families share anything.

    The mean excess is its upper 95 % limit: a few families must not make chance look rarer than it is.
    """
    from scipy.stats import chi2

    most = np.sort([float(best[families == family].max()) for family in np.unique(families)])[::-1]
    count = max(math.ceil(EXCEEDED * len(most)), LEAST_FAMILIES)
    if len(most) <= count or most[count] <= 0:
        count = int((most > 0).sum()) - 1
    if count < LEAST_FAMILIES:
        return None
    threshold = float(most[count])
    excess = float((most[:count] - threshold).mean())
    if not excess > 0:
        return None
    mean = excess * 2 * count / float(chi2.ppf(0.05, 2 * count))
    rate = 1 / (mean * math.log(2))
    share = count / len(most) / list_parts
    return RegionTail(offset=math.log2(share) + rate * threshold, rate=rate)


def mates_of(observed: Observations, projects: Mask) -> tuple[Floats, npt.NDArray[np.int32]]:
    """Information of parts of those projects in disguise, 0 where they were not found; and their families."""
    found = [
        (
            max((lying.information or 0.0 for lying in observed.named_on(one)), default=0.0),
            observed.parts.families[one.part],
        )
        for one in observed.disguised
        if one.group in MATES and projects[observed.parts.projects[one.part]]
    ]
    return np.array([told for told, _ in found]), np.array([family for _, family in found], dtype=np.int32)
