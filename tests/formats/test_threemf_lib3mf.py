"""Our 3MF reader against lib3mf, which is the truth: same meshes, same triangles, same places, same unit."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from partwatch.formats import Reading, read
from partwatch.formats.threemf.examples import WEDGE, examples, model, package, uuid
from partwatch.model.errors import EncryptedError, UnreadableError
from partwatch.model.mesh import Unit

lib3mf = pytest.importorskip("lib3mf", reason="lib3mf has no wheel for this platform: pip install lib3mf")

UNITS = list(Unit)  # lib3mf numbers its units in the same order


@dataclass
class Placed:
    """One mesh as lib3mf places it."""

    corners: np.ndarray  # (m, 3, 3)


def with_lib3mf(path: Path) -> tuple[Unit, list[Placed]]:
    """The unit and every placed mesh in build order, without triangles that use a vertex twice."""
    document = lib3mf.get_wrapper().CreateModel()
    document.QueryReader("3mf").ReadFromFile(str(path))
    placed: list[Placed] = []
    items = document.GetBuildItems()
    while items.MoveNext():
        item = items.GetCurrent()
        T = _matrix(item.GetObjectTransform()) if item.HasObjectTransform() else np.eye(4)
        _unfold(item.GetObjectResource(), T, placed)
    return UNITS[int(document.GetUnit())], placed


def _unfold(resource: object, T: np.ndarray, placed: list[Placed]) -> None:
    if resource.IsComponentsObject():  # type: ignore[attr-defined]  # lib3mf has no types
        for place in range(resource.GetComponentCount()):  # type: ignore[attr-defined]
            component = resource.GetComponent(place)  # type: ignore[attr-defined]
            inner = _matrix(component.GetTransform()) if component.HasTransform() else np.eye(4)
            _unfold(component.GetObjectResource(), inner @ T, placed)
    elif resource.IsMeshObject():  # type: ignore[attr-defined]
        vertices = np.array([list(v.Coordinates) for v in resource.GetVertices()], dtype=np.float64).reshape(
            -1, 3
        )  # type: ignore[attr-defined]
        triangles = np.array(
            [list(t.Indices) for t in resource.GetTriangleIndices()], dtype=np.int64
        ).reshape(-1, 3)  # type: ignore[attr-defined]
        a, b, c = triangles.T
        triangles = triangles[(a != b) & (b != c) & (c != a)]
        if len(triangles):
            placed.append(Placed((vertices @ T[:3, :3] + T[3, :3])[triangles]))


def _matrix(transform: object) -> np.ndarray:
    T = np.eye(4)
    T[:, :3] = [list(row) for row in transform.Fields]  # type: ignore[attr-defined]
    return T


def volume(corners: np.ndarray) -> float:
    return float(np.einsum("ij,ij->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) / 6)


def assert_same(reading: Reading, unit: Unit, placed: list[Placed]) -> None:
    built = [shape.mesh for shape in reading.shapes if "not in the build" not in shape.notes]
    assert reading.unit is unit
    assert [len(mesh.triangles) for mesh in built] == [len(other.corners) for other in placed]
    for mesh, other in zip(built, placed, strict=True):
        corners = mesh.vertices[mesh.triangles]
        # lib3mf keeps float32; ours are the numbers of the text.
        size = np.abs(other.corners).max() + 1e-9
        np.testing.assert_allclose(corners, other.corners, rtol=0, atol=2e-6 * size)
        assert volume(corners) == pytest.approx(volume(other.corners), rel=1e-4, abs=1e-5 * size**3)


@pytest.mark.parametrize("name", examples())
def test_code_made_packages_read_as_in_lib3mf(name: str, tmp_path: Path) -> None:
    path = tmp_path / "example.3mf"
    path.write_bytes(examples()[name])
    reading = read(path.read_bytes())
    assert_same(reading, *with_lib3mf(path))
    assert reading.unread == ()


@pytest.mark.parametrize(
    "vertices",
    [
        '<vertex x="1e1" y="-0" z="0"/>',
        "<vertex x='10' y='0' z='0'/>",
        '<vertex x="10" y="0" z="0"></vertex>',
        '<vertex z="0" y="0" x="10"/>',
        '<vertex\n x = "10"\n y="0" z="0" />',
        '<!-- <vertex x="9" y="9" z="9"/> --><vertex x="10" y="0" z="0"/>',
    ],
)
def test_any_way_of_writing_a_vertex_reads_as_in_lib3mf(vertices: str, tmp_path: Path) -> None:
    mesh = WEDGE.replace('<vertex x="10" y="0" z="0"/>', vertices)
    assert mesh != WEDGE
    path = tmp_path / "example.3mf"
    path.write_bytes(
        package(
            {
                "3D/3dmodel.model": model(
                    f'<object id="1" {uuid(1)}>{mesh}</object>', f'<item objectid="1" {uuid(2)}/>'
                )
            }
        )
    )
    reading = read(path.read_bytes())
    assert_same(reading, *with_lib3mf(path))
    assert reading.shapes[0].mesh.extents.tolist() == [10.0, 6.0, 4.0]


# lib3mf reads these all the same, we say that we cannot: parts that call themselves encrypted, though
# what follows is open text, and an attribute given twice, which is no XML.
STRICTER = (EncryptedError.code, "duplicate attribute")


def corpus_files() -> list[Path]:
    root = os.environ.get("PARTWATCH_CORPUS")
    return sorted(path for path in Path(root).rglob("*") if path.suffix.lower() == ".3mf") if root else []


@pytest.mark.skipif(not corpus_files(), reason="PARTWATCH_CORPUS names no folder with 3MF files")
@pytest.mark.parametrize("path", corpus_files(), ids=lambda path: path.name)
def test_every_corpus_file_that_lib3mf_reads_is_read_alike(path: Path) -> None:
    try:
        unit, placed = with_lib3mf(path)
    except lib3mf.ELib3MFException as error:
        pytest.skip(f"lib3mf refuses it: {error}")
    if not placed:
        return
    try:
        reading = read(path.read_bytes())
    except UnreadableError as refusal:
        if refusal.code in STRICTER or any(word in str(refusal) for word in STRICTER):
            pytest.skip(f"we are stricter: {refusal}")
        raise
    assert_same(reading, unit, placed)
