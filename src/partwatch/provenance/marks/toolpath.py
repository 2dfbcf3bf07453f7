"""What a job's moves tell without a word: settings that show in them, habits, and whose these are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from partwatch.formats.base import ReadLimits
from partwatch.formats.gcode import job_of
from partwatch.model.errors import UnreadableError
from partwatch.model.marks import Forgery, Hypothesis, MarkKind
from partwatch.provenance.habits import LEAST_MOVES, habits_of
from partwatch.provenance.marks.collector import Collector
from partwatch.provenance.slicers import (
    MANNER,
    NAMED_BITS,
    Attribution,
    attributions,
    shipped_table,
)
from partwatch.provenance.wording import NONE
from partwatch.toolpath.runs import runs_of
from partwatch.toolpath.settings import settings_of

GROUP: Final = "toolpath"
STATED: Final = "the moves, comments apart"
# Families by the table's names: how they are called, and whose banners are theirs.
_SAID: Final[Mapping[str, str]] = {
    "slic3r": "Slic3r, PrusaSlicer, SuperSlicer, BambuStudio, OrcaSlicer or another of that line",
    "cura": "Cura",
}
_BANNERS: Final[Mapping[str, frozenset[str]]] = {
    "slic3r": frozenset({
        "Slic3r", "Slic3r PE", "PrusaSlicer", "SuperSlicer", "BambuStudio", "OrcaSlicer", "CrealityPrint",
        "AnycubicSlicer",
    }),
    "cura": frozenset({"Cura"}),
}  # fmt: skip


@dataclass(frozen=True)
class Moves:
    """Families with their bits by the moves of one job, the likeliest first."""

    found: tuple[Attribution, ...]

    def hypotheses(self, named: Iterable[str]) -> tuple[Hypothesis, ...]:
        """One for each family. named: software that banners in the item name."""
        named = tuple(named)
        return tuple(
            Hypothesis(
                software=_SAID[each.family],
                version=None,
                stated_by=(STATED,),
                against=tuple(f"{other} is named" for other in named if other not in _BANNERS[each.family])
                if each.bits >= NAMED_BITS
                else (),
                bits=round(each.bits, 2),
                bits_rewritten=round(each.bits_manner, 2),
            )
            for each in self.found
        )

    def against(self, software: str) -> tuple[str, ...]:
        """What the moves say against a slicer that is named."""
        own = next((family for family, banners in _BANNERS.items() if software in banners), None)
        said = [
            f"its moves are those of {_SAID[each.family]}: {each.bits:.1f} bits"
            for each in self.found
            if each.family != own and each.bits >= NAMED_BITS
        ]
        said += [
            f"its moves are not those of {_SAID[each.family]}: {each.bits:.1f} bits"
            for each in self.found
            if each.family == own and each.bits <= -NAMED_BITS
        ]
        return tuple(said)


def add_toolpath(text: bytes, limits: ReadLimits, into: Collector) -> None:
    """Marks of the moves themselves; of a job that is too short for habits, its settings only."""
    try:
        (path,) = job_of(text, limits, "gcode").toolpaths
    except UnreadableError:
        # Screening says so; what comments tell is told.
        return
    runs = runs_of(path)
    for each in settings_of(path, runs):
        told = f"{each.value} {each.unit}".strip()
        into.add(MarkKind.SETTING, f"{each.name}, measured", told, GROUP, forgery=Forgery.REMAKE)
    if len(path.line) < LEAST_MOVES:
        return
    habits = habits_of(text, path, runs)
    for name, value in habits[MANNER].items():
        if value != NONE:
            into.add(MarkKind.HABIT, name, value, GROUP, forgery=Forgery.REMAKE)
    into.store.moves = Moves(attributions(habits, shipped_table()))
