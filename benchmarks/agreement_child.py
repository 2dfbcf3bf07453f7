"""One file, read by us or by a peer, boiled down to numbers that can be compared. Runs inside workers."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from partwatch import formats
from partwatch.toolpath import rebuilt

Corners = npt.NDArray[np.float64]  # (m, 3, 3)
MM_PER_METRE = 1000.0


def ours(path: str) -> bytes:
    """What our readers make of a file; what they refuse is UnreadableError, as everywhere.

    Of a print job alone, the solids that it makes: moves that make none are no reading.
    """
    data = Path(path).read_bytes()
    reading = formats.read(data)
    if not reading.shapes:
        reading = rebuilt(reading)[0]
    built = [shape for shape in reading.shapes if "not in the build" not in shape.notes]
    corners = _concatenated(shape.mesh.vertices[shape.mesh.triangles] for shape in built)
    said = {"format": reading.format, "unread": [reason.message for reason in reading.unread]}
    return json.dumps({**said, **measured(corners)}).encode()


def peer(path: str, name: str) -> bytes:
    """The same by a peer; a refusal is {"refused": why}."""
    try:
        return json.dumps(measured(PEERS[name](path))).encode()
    except MemoryError:
        raise
    except Exception as error:
        return json.dumps({"refused": f"{type(error).__name__}: {str(error)[:200]}"}).encode()


def measured(corners: Corners) -> dict[str, Any]:
    """Triangles that have three different corners in single precision, their box, and their volume.

    `as_given` counts all triangles, those too whose corners fall together. The volume is taken about the
    box's lowest corner, so that it means the same for an open mesh.
    """
    as_given = len(corners)
    with np.errstate(over="ignore"):
        single = corners.astype(np.float32)
    whole = np.isfinite(single).all(axis=(1, 2))
    single, corners = single[whole], corners[whole]
    a, b, c = single[:, 0], single[:, 1], single[:, 2]
    apart = (a != b).any(axis=1) & (b != c).any(axis=1) & (c != a).any(axis=1)
    corners = corners[apart]
    if not len(corners):
        return {"as_given": as_given, "triangles": 0, "extents": [0.0, 0.0, 0.0], "volume": 0.0}
    low = corners.min(axis=(0, 1))
    extents = corners.max(axis=(0, 1)) - low
    with np.errstate(all="ignore"):
        x, y, z = np.moveaxis(corners - low, 1, 0)
        volume = float(np.einsum("ij,ij->", x, np.cross(y, z))) / 6
    found = {"triangles": len(corners), "extents": extents.tolist(), "volume": volume}
    return {"as_given": as_given, **found}


def _concatenated(pieces: Iterator[Corners]) -> Corners:
    return np.concatenate([np.empty((0, 3, 3)), *pieces])


def _with_trimesh(path: str) -> Corners:
    import trimesh

    # Given as a stream, it opens nothing that the file names.
    kind = Path(path).suffix[1:].lower()
    with Path(path).open("rb") as stream:
        scene = trimesh.load_scene(stream, file_type=kind, process=False, skip_materials=True)
    return _scene_corners(scene)


def _scene_corners(scene: Any) -> Corners:
    meshes = [mesh for mesh in scene.dump() if hasattr(mesh, "faces")]
    return _concatenated(np.asarray(mesh.vertices)[np.asarray(mesh.faces)] for mesh in meshes)


def _with_occt(path: str) -> Corners:
    import cascadio
    import trimesh

    from partwatch.formats.step import ANGULAR_DEFLECTION_RAD, LINEAR_DEFLECTION_MM

    glb = cascadio.load(
        Path(path).read_bytes(),
        file_type="step",
        tol_linear=LINEAR_DEFLECTION_MM,
        tol_angular=ANGULAR_DEFLECTION_RAD,
        tol_relative=False,
        use_parallel=False,
    )
    scene = trimesh.load_scene(io.BytesIO(glb), file_type="glb", process=False)
    return _scene_corners(scene) * MM_PER_METRE


def _with_lib3mf(path: str) -> Corners:
    import lib3mf

    document = lib3mf.get_wrapper().CreateModel()
    document.QueryReader("3mf").ReadFromFile(path)
    placed: list[Corners] = []
    items = document.GetBuildItems()
    while items.MoveNext():
        item = items.GetCurrent()
        T = _matrix(item.GetObjectTransform()) if item.HasObjectTransform() else np.eye(4)
        _unfold(item.GetObjectResource(), T, placed)
    return _concatenated(iter(placed))


def _unfold(resource: Any, T: npt.NDArray[np.float64], placed: list[Corners]) -> None:
    if resource.IsComponentsObject():
        for place in range(resource.GetComponentCount()):
            component = resource.GetComponent(place)
            inner = _matrix(component.GetTransform()) if component.HasTransform() else np.eye(4)
            _unfold(component.GetObjectResource(), inner @ T, placed)
    elif resource.IsMeshObject():
        vertices = np.array([list(v.Coordinates) for v in resource.GetVertices()]).reshape(-1, 3)
        triangles = np.array([list(t.Indices) for t in resource.GetTriangleIndices()], int).reshape(-1, 3)
        a, b, c = triangles.T
        triangles = triangles[(a != b) & (b != c) & (c != a)]
        placed.append((vertices @ T[:3, :3] + T[3, :3])[triangles])


def _matrix(transform: Any) -> npt.NDArray[np.float64]:
    T = np.eye(4)
    T[:, :3] = [list(row) for row in transform.Fields]
    return T


PEERS: dict[str, Callable[[str], Corners]] = {
    "trimesh": _with_trimesh,
    "OCCT": _with_occt,
    "lib3mf": _with_lib3mf,
}
