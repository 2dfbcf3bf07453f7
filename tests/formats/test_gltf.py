"""glTF: every node's mesh is placed, nothing beside the file is opened, what is compressed is said."""

from __future__ import annotations

import json
import re
import struct
from typing import Any

import numpy as np
import pytest
import trimesh

from partwatch.formats import Reading, ReadLimits, read
from partwatch.formats.gltf.examples import Builder, examples, wedge
from partwatch.model.errors import DamagedError, LimitError, UnreadableError, UnsupportedError
from partwatch.model.mesh import Unit

CORNERS = np.array([[0, 0, 0], [10, 0, 0], [0, 6, 0], [0, 0, 4]], dtype="<f4") / 1000


def reasons(reading: Reading) -> str:
    return "\n".join(f"{reason.code}: {reason.message}" for reason in reading.unread)


def said(builder: Builder, **limits: int) -> str:
    """What a file's reasons or its refusal say."""
    try:
        return reasons(read(builder.glb(), ReadLimits(**limits)))  # type: ignore[arg-type]  # all of them whole
    except UnreadableError as refusal:
        return f"{refusal.code}: {refusal}"


def soup(reading: Reading) -> np.ndarray:
    """Triangles as sets of corners, in one order."""
    corners = np.concatenate([shape.mesh.vertices[shape.mesh.triangles] for shape in reading.shapes])
    rolled = np.array([np.roll(t, -int(np.lexsort(t.T)[0]), axis=0) for t in np.round(corners, 7)])
    return rolled[np.lexsort(rolled.reshape(len(rolled), 9).T)]


def volume(reading: Reading) -> float:
    return sum(
        float(np.einsum("ij,ij->", t[:, 0], np.cross(t[:, 1], t[:, 2]))) / 6
        for t in (shape.mesh.vertices[shape.mesh.triangles] for shape in reading.shapes)
    )


@pytest.mark.parametrize("name", ["json", "unindexed", "strip", "fan", "strided", "sparse", "quantised"])
def test_every_way_of_writing_a_mesh_is_the_same_mesh(name: str) -> None:
    reading = read(examples()[name])
    assert reading.unit is Unit.METRE
    np.testing.assert_allclose(soup(reading), soup(read(examples()["glb"])), atol=2e-7)


@pytest.mark.parametrize("index_type", ["<u1", "<u2", "<u4"])
def test_indices_of_any_width_are_read(index_type: str) -> None:
    np.testing.assert_array_equal(soup(read(wedge(index_type).glb())), soup(read(examples()["glb"])))


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2"])
@pytest.mark.parametrize("normalized", [True, False])
def test_positions_of_any_component_type_are_read(dtype: str, normalized: bool) -> None:
    values = np.array([[0, 0, 0], [100, 0, 0], [0, 60, 0], [0, 0, 40]]).astype(f"<{dtype}")
    made = Builder()
    position = made.accessor(values, **({"normalized": True} if normalized else {}))
    made.primitive(position, made.accessor(np.array([0, 2, 1, 0, 1, 3, 1, 2, 3, 0, 3, 2], "<u2")))
    scale = np.iinfo(values.dtype).max if normalized else 1
    np.testing.assert_allclose(read(made.glb()).shapes[0].mesh.extents, np.array([100, 60, 40]) / scale)


def test_nodes_are_placed_by_their_matrices_or_turns_and_mirrors_stay_outside_out() -> None:
    turned, mirrored = read(examples()["nodes"]).shapes
    assert (turned.name, mirrored.name) == ("pair", "mirrored")
    # Turned by 90 degrees about z, shifted by 0.1, then all doubled.
    np.testing.assert_allclose(turned.mesh.vertices.min(axis=0), [0.188, 0, 0], atol=1e-6)
    np.testing.assert_allclose(turned.mesh.vertices.max(axis=0), [0.2, 0.02, 0.008], atol=1e-6)
    np.testing.assert_allclose(mirrored.mesh.vertices.min(axis=0), [-0.02, 0, 0], atol=1e-6)
    assert volume(read(examples()["nodes"])) == pytest.approx(2 * 8 * 40e-9, rel=1e-4)


def test_what_trimesh_writes_is_read_as_trimesh_reads_it() -> None:
    scene = trimesh.Scene()
    for place, mesh in enumerate((trimesh.creation.box((1, 2, 3)), trimesh.creation.icosphere(2))):
        turn = trimesh.transformations.rotation_matrix(0.3 + place, [1, 2, 3], [4, 5, 6])
        scene.add_geometry(mesh, f"part {place}", transform=turn)
    reading = read(scene.export(file_type="glb"))
    theirs = trimesh.util.concatenate(scene.dump())
    assert sum(len(shape.mesh.triangles) for shape in reading.shapes) == len(theirs.faces)
    assert volume(reading) == pytest.approx(theirs.volume, rel=1e-5)
    ours = np.concatenate([shape.mesh.vertices for shape in reading.shapes])
    np.testing.assert_allclose([ours.min(axis=0), ours.max(axis=0)], theirs.bounds, atol=1e-5)


