"""How many inputs each target has had: a table in docs/fuzzing.md that `--record` adds to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

RECORD = Path(__file__).resolve().parents[1] / "docs" / "fuzzing.md"
_HEAD = "| target | inputs | last run |\n|---|---:|---|\n"
_TABLE = re.compile(re.escape(_HEAD) + r"(?:\|.*\n)*")
_ROW = re.compile(r"\| ([\w ]+) \| ([\d,]+) \| (\S+) \|")


def add(executions: Mapping[str, int], day: date, path: Path = RECORD) -> None:
    """Add these counts to the table. Raises ValueError where the page has none."""
    page = path.read_text(encoding="utf-8")
    found = _TABLE.search(page)
    if found is None:
        raise ValueError(f"{path} holds no table to add to")
    rows = {name: (int(count.replace(",", "")), last) for name, count, last in _ROW.findall(found[0])}
    rows.pop("all", None)
    for name, count in executions.items():
        if count:
            rows[name] = rows.get(name, (0, ""))[0] + count, day.isoformat()
    total = sum(count for count, _ in rows.values())
    lines = [f"| {name} | {count:,} | {last} |\n" for name, (count, last) in rows.items()]
    lines.append(f"| all | {total:,} | {max(last for _, last in rows.values())} |\n")
    path.write_text(page[: found.start()] + _HEAD + "".join(lines) + page[found.end() :], encoding="utf-8")
