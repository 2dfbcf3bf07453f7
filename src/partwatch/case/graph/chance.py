"""How easily a path is there by chance: what is crossed on the way is worth what it is rare.

Crossing something where d stand among N is no more than the share d / N allows: one drawn at random from
those N stands there as well with that chance. It is the u-probability of Fellegi and Sunter (1969), by the
frequency of the value itself, https://doi.org/10.1080/01621459.1969.10501049; with an m-probability of 1
(those who are tied always share it) N / d is the likelihood ratio. After several crossings no more than the
product of their ways on can be reached in as many, so that the chance is at most that product over the least
N (Boole's inequality): chains of many small steps fade as one hub does.

Ways on out of a thing: those who stand in the role that is taken times the roles that could be. A path is
settled where each step out of what it crosses is the thing's own property, in which one alone stands (a
parcel's sender, an account's owner): then there is nothing for chance to explain. A path is as common as it
is seen from the end from which it is rarer: that a seller has a thousand buyers does not make it doubtful who
sold to one of them.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from partwatch.case.graph.links import CaseGraph


class Reach(NamedTuple):
    """How many could be reached as a path reaches its end, of how many, and whether it is settled; and the
    same of its start, seen from its end."""

    onward: float
    of_ends: float
    settled: bool
    back: float
    of_starts: float
    settled_back: bool

    @classmethod
    def among(cls, starts: int, ends: int) -> Reach:
        """Of a path that has crossed nothing yet, where there are so many of the kind of either end."""
        return cls(1.0, float(max(1, ends)), True, 1.0, float(max(1, starts)), True)

    def across(self, graph: CaseGraph, inward: int, outward: int) -> Reach:
        """After one more crossing, in by one port and out by the other."""
        ports = graph.ports
        onward, back = bool(ports.settled[outward]), bool(ports.settled[inward])
        return Reach(
            self.onward * float(ports.ways[outward]),
            self.of_ends if onward else min(self.of_ends, float(ports.population[outward])),
            self.settled and onward,
            self.back * float(ports.ways[inward]),
            self.of_starts if back else min(self.of_starts, float(ports.population[inward])),
            self.settled_back and back,
        )

    def chance(
        self, onward: float = 0.0, back: float = 0.0, settles: bool = True, settles_back: bool = True
    ) -> float:
        """At most 1. onward, back: log2 of the ways that are still to come, at least; settles, settles_back:
        whether what is still to come may be settled."""
        if (self.settled and settles) or (self.settled_back and settles_back):
            return 0.0
        one = self.onward * 2.0 ** min(onward, _MOST) / self.of_ends
        other = self.back * 2.0 ** min(back, _MOST) / self.of_starts
        return float(min(1.0, one, other))

    def chances(
        self,
        onward: NDArray[np.float64],
        back: NDArray[np.float64],
        settles: NDArray[np.bool_],
        settles_back: NDArray[np.bool_],
    ) -> NDArray[np.float64]:
        """The same for many."""
        one = self.onward * np.exp2(np.minimum(onward, _MOST)) / self.of_ends
        other = self.back * np.exp2(np.minimum(back, _MOST)) / self.of_starts
        free = (settles & self.settled) | (settles_back & self.settled_back)
        return np.where(free, 0.0, np.minimum(1.0, np.minimum(one, other)))

    @property
    def from_end(self) -> bool:
        """Whether it is rarer as seen from the path's end."""
        if self.settled or self.settled_back:
            return self.settled_back and not self.settled
        return self.back / self.of_starts < self.onward / self.of_ends

    def no_more(self, other: Reach) -> bool:
        """Whether whatever is crossed next, its chance is no greater."""
        return (
            self.settled >= other.settled
            and self.settled_back >= other.settled_back
            and self.onward <= other.onward
            and self.of_ends >= other.of_ends
            and self.back <= other.back
            and self.of_starts >= other.of_starts
        )


_MOST: Final = 500.0  # log2 of what is more than any population


def fans(graph: CaseGraph) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """float64 (l,) twice: log2 of the ways on out of each link's a, and out of its b."""
    ways = np.log2(np.append(graph.ports.ways, 1.0))
    return ways[graph.port_a], ways[graph.port_b]
