"""The transparency report as CSV, one figure a row: for a spreadsheet."""

from __future__ import annotations

import csv
import io

from partwatch.model.transparency import TransparencyReport
from partwatch.report.transparency_words import rows


def table_of(report: TransparencyReport) -> str:
    """CSV (RFC 4180) with a head. Nothing in it comes from outside: no cell can be taken for a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("since", "until", "section", "name", "unit", "value"))
    for section, name, unit, value in rows(report):
        told = "" if value is None else value
        writer.writerow((report.since, report.until, section, name, unit, told))
    return out.getvalue()
