"""The demo's parcels: two accounts hold parts of the pump between them, the third none."""

from __future__ import annotations

import csv
from pathlib import Path

from examples.make_samples import write_samples
from examples.parcels import PARCELS, write_parcels

from partwatch.assembly.arrivals import read_groups


def test_parcels_are_samples_and_add_up(tmp_path: Path) -> None:
    write_samples(tmp_path / "samples")
    table = write_parcels(tmp_path / "samples", tmp_path / "parcels")
    with table.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == sum(len(names) for _, _, names in PARCELS.values())
    assert all((tmp_path / row["path"]).is_file() for row in rows)
    assert read_groups(table).of(str(tmp_path / rows[0]["path"]), None) is not None
