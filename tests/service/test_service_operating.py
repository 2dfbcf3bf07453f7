"""docs/operate.md names what there is: every setting with its default, every metric, every event."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import pytest

from partwatch.service import hooks
from partwatch.service.api.metrics import families
from partwatch.service.context import Service
from partwatch.service.counts import count
from partwatch.service.settings import Settings

DOCS = Path(__file__).resolve().parents[2] / "docs"
OPERATE = (DOCS / "operate.md").read_text(encoding="utf-8")
SETTINGS = [
    (f"{table.name}.{one.name}", getattr(getattr(Settings(), table.name), one.name))
    for table in fields(Settings)
    for one in fields(getattr(Settings(), table.name))
]


@pytest.mark.parametrize(("name", "default"), SETTINGS, ids=[name for name, _ in SETTINGS])
def test_every_setting_is_explained_with_its_default(name: str, default: object) -> None:
    rows = [
        line for line in OPERATE.splitlines() if line.startswith("|") and f"`{name}`" in line.split("|")[1]
    ]
    assert len(rows) == 1, f"docs/operate.md: explain {name} in a row of its table"
    written = json.dumps(list(default) if isinstance(default, tuple) else default)
    assert f"`{written}`" in rows[0].split("|")[2], f"docs/operate.md: the default of {name} is {written}"


def test_every_metric_is_named(tmp_path: Path) -> None:
    for one in families(count(Service.open(tmp_path, Settings()))):
        name = one.name.removeprefix("partwatch")
        assert f"partwatch{name}" in OPERATE or f"`{name}" in OPERATE, one.name


def test_every_kind_of_event_is_named() -> None:
    reference = (DOCS / "reference" / "webhooks.md").read_text(encoding="utf-8")
    assert [kind for kind in hooks.KINDS if f"`{kind}`" not in reference] == []
