"""Specimens: digests that know one export again, and files that are believed only as far as they fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import parts
from partwatch.curation.specimens import placed_digest, read_shown, read_specimens, write_specimens
from partwatch.geometry.bodies import Solid, split_bodies
from partwatch.model.mesh import Mesh


def solids(*meshes: Mesh) -> list[Solid]:
    return [solid for mesh in meshes for solid in split_bodies(mesh)]


def shifted(mesh: Mesh, x: float, y: float = 0.0, z: float = 0.0) -> Mesh:
    return Mesh(mesh.vertices + np.array([x, y, z]), mesh.triangles)


@pytest.mark.parametrize("name", ["bracket", "gear", "knob"])
def test_a_digest_is_the_same_wherever_the_mesh_lies_and_in_any_order(name: str) -> None:
    mesh = parts.part_mesh(name)
    digest = placed_digest(mesh)
    assert placed_digest(shifted(mesh, 512.0, -64.0, 8.0)) == digest
    assert placed_digest(parts.shuffled(mesh, 3)) == digest
    assert placed_digest(parts.flipped(mesh)) == digest


def test_a_digest_survives_the_digits_that_formats_keep() -> None:
    mesh = parts.mesh_of(parts.block(20, 12, 7))
    rounded = Mesh(np.round(mesh.vertices + 1e-7, 6), mesh.triangles)
    assert placed_digest(rounded) == placed_digest(mesh)


def test_a_digest_tells_size_orientation_shape_and_triangulation() -> None:
    mesh = parts.part_mesh("bracket")
    others = [
        parts.scaled(mesh, 1.01),
        parts.moved(mesh, parts.motion(3)),
        parts.moved(mesh, np.concatenate([np.diag([-1.0, 1, 1]), np.zeros((3, 1))], axis=1)),
        parts.finer(mesh, 5.0),
        parts.mesh_of(parts.bracket(((10, 9, 2.2),))),
        Mesh(mesh.vertices, mesh.triangles[:-1]),
    ]
    digests = {placed_digest(each) for each in (mesh, *others)}
    assert len(digests) == len(others) + 1


def test_a_file_of_one_body_is_one_specimen_in_millimetres(tmp_path: Path) -> None:
    mesh = parts.mesh_of(parts.block(2, 3, 4))
    write_specimens(tmp_path / "a.npz", solids(mesh), mm_per_unit=25.4)
    kept = read_specimens(tmp_path / "a.npz")
    assert len(kept) == 1
    assert kept.extents[0] == pytest.approx([50.8, 76.2, 101.6])
    assert kept.volume[0] == pytest.approx(24 * 25.4**3)
    assert kept.area[0] == pytest.approx(52 * 25.4**2)
    assert (bool(kept.closed[0]), int(kept.triangles[0]), kept.is_plain(0)) == (True, 12, True)
    shown = read_shown(tmp_path / "a.npz", 0)
    assert shown.mesh.extents == pytest.approx([50.8, 76.2, 101.6])
    assert np.abs(shown.cloud[:, :3]).max() <= 50.8 + 1e-3


def test_a_plate_is_the_whole_and_each_different_body_that_is_not_tiny(tmp_path: Path) -> None:
    gear, hook = parts.part_mesh("gear"), parts.part_mesh("hook")
    crumb = parts.mesh_of(parts.block(1, 1, 1))
    plate = solids(gear, shifted(gear, 128), shifted(hook, 0, 128), shifted(crumb, 0, 0, 64))
    write_specimens(tmp_path / "plate.npz", plate, mm_per_unit=1.0)
    kept = read_specimens(tmp_path / "plate.npz")
    assert len(kept) == 3
    assert kept.triangles[0] == 2 * len(gear.triangles) + len(hook.triangles) + 12
    assert {kept.placed[1], kept.placed[2]} == {placed_digest(gear), placed_digest(hook)}


def test_a_mirrored_twin_on_a_plate_is_a_body_of_its_own(tmp_path: Path) -> None:
    bracket = parts.part_mesh("bracket")
    twin = shifted(parts.flipped(Mesh(bracket.vertices * [-1, 1, 1], bracket.triangles)), 200)
    write_specimens(tmp_path / "pair.npz", solids(bracket, twin), mm_per_unit=1.0)
    assert len(read_specimens(tmp_path / "pair.npz")) == 3


def test_nothing_that_has_a_surface_gives_no_specimen(tmp_path: Path) -> None:
    write_specimens(tmp_path / "none.npz", [], mm_per_unit=1.0)
    assert len(read_specimens(tmp_path / "none.npz")) == 0


@pytest.mark.parametrize("damage", ["cut", "wrong shape", "not finite", "missing"])
def test_a_damaged_file_is_refused(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "a.npz"
    write_specimens(path, solids(parts.part_mesh("gear")), mm_per_unit=1.0)
    with np.load(path) as kept:
        arrays = dict(kept)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-200])
    else:
        if damage == "wrong shape":
            arrays["facts"] = arrays["facts"][:, :-1]
        elif damage == "not finite":
            arrays["descriptors"][0, 0] = np.nan
        else:
            del arrays["placed"]
        with path.open("wb") as file:
            np.savez(file, **arrays)
    with pytest.raises(ValueError, match=r"a\.npz|holds rows"):
        read_specimens(path)
