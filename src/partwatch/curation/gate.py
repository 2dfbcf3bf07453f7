"""The goodware gate: what a part would flag among benign bodies is said before it is listed, and recorded.

A plain pin on a list matches half the world. The gate does not know what makes a report: whoever asks it
brings that along.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

from partwatch.model.errors import HeldBackError, UsageError
from partwatch.watchlist.gating import nearest_text, rate_text
from partwatch.watchlist.rules import text_problem
from partwatch.watchlist.types import DesignEntry, GateReport, PartEntry

# Benign bodies of 10,000 that a part may flag: as many false alerts as the policy allows for a match.
GATE_RATE: Final = 1.0
_LOOK_ALIKES_TOLD: Final = 3
_MEND: Final = (
    "nothing was added: leave these parts out, or list them all the same with --allow-generic REASON, "
    "which is recorded"
)

Assess = Callable[[PartEntry], GateReport]
Tell = Callable[[str, PartEntry], None]


class Gate:
    """assess: makes a part's report. most: benign bodies of 10,000 that a part may flag without a reason.
    version: what its reports are made with (`watchlist.types.gate_version`)."""

    def __init__(self, assess: Assess, most: float, version: str) -> None:
        self._assess = assess
        self.most = most
        self.version = version

    def is_generic(self, report: GateReport) -> bool:
        """Whether a part with that report is held back."""
        # Not `>`: what is no number does not pass.
        return not report.rate <= self.most

    def checked(
        self,
        entries: Iterable[DesignEntry],
        allow: str | None,
        told: Tell = lambda design, part: None,
    ) -> Iterator[DesignEntry]:
        """The designs, with a report for each part.

        allow: why parts above the rate are listed all the same; it is recorded in the reports of those.
        told: called with each design's name and each of its parts with its report, held back or not.
        Raises HeldBackError at the end, naming every part that is held back; after the first of them no more
        designs are given out. UsageError where `allow` says nothing.
        """
        if allow is not None and (problem := text_problem(allow)) is not None:
            raise UsageError(f"--allow-generic: the reason {problem}")
        held: list[tuple[str, int, str]] = []
        for entry in entries:
            parts = tuple(self._with_report(part, allow) for part in entry.parts)
            for place, part in enumerate(parts):
                told(entry.name, part)
                if part.gate is not None and part.gate.allowed is None and self.is_generic(part.gate):
                    held.append((entry.name, place, self._problem(entry.name, part.name, part.gate)))
            if not held:
                yield replace(entry, parts=parts)
        if held:
            raise HeldBackError([line for _, _, line in sorted(held)], _MEND)

    def renewed(self, entries: Iterable[DesignEntry]) -> Iterator[DesignEntry]:
        """Listed designs with their reports made anew; a reason that was recorded stays."""
        for entry in entries:
            parts = tuple(self._renewed(part) for part in entry.parts)
            yield replace(entry, parts=parts)

    def _with_report(self, part: PartEntry, allow: str | None) -> PartEntry:
        report = self._assess(part)
        return replace(part, gate=replace(report, allowed=allow if self.is_generic(report) else None))

    def _renewed(self, part: PartEntry) -> PartEntry:
        allowed = None if part.gate is None else part.gate.allowed
        return replace(part, gate=replace(self._assess(part), allowed=allowed))

    def _problem(self, design: str, part: str, report: GateReport) -> str:
        like = nearest_text(report, _LOOK_ALIKES_TOLD)
        return (
            f'design "{design}", part "{part}": would flag {rate_text(report.rate)} of 10,000 benign bodies, '
            f"and {self.most:g} may pass: {like}"
        )
