"""The writers' files, read back by somebody else's reader: same size, same volume, same content."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import cascadio
import lib3mf
import numpy as np
import pytest
import trimesh
from examples.changes import solid_of
from examples.samples import PASSWORD, all_samples, listed
from examples.shapes import box, mesh_of
from examples.writers.archive import encrypt, locked_zip, plain_zip
from examples.writers.indexed import obj, ply
from examples.writers.planar import flat_faces
from examples.writers.step import step
from examples.writers.stl import ascii_stl, binary_stl
from examples.writers.threemf import Placed, threemf
from manifold3d import Manifold

PART = "hose-clamp"


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("stl", binary_stl(listed(PART))),
        ("stl_ascii", ascii_stl(listed(PART))),
        ("obj", obj(listed(PART))),
        ("ply", ply(listed(PART))),
    ],
)
def test_a_mesh_reads_back_with_its_triangles(kind: str, content: bytes) -> None:
    part = listed(PART)
    loaded = trimesh.load_mesh(io.BytesIO(content), file_type=kind)
    assert len(loaded.faces) == len(part.triangles)
    assert loaded.volume == pytest.approx(solid_of(part).volume(), rel=1e-5)
    np.testing.assert_allclose(loaded.bounds[1] - loaded.bounds[0], part.extents, rtol=1e-6)


@pytest.mark.parametrize("name", ["bracket", "hose-clamp", "crank-arm"])
def test_step_loads_to_the_same_size_and_volume(name: str, tmp_path: Path) -> None:
    part = listed(name)
    loaded = _load_step(step(part, name), tmp_path)
    assert loaded.is_watertight
    assert loaded.volume == pytest.approx(solid_of(part).volume(), rel=1e-5)
    np.testing.assert_allclose(sorted(loaded.extents), sorted(part.extents), rtol=1e-5)


def test_step_of_a_box_has_six_faces() -> None:
    cube = mesh_of(box((10.0, 20.0, 30.0)))
    assert step(cube).count(b"ADVANCED_FACE") == 6
    assert step(cube).count(b"EDGE_CURVE") == 12


def test_a_face_with_holes_is_one_face_with_its_outer_loop_first() -> None:
    plate = box((40.0, 40.0, 5.0)) - box((10.0, 10.0, 20.0), z=-5.0)
    faces = flat_faces(mesh_of(plate))
    assert sorted(len(face.loops) for face in faces) == [1] * 8 + [2] * 2
    for face in faces:
        spans = [np.ptp(mesh_of(plate).vertices[loop], axis=0).max() for loop in face.loops]
        assert spans[0] == max(spans)


def test_a_face_that_touches_itself_in_a_point_falls_back_to_triangles_and_still_closes(
    tmp_path: Path,
) -> None:
    pit = Manifold.cylinder(4.0, 0.0, 5.0, 4)
    solid = box((40.0, 30.0, 8.0)) - pit.translate((-5.0, 0.0, 4.0)) - pit.translate((5.0, 0.0, 4.0))
    faces = flat_faces(mesh_of(solid))
    assert sum(len(face.loops[0]) == 3 and face.normal[2] == 1.0 for face in faces) > 4
    assert _load_step(step(mesh_of(solid)), tmp_path).volume == pytest.approx(solid.volume(), rel=1e-5)


def test_threemf_reads_back_with_names_unit_and_places() -> None:
    one, other = listed("spacer-ring"), listed("dowel-pin")
    model = _load_threemf(
        threemf([Placed("ring", one), Placed("pin & nut", other, (50.0, 0.0, 2.5))], "inch")
    )
    assert model.GetUnit() == lib3mf.ModelUnit.Inch
    items = model.GetBuildItems()
    found = {}
    while items.MoveNext():
        item = items.GetCurrent()
        mesh = model.GetMeshObjectByID(item.GetObjectResource().GetUniqueResourceID())
        found[mesh.GetName()] = (
            mesh.GetTriangleCount(),
            [row[:] for row in item.GetObjectTransform().Fields][3][:],
        )
    assert found == {
        "ring": (len(one.triangles), [0.0, 0.0, 0.0]),
        "pin & nut": (len(other.triangles), [50.0, 0.0, 2.5]),
    }


def test_a_locked_zip_opens_with_its_password_only() -> None:
    content = {"a.stl": bytes(range(256)) * 20, "empty.txt": b""}
    archive = zipfile.ZipFile(io.BytesIO(locked_zip(content, b"correct")))
    assert {name: archive.read(name, pwd=b"correct") for name in archive.namelist()} == content
    with pytest.raises(RuntimeError, match="encrypted"):
        archive.read("a.stl")
    with pytest.raises(RuntimeError, match="Bad password"):
        archive.read("a.stl", pwd=b"wrong")


def test_locked_bytes_do_not_show_the_content() -> None:
    content = b"solid example " * 50
    locked = encrypt(content, PASSWORD)
    assert len(locked) == len(content) + 12
    assert b"solid" not in locked


def test_a_plain_zip_reads_back_and_is_the_same_every_time() -> None:
    content = {"folder/a.txt": b"a" * 999, "b.txt": b""}
    archive = zipfile.ZipFile(io.BytesIO(plain_zip(content)))
    assert archive.testzip() is None
    assert {name: archive.read(name) for name in archive.namelist()} == content
    assert plain_zip(content) == plain_zip(content)


def test_every_sample_is_the_same_every_time() -> None:
    again = {sample.name: sample.content() for sample in all_samples()}
    assert {sample.name: sample.content() for sample in all_samples()} == again


def _load_step(content: bytes, folder: Path) -> trimesh.Trimesh:
    """Through OCCT to millimetres; GLB, which it hands over, is in metres."""
    source, target = folder / "part.step", folder / "part.glb"
    source.write_bytes(content)
    cascadio.step_to_glb(str(source), str(target), tol_linear=0.01)
    loaded = trimesh.load(target, force="mesh")
    loaded.merge_vertices(merge_norm=True, merge_tex=True)
    return loaded.apply_scale(1000.0)


def _load_threemf(content: bytes) -> lib3mf.Model:
    """The reference reader's model, held to have read without a warning."""
    model = lib3mf.get_wrapper().CreateModel()
    reader = model.QueryReader("3mf")
    reader.SetStrictModeActive(True)
    reader.ReadFromBuffer(content)
    assert reader.GetWarningCount() == 0
    return model
