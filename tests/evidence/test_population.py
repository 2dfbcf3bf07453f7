"""Populations: weights by family, files that are whole or refused."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from partwatch.evidence.population import (
    Population,
    joined,
    population_of,
    read_population,
    shipped_population,
    write_population,
)
from partwatch.fingerprint import DESCRIPTOR_SIZE
from partwatch.model.errors import UsageError


def population(name: str = "some", families: tuple[int, ...] = (0, 0, 0, 1)) -> Population:
    n = len(families)
    rng = np.random.default_rng(len(name))
    descriptors = rng.random((n, DESCRIPTOR_SIZE)).astype(np.float16).astype(np.float32)
    return Population(
        name=name,
        descriptors=descriptors,
        families=np.array(families, dtype=np.int32),
        projects=np.zeros(n, dtype=np.int32),
        radius_mm=np.full(n, 10, dtype=np.float32),
        names=tuple(f"{k} — ü.stl [body 0]" for k in range(n)),
        project_names=(f"project of {name}",),
        sources=("CC0",),
    )


def test_each_family_weighs_the_same_however_large() -> None:
    weights = population().weights
    assert weights.tolist() == pytest.approx([1 / 6, 1 / 6, 1 / 6, 1 / 2])


def test_look_alikes_are_one_a_family_best_first() -> None:
    assert population().look_alikes(np.array([0.1, 0.9, 0.5, 0.7], dtype=np.float32), 5) == [1, 3]


def test_a_file_gives_back_what_was_written_byte_for_byte(tmp_path: Path) -> None:
    written = population()
    write_population(written, tmp_path / "a.npz")
    back = read_population(tmp_path / "a.npz")
    assert back.version == written.version
    assert back.names == written.names
    assert np.array_equal(back.descriptors, written.descriptors)
    write_population(back, tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npz", "b.npz"]


def test_another_body_is_another_version() -> None:
    one = population()
    assert one.chosen(np.array([True, True, True, False])).version != one.version


def test_joined_populations_keep_their_families_and_projects_apart() -> None:
    both = joined([population("a"), population("bb", (5, 7))])
    assert both.family_count == 4
    assert both.project_count == 2
    assert both.full_name(4) == "project of bb: 0 — ü.stl [body 0]"
    assert both.weights.sum() == pytest.approx(1)


def test_the_shipped_one_is_sound_large_and_attributed() -> None:
    shipped = shipped_population()
    assert shipped.family_count >= 500
    assert shipped.project_count >= 15
    assert all(source for source in shipped.sources)
    norms = np.linalg.norm(shipped.descriptors, axis=1)
    assert np.allclose(norms, np.sqrt(2), atol=2e-3)


def test_an_operators_own_stock_joins_the_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "background").mkdir()
    write_population(population("my shop"), tmp_path / "background" / "my-shop.npz")
    assert len(population_of(tmp_path)) == len(shipped_population()) + 4
    assert population_of(tmp_path / "elsewhere").version == shipped_population().version


def _changed(path: Path, **changes: object) -> None:
    """The file with some of its arrays, or of what it says of itself, replaced."""
    with np.load(path) as stored:
        arrays = {name: stored[name] for name in stored.files}
    about = json.loads(arrays["about"].tobytes())
    for name, value in changes.items():
        if name in arrays:
            arrays[name] = np.asarray(value)
        else:
            about[name] = value
    arrays["about"] = np.frombuffer(json.dumps(about).encode(), dtype="u1")
    np.savez(path, **arrays)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"format": "other-1"}, "other-1"),
        ({"fingerprint_version": "0"}, "fingerprint version 0"),
        ({"families": [0, 1]}, "families"),
        ({"radius_mm": [1.0, float("nan"), 1.0, 1.0]}, "radius_mm"),
        ({"projects": [0, 0, 0, 9]}, "project"),
        ({"names": []}, "descriptors"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(tmp_path: Path, changes: dict[str, object], told: str) -> None:
    path = tmp_path / "p.npz"
    write_population(population(), path)
    _changed(path, **changes)
    with pytest.raises(UsageError, match=told) as refused:
        read_population(path)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize("keep", [0, 1, 100, -30])
def test_a_cut_file_is_refused(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "p.npz"
    write_population(population(), path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(UsageError, match="damaged"):
        read_population(path)


def test_no_pickle_is_ever_loaded(tmp_path: Path) -> None:
    path = tmp_path / "p.npz"
    write_population(population(), path)
    content = io.BytesIO()
    np.lib.format.write_array(content, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["families.npy"] = content.getvalue()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    with pytest.raises(UsageError, match="allow_pickle"):
        read_population(path)


def test_one_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such population"):
        read_population(tmp_path / "none.npz")
