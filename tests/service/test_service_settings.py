"""Settings: as they stand where no file says otherwise, and every problem at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from partwatch.model.errors import UsageError
from partwatch.service.settings import Intake, Settings, read_settings


def written(home: Path, text: str) -> Path:
    (home / "service").mkdir(exist_ok=True)
    (home / "service" / "service.toml").write_text(text)
    return home


def test_without_a_file_they_are_as_they_stand(tmp_path: Path) -> None:
    assert read_settings(tmp_path) == Settings()


def test_a_file_changes_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    home = written(tmp_path, "[intake]\nfile_mb = 7\n[screening]\ntimeout_s = 5\nhold = 'match'\n")
    read = read_settings(home)
    assert read.intake == Intake(file_mb=7)
    assert (read.screening.timeout_s, read.screening.hold) == (5.0, "match")
    assert read.near_copies == Settings().near_copies


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1", "x: is no setting"),
        ("intake = 3", "intake: is not a table"),
        ("[intake]\nfile_mb = 'a'", "intake.file_mb: 'a' is not a whole number"),
        ("[intake]\nfile_mb = true", "intake.file_mb: True is not a whole number"),
        ("[intake]\nfile_mb = -1", "intake.file_mb: is below 0"),
        ("[screening]\nhold = 'clear'", "screening.hold: is not"),
        ("[screening", "is not valid TOML"),
    ],
)
def test_what_is_wrong_is_told_with_its_file_and_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError) as told:
        read_settings(written(tmp_path, text))
    assert said in str(told.value)
    assert "service.toml" in str(told.value)


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as told:
        read_settings(written(tmp_path, "x = 1\n[intake]\ny = 2\nfile_mb = ''\n"))
    assert len(str(told.value).splitlines()) == 3
