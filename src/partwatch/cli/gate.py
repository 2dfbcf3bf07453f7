"""What `partwatch watchlist` says of gate reports: as text, as JSON, as a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from partwatch.curation.gate import Gate
from partwatch.formats.worker import default_jobs
from partwatch.report.escape import visible
from partwatch.watchlist.gating import nearest_text, rate_text
from partwatch.watchlist.types import GateReport, PartEntry


@dataclass
class Told:
    """What the gate said of each part of a call, to be told in the order of the designs."""

    designs: Sequence[str]
    _reports: dict[str, list[tuple[str, GateReport]]] = field(default_factory=dict)

    def __call__(self, design: str, part: PartEntry) -> None:
        """Keep a part's report, not the part."""
        if part.gate is not None:
            self._reports.setdefault(design, []).append((part.name, part.gate))

    def reports(self) -> list[tuple[str, str, GateReport]]:
        """Design, part and report."""
        return [(name, *each) for name in self.designs for each in self._reports.get(name, ())]

    def lines(self) -> list[str]:
        """One for each part."""
        return [
            visible(f"{design}, part {part}: {report_text(report)}")
            for design, part, report in self.reports()
        ]

    def json(self, added: bool) -> dict[str, Any]:
        """As one document."""
        parts = [
            {"design": design, "part": part, "gate": report_json(report)}
            for design, part, report in self.reports()
        ]
        return {"added": added, "designs": len(self.designs), "parts": parts}


def report_text(report: GateReport) -> str:
    """The rate, the nearest look-alike, and the reason where there is one."""
    said = f"flags {rate_text(report.rate)} of 10,000 benign bodies, {nearest_text(report, 1)}"
    return said if report.allowed is None else f"{said}; listed all the same: {report.allowed}"


def made_text(report: GateReport) -> str:
    """What the report was made with, and when."""
    return f"population {report.population}, calibration {report.calibration}, {report.made.isoformat()}"


def report_json(report: GateReport) -> dict[str, Any]:
    """All of it."""
    return {
        "rate_per_10000": report.rate,
        "look_alikes": [{"name": one.name, "similarity": one.similarity} for one in report.look_alikes],
        "population": report.population,
        "calibration": report.calibration,
        "made": report.made.isoformat(),
        "allowed": report.allowed,
    }


def write_page(
    reports: Iterable[tuple[str, str, GateReport]], gate: Gate, background: Path | None, page: Path
) -> None:
    """Write the page of those parts, with pictures where the background's files are at hand."""
    from partwatch.report.look_alikes import Gated, pictures, write

    gated = [Gated(design, part, report, gate.is_generic(report)) for design, part, report in reports]
    names = (one.name for each in gated for one in each.report.look_alikes)
    write(page, gated, {} if background is None else pictures(names, background, default_jobs()))
