"""Gate reports in a list: as rows, as rules, as words. What makes them lies further down the stream."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from partwatch.model.errors import StoreError
from partwatch.watchlist.schema import GATE_REPORTS
from partwatch.watchlist.types import DesignEntry, GateReport, LookAlike

MAX_LOOK_ALIKES: Final = 100
_MAX_CHARACTERS: Final = 10_000
_BODIES: Final = 10_000


def pack_report(report: GateReport) -> dict[str, Any]:
    """The columns of the `gate_reports` table, without the part's id."""
    return {
        "rate": float(report.rate),
        "look_alikes": json.dumps([[one.name, float(one.similarity)] for one in report.look_alikes]),
        "population": report.population,
        "calibration": report.calibration,
        "made": report.made.isoformat(),
        "allowed": report.allowed,
    }


def unpack_report(row: Row[Any]) -> GateReport | None:
    """The report from those columns; None where all are empty. StoreError where they are damaged."""
    if row.rate is None:
        return None
    try:
        look_alikes = tuple(LookAlike(str(name), float(near)) for name, near in json.loads(row.look_alikes))
        made = date.fromisoformat(row.made)
    except (ValueError, TypeError) as error:
        raise StoreError(
            f"the list holds a damaged gate report ({error}); restore it from a backup or an export"
        ) from error
    return GateReport(row.rate, look_alikes, row.population, row.calibration, made, row.allowed)


def reports(connection: Connection) -> dict[int, GateReport]:
    """All reports, by part id."""
    found = ((row.part_id, unpack_report(row)) for row in connection.execute(select(GATE_REPORTS)))
    return {part_id: report for part_id, report in found if report is not None}


def report_problems(report: GateReport) -> Iterator[str]:
    """What no report may hold, wherever it came from."""
    if not (math.isfinite(report.rate) and 0 <= report.rate <= _BODIES):
        yield f"its gate report's rate is no number from 0 to {_BODIES}"
    if not all(math.isfinite(one.similarity) for one in report.look_alikes):
        yield "its gate report's similarities are no numbers"
    if len(report.look_alikes) > MAX_LOOK_ALIKES:
        yield f"its gate report names more than {MAX_LOOK_ALIKES} look-alikes"
    told = [report.population, report.calibration, *(one.name for one in report.look_alikes)]
    # Files name themselves, so anything that can be kept is; whoever shows it makes it visible.
    if not all(_can_be_kept(text) for text in (*told, report.allowed or "-")):
        yield "its gate report holds an empty text, one that is too long, or one that is no Unicode"


def check_reports(entry: DesignEntry, version: str) -> None:
    """Raises StoreError naming each part whose report is missing or was not made with that version."""
    problems = [
        f'design "{entry.name}": part "{part.name}": {_lacks(part.gate)}; '
        "add it with `partwatch watchlist add`, which asks the goodware gate"
        for part in entry.parts
        if part.gate is None or part.gate.version != version
    ]
    if problems:
        raise StoreError("\n".join(problems))


def _lacks(report: GateReport | None) -> str:
    if report is None:
        return "has no gate report"
    return f"its gate report is stale: it was made with population and calibration {report.version}"


def rate_text(rate: float) -> str:
    """A rate for people: two digits behind the point where it is small, none where it is large."""
    if 0 < rate < 0.01:
        return "under 0.01"
    return f"{rate:,.2f}" if rate < 10 else f"{rate:,.0f}"


def nearest_text(report: GateReport, most: int) -> str:
    """The nearest look-alikes by name, the best first."""
    if not report.look_alikes:
        return "like no body of the background"
    told = [f"{one.name} ({one.similarity:.2f} of 2)" for one in report.look_alikes[:most]]
    return f"most like {'; '.join(told)}"


def _can_be_kept(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return 0 < len(text) <= _MAX_CHARACTERS
