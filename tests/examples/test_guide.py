"""The guide speaks of every sample, and of no sample that there is not."""

from __future__ import annotations

import re
from pathlib import Path

from examples.pump import PARTS
from examples.samples import PASSWORD, all_samples

GUIDE = (Path(__file__).resolve().parents[2] / "docs/guide/first-screening.md").read_text(encoding="utf-8")


def test_the_guide_s_tables_name_every_sample_and_no_other() -> None:
    rows = "\n".join(line.split("|")[1] for line in GUIDE.splitlines() if line.startswith("|"))
    assert sorted(re.findall(r"`([\w.-]+)`", rows)) == [sample.name for sample in all_samples()]


def test_the_guide_counts_the_parts_and_knows_the_password() -> None:
    assert len(PARTS) == 14
    assert "Fourteen parts" in GUIDE
    assert f"`{PASSWORD.decode()}`" in GUIDE
