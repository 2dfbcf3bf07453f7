"""What benign groups hold: from the operator's own stream where there is one, else what is believed before.

The groups of a case are no benign stream: they were gathered because of what they hold. Nothing of a case is
counted as benign, and no group of it counts against itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from partwatch.assembly import counting
from partwatch.assembly.groups import ALL
from partwatch.assembly.stream import Counts
from partwatch.case.assemblies.belonging import KINDS
from partwatch.model.assemblies import StreamSize
from partwatch.model.case_assemblies import BenignBase
from partwatch.watchlist.database import durable_engine, explained

PRIORS: Final = (
    "no benign stream was counted: every weight rests on what is believed before any was (`policy.presence`) "
    "and what ordinary people own together is not known; weigh the case at an operator whose stream was kept "
    "(`partwatch assemble --store`)"
)


@dataclass(frozen=True)
class BaseRates:
    """counts: by kind of group. A kind that was not counted takes the counts of the one with most bodies:
    what a body is does not hang on what groups it."""

    counts: Mapping[str, Counts] = field(default_factory=dict)

    def of(self, kind: str) -> Counts:
        """Of one kind, or of its stand-in; nothing where nothing was counted."""
        return self.counts.get(kind) or self.counts.get(self.stand_in or "", Counts())

    @property
    def stand_in(self) -> str | None:
        """The kind with most bodies."""
        return max(sorted(self.counts), key=lambda kind: self.counts[kind].bodies, default=None)

    def told(self, kinds: Iterable[str]) -> BenignBase:
        """In words, for the kinds of groups that a case has."""
        if not self.counts:
            return BenignBase(counted=(), note=PRIORS)
        counted = sorted(set(kinds) & self.counts.keys())
        other = sorted(set(kinds) - set(counted))
        note = f"counted in the operator's own stream: {', '.join(counted) or 'none of these kinds'}"
        if other:
            note += f"; for {', '.join(other)}, which it does not count: as {self.stand_in}"
        return BenignBase(counted=tuple(counted), note=note)

    def sizes(self) -> tuple[StreamSize, ...]:
        """Groups and bodies by kind."""
        return tuple(
            StreamSize(kind=kind, groups=one.groups, bodies=one.bodies)
            for kind, one in sorted(self.counts.items())
        )


def base_rates(home: Path, designs: Iterable[str]) -> BaseRates:
    """Of the operator's store of assemblies, which is only read; empty where there is none. Raises
    StoreError."""
    path = home / "assembly" / "assembly.sqlite"
    if not path.is_file():
        return BaseRates()
    wanted = sorted(designs)
    found: dict[str, Counts] = {}
    engine = durable_engine(path)
    with explained(path), engine.connect() as connection:
        for kind in KINDS:
            groups, _ = counting.kind_size(connection, kind)
            if groups and kind != ALL:
                found[kind] = counting.stream_of(connection, kind, wanted)
    return BaseRates(found)
