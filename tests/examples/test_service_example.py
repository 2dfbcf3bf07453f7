"""The service's demonstration home: where it may be made; what it holds, the browser's tests look at."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples.samples import all_samples
from examples.service import PLAN, WAITING, main

from partwatch.service.states import Act


def test_it_needs_one_folder_and_takes_none_that_holds_something(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine").touch()
    assert main([]) == 2
    assert main([str(tmp_path)]) == 1
    assert "holds something already" in capsys.readouterr().err
    assert [one.name for one in tmp_path.iterdir()] == ["mine"]


def test_what_is_planned_can_be_made_and_shows_every_act() -> None:
    names = {sample.name for sample in all_samples()}
    assert {name for one in (*PLAN, *WAITING) for name in one.files} <= names
    assert {act for one in PLAN for act, _, _ in one.told} == set(Act)
    assert all(one.by.customer is not None for one in (*PLAN, *WAITING))
