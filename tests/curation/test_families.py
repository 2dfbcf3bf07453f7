"""Families: near-duplicates of one project, and files said to be the same; nothing else."""

from __future__ import annotations

import numpy as np

from partwatch.curation.families import families_of


def unit(*angles: float) -> np.ndarray:
    """Descriptors of two blocks of unit length each; similarity is 2 cos of the angle between them."""
    return np.array([[np.cos(a), np.sin(a), np.cos(a), np.sin(a)] for a in angles], dtype=np.float32)


def test_chains_of_revisions_are_one_family_within_a_project_only() -> None:
    families = families_of(
        unit(0.0, 0.1, 0.2, 0.2, 1.0),
        np.full(5, 10.0),
        np.array([0, 0, 0, 1, 0], dtype=np.int32),
        list("abcde"),
    )
    assert families[0] == families[1] == families[2]
    assert len({int(families[k]) for k in (0, 3, 4)}) == 3


def test_another_size_is_another_family() -> None:
    families = families_of(unit(0, 0), np.array([10.0, 20.0]), np.zeros(2, dtype=np.int32), ["a", "b"])
    assert families[0] != families[1]


def test_files_said_to_be_the_same_are_one_family_across_projects() -> None:
    families = families_of(
        unit(0, 1.5), np.array([10.0, 99.0]), np.array([0, 1], dtype=np.int32), ["same", "same"]
    )
    assert families[0] == families[1]
