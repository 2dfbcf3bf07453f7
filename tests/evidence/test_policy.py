"""The policy file: what it takes and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from partwatch.evidence.policy import AlertPolicy, read_policy
from partwatch.model.errors import UsageError

GOOD = 'name = "our shop"\nmatch_per_10000 = 0.5\nreview_per_10000 = 20\n'


def test_a_policy_is_read_as_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(GOOD)
    assert read_policy(path) == AlertPolicy("our shop", 0.5, 20.0)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("name", "nom", "nom"),
        ('name = "our shop"\n', "", "name is missing"),
        ('"our shop"', '" "', "name"),
        ("0.5", "-1", "match_per_10000"),
        ("0.5", "nan", "match_per_10000"),
        ("0.5", "true", "match_per_10000"),
        ("= 20", '= "many"', "review_per_10000"),
        ("= 20", "= 0.1", "weaker"),
        ("= 20", "=", "not TOML"),
    ],
)
def test_what_does_not_fit_is_refused_by_file_and_key(tmp_path: Path, old: str, new: str, told: str) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(UsageError, match=told) as refused:
        read_policy(path)
    assert str(path) in str(refused.value)


def test_one_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.toml"):
        read_policy(tmp_path / "none.toml")
