"""Rarity: counted by project, bounded by what a population can support, and nobody's name in the table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from partwatch.model.errors import UsageError
from partwatch.model.marks import Forgery, Mark, MarkKind, Where
from partwatch.provenance.marks.rarity import (
    Census,
    Table,
    read_table,
    shipped_table,
    upper_share,
    weighed,
    write_table,
)


def mark(value: str, kind: MarkKind = MarkKind.SETTING, name: str = "layer_height") -> Mark:
    return Mark(
        kind=kind, name=name, value=value, where=Where(line=1), group="gcode settings",
        forgery=Forgery.TEXT_EDITOR, times=1,
    )  # fmt: skip


def table(projects: int = 20, common: int = 5) -> Table:
    """Of so many projects with three files each, so many have 0.2, the others a value of their own."""
    census = Census()
    for project in range(projects):
        value = "0.2" if project < common else f"0.{project + 30}"
        for _ in range(3):
            census.add(
                f"project {project}", [mark(value), mark(f"person {project}", MarkKind.AUTHOR, "Designer")]
            )
    return census.table("a population", "made up")


def test_projects_are_counted_and_not_files() -> None:
    found = table().rarity(mark("0.2"))
    assert found is not None
    assert (found.projects, found.of_projects, found.files, found.of_files) == (5, 20, 15, 60)
    assert found.share_upper == pytest.approx(beta.ppf(0.95, 6, 15), abs=1e-4)
    assert found.bits == pytest.approx(-np.log2(found.share_upper), abs=0.01)


def test_what_nobody_has_is_bounded_by_the_population_s_size() -> None:
    for projects in (1, 5, 20, 80):
        found = table(projects, 1).rarity(mark("9.9"))
        assert found is not None
        assert found.projects == 0
        # The rule of three, nearly: 1 - 0.05 ** (1 / n).
        assert found.share_upper == pytest.approx(1 - 0.05 ** (1 / projects), abs=1e-4)
        assert 0 < found.bits < np.log2(projects) + 1


def test_what_everybody_has_is_worth_nothing() -> None:
    found = table(20, 20).rarity(mark("0.2"))
    assert found is not None
    assert found.bits == 0


def test_of_names_that_the_population_does_not_know_it_says_nothing() -> None:
    assert table().rarity(mark("1", name="unheard_of")) is None
    assert weighed([mark("1", name="unheard_of")], table())[0].rarity is None
    assert weighed([mark("0.2")], None)[0].rarity is None


@given(st.integers(0, 60), st.integers(1, 60))
def test_upper_limits_are_those_of_clopper_and_pearson(seen: int, more: int) -> None:
    of = seen + more
    assert upper_share(seen, of) == pytest.approx(beta.ppf(0.95, seen + 1, of - seen), abs=1e-9)


def test_a_name_of_one_project_is_not_in_the_table_and_counts_as_if_it_were() -> None:
    made = table()
    assert len(made.values) == 1 + 15
    own = made.rarity(mark("person 3", MarkKind.AUTHOR, "Designer"))
    strange = made.rarity(mark("somebody else", MarkKind.AUTHOR, "Designer"))
    assert own == strange
    assert own is not None
    assert (own.projects, own.counted) == (0, 1)
    assert own.share_upper == pytest.approx(upper_share(1, 20), abs=1e-4)


def test_a_table_is_read_as_it_was_written_and_the_same_counts_give_the_same_bytes(tmp_path: Path) -> None:
    write_table(table(), tmp_path / "a.npz")
    write_table(table(), tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    again = read_table(tmp_path / "a.npz")
    assert again.about == table().about
    assert again.rarity(mark("0.2")) == table().rarity(mark("0.2"))


@pytest.mark.parametrize("content", [b"", b"no table", b"PK\x03\x04"])
def test_what_is_no_table_is_refused_by_name(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bad.npz"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"bad\.npz"):
        read_table(path)


def test_a_table_of_another_kind_or_order_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.npz"
    np.savez(path, about=np.zeros(3, "u1"))
    with pytest.raises(UsageError, match="make it anew"):
        read_table(path)
    made = table()
    swapped = Table(made.about, made.names[::-1], made.name_counts, made.values, made.value_counts)
    write_table(swapped, path)
    with pytest.raises(UsageError, match="damaged"):
        read_table(path)


def test_what_ships_is_small_names_its_source_and_bounds_every_mark() -> None:
    shipped = shipped_table()
    assert shipped.about.projects >= 20
    assert shipped.about.source.startswith("MANIFEST.csv ")
    assert len(shipped.values) > 2000
    assert shipped.name_counts[:, 0].max() <= shipped.about.projects
    found = shipped.rarity(mark("such a value stands nowhere", MarkKind.OBJECT_NAME, "object"))
    assert found is not None
    assert found.bits <= -np.log2(upper_share(1, shipped.about.projects)) + 0.01