def test_meshes_and_nodes_outside_the_scene_are_handed_over_and_noted() -> None:
    made = wedge()
    made.root["nodes"].append({"mesh": 0, "name": "spare", "translation": [1, 0, 0]})
    made.root["meshes"].append({"name": "loose", **made.root["meshes"][0]})
    found = [(shape.name, shape.notes) for shape in read(made.glb()).shapes]
    assert found == [("wedge", ()), ("spare", ("not in a scene",)), ("loose", ("not in a scene",))]


@pytest.mark.parametrize(
    "uri", ["part.bin", "../../etc/passwd", "file:///etc/passwd", "http://example.org/a.bin"]
)
def test_a_buffer_in_another_file_is_unread_and_never_opened(
    uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        pytest.fail("a file was opened")

    data = wedge().gltf(uri)
    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(UnsupportedError, match="lies in another file") as caught:
        read(data)
    assert uri in str(caught.value)


def test_a_mesh_beside_one_in_another_file_is_read() -> None:
    made = wedge()
    made.root["bufferViews"].append({"buffer": 1, "byteLength": 48})
    made.root["accessors"].append({"bufferView": 2, "componentType": 5126, "count": 4, "type": "VEC3"})
    made.primitive(2, 1)
    root = json.loads(made.gltf())
    root["buffers"].append({"byteLength": 48, "uri": "more.bin"})
    reading = read(json.dumps(root).encode())
    assert len(reading.shapes) == 1
    assert "more.bin" in reasons(reading)


def changed(path: str, value: Any) -> Builder:
    """A wedge with one thing changed, `a.0.b` deep."""
    made = wedge()
    here: Any = made.root
    *way, last = path.split(".")
    for step in way:
        here = here[int(step)] if isinstance(here, list) else here[step]
    here[int(last) if isinstance(here, list) else last] = value
    return made


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("accessors.0.count", 5, r"accessors\[0\]: 5 elements reach beyond"),
        ("accessors.0.count", -1, "not a whole number"),
        ("accessors.0.count", 10**12, "refers|limit"),
        ("accessors.0.bufferView", 9, r"no bufferViews\[9\]"),
        ("accessors.0.byteOffset", 10**9, "reach beyond"),
        ("accessors.0.type", "VEC2", "of type 'VEC2', not VEC3"),
        ("accessors.0.componentType", 5124, "no component type has the number 5124"),
        ("accessors.1.componentType", 5126, "not whole numbers|reach beyond"),
        ("accessors.1.count", 11, "no whole number of triangles"),
        ("bufferViews.0.byteLength", 10**9, "of a buffer of"),
        ("bufferViews.0.byteStride", 1, "a stride of 1 cannot be"),
        ("bufferViews.0.byteStride", 0, "a stride of 0 cannot be"),
        ("bufferViews.0.buffer", 3, r"no buffers\[3\]"),
        ("meshes.0.primitives.0.mode", 9, "no mode has the number 9"),
        ("meshes.0.primitives.0.indices", 7, r"no accessors\[7\]"),
        ("meshes.0.primitives.0.attributes", {}, "'POSITION' is 'None'"),
        ("meshes.0.primitives", 7, "'primitives' is no list"),
        ("nodes.0.mesh", 3, r"no meshes\[3\]"),
        ("nodes.0.children", [0], r"nodes\[0\]: contains itself"),
        ("nodes.0.children", [8], r"no nodes\[8\]"),
        ("nodes.0.scale", [1, 1, 0], "flattens it"),
        ("nodes.0.scale", [1, 1, 1e400], "malformed|not 3 finite"),
        ("nodes.0.matrix", [1, 2, 3], r"nodes\[0\]: 'matrix' is not 16 finite numbers"),
        ("nodes.0.rotation", "x", "not 4 finite numbers"),
        ("nodes.0.skin", 0, "posed by a skeleton"),
        ("asset.version", "1.0", "version '1.0'"),
        ("asset.version", 2, "does not state its version"),
        ("meshes.0.primitives.0.targets", [{"POSITION": 0}], "morph"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(path: str, value: Any, message: str) -> None:
    assert re.search(message, said(changed(path, value)))


@pytest.mark.parametrize(
    ("extension", "message"),
    [
        ("KHR_draco_mesh_compression", "Draco"),
        ("EXT_meshopt_compression", "meshopt"),
        ("EXT_mesh_gpu_instancing", "instances"),
        ("VENDOR_new_shapes", "'VENDOR_new_shapes', which we do not know"),
    ],
)
def test_extensions_that_may_hold_a_shape_go_unread_aloud(extension: str, message: str) -> None:
    made = wedge()
    made.root["extensionsUsed"] = [extension]
    assert message in said(made)
    # Some programs read one that nothing announces.
    unannounced = wedge()
    unannounced.root["meshes"][0]["primitives"][0]["extensions"] = {extension: {}}
    assert message in said(unannounced)


def test_a_mesh_compressed_by_draco_is_no_heap_of_zeros() -> None:
    made = wedge()
    del made.root["accessors"][0]["bufferView"]
    made.root["meshes"][0]["primitives"][0]["extensions"] = {"KHR_draco_mesh_compression": {"bufferView": 0}}
    with pytest.raises(UnsupportedError, match="Draco"):
        read(made.glb())


def test_extensions_of_looks_change_nothing() -> None:
    made = wedge()
    made.root["extensionsUsed"] = ["KHR_materials_clearcoat", "KHR_texture_transform", "KHR_lights_punctual"]
    assert read(made.glb()).unread == ()


def test_nodes_that_multiply_end_at_a_limit() -> None:
    made = wedge()
    made.root["nodes"] = [{"children": [k + 1] * 20} for k in range(30)] + [{"mesh": 0}]
    assert "limit: " in said(made)
    assert "limit: " in said(made, max_members=10)
    deep = wedge()
    deep.root["nodes"] = [{"children": [k + 1]} for k in range(3000)] + [{"mesh": 0}]
    assert "nested more than 64 deep" in said(deep)


def test_a_count_without_data_sets_no_memory_aside() -> None:
    made = changed("accessors.0.count", 3_000_000_000)
    del made.root["accessors"][0]["bufferView"]
    with pytest.raises(LimitError, match="more than the limit"):
        read(made.glb())


def test_points_and_lines_have_no_surface() -> None:
    with pytest.raises(UnsupportedError, match="points or lines"):
        read(changed("meshes.0.primitives.0.mode", 1).glb())


def test_positions_that_are_no_numbers_are_dropped_aloud() -> None:
    made = Builder()
    broken = CORNERS.copy()
    broken[1, 0] = np.nan
    made.primitive(made.accessor(broken), made.accessor(np.array([0, 2, 1, 0, 3, 2], "<u2")))
    reading = read(made.glb())
    assert sum(len(shape.mesh.triangles) for shape in reading.shapes) == 1
    assert "not numbers" in reasons(reading)


GLB = examples()["glb"]


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (GLB[:4] + struct.pack("<I", 1) + GLB[8:], UnsupportedError, "version 1"),
        (GLB[:-4], DamagedError, "cut short"),
        (GLB[:10], DamagedError, "within its header"),
        (GLB[:12] + struct.pack("<I", 1 << 31) + GLB[16:], DamagedError, "reaches beyond"),
        (GLB[:16] + b"BIN\0" + GLB[20:], DamagedError, "JSON chunk"),
        (b'{"asset": {"version": "2.0"}, "asset": 1}', DamagedError, "one name twice"),
        (b'{"asset": {"version": "2.0"}, "nodes": ' + b"[" * 100_000, DamagedError, "malformed"),
        (b'{"asset": {"version": "2.0"}, "x": ' + b"9" * 100_000 + b"}", DamagedError, "malformed"),
        (b'{"asset": {"version": "2.0"}, "x": NaN}', DamagedError, "NaN is no number"),
        (b'{"asset": {"version": "2.0"}}', DamagedError, "no triangle"),
        (b'{"meshes": []}', DamagedError, "does not state its version"),
        (b'{"asset": []}', DamagedError, "'asset' is no object"),
        (wedge().gltf("data:;base64,!!"), DamagedError, "data URI is malformed"),
        (wedge().gltf("data:;base64,AAAA"), DamagedError, "promises 72 bytes and holds 3"),
    ],
)
def test_a_broken_container_is_refused(data: bytes, error: type[UnreadableError], message: str) -> None:
    with pytest.raises(error, match=message):
        read(data)


def test_more_than_the_glb_says_goes_unread_aloud() -> None:
    assert "follow the end of the GLB" in reasons(read(GLB + b"more"))
    chunk = struct.pack("<I4s", 4, b"MORE") + b"more"
    longer = GLB[:8] + struct.pack("<I", len(GLB) + len(chunk)) + GLB[12:] + chunk
    assert "a chunk of kind" in reasons(read(longer))
