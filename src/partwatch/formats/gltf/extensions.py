"""Which extensions of glTF may carry shape, and what is said of them.

What is not known to be harmless goes unread, as in 3MF.
"""

from __future__ import annotations

from typing import Any

from partwatch.formats.gltf.container import Container, entries
from partwatch.model.document import Reason
from partwatch.model.errors import UnsupportedError

DRACO = "KHR_draco_mesh_compression"
# Looks, lights, and what the reader takes as it is: nothing here changes a shape that is not read.
_HARMLESS = (
    "KHR_mesh_quantization",
    *("KHR_materials_", "KHR_texture_", "EXT_texture_", "MSFT_texture_", "KHR_lights_", "EXT_lights_"),
    *("KHR_xmp", "KHR_node_visibility", "KHR_node_selectability", "KHR_node_hoverability"),
    *("KHR_animation_pointer", "EXT_mesh_features", "EXT_structural_metadata", "CESIUM_primitive_outline"),
)
_KNOWN = {
    DRACO: "Draco-compressed meshes",
    "EXT_meshopt_compression": "meshopt-compressed buffers",
    "KHR_meshopt_compression": "meshopt-compressed buffers",
    "EXT_mesh_gpu_instancing": "instances placed by the extension EXT_mesh_gpu_instancing",
    "KHR_gaussian_splatting": "a point cloud that is drawn as a surface",
}


def extension_reasons(container: Container) -> tuple[Reason, ...]:
    """One reason for each extension that may hold a shape which was not read."""
    root = container.root
    names: dict[str, None] = {}
    for key in ("extensionsRequired", "extensionsUsed"):
        listed = root.get(key, [])
        names.update(dict.fromkeys(str(name) for name in listed if name) if isinstance(listed, list) else {})
    # An extension that nothing announces is read by some programs all the same.
    _collect(root, names)
    for key in ("nodes", "meshes", "bufferViews", "accessors", "scenes", "buffers"):
        for each in entries(root, key):
            _collect(each, names)
            for primitive in entries(each, "primitives") if key == "meshes" else []:
                _collect(primitive, names)
    return tuple(
        Reason(
            code=UnsupportedError.code,
            message=f"the glTF file uses {_words(name)}; this was not read: export it without",
        )
        for name in names
        if not name.startswith(_HARMLESS)
    )


def _words(name: str) -> str:
    return _KNOWN.get(name, f"the extension {name[:60]!r}, which we do not know")


def _collect(owner: Any, names: dict[str, None]) -> None:
    found = owner.get("extensions") if isinstance(owner, dict) else None
    if isinstance(found, dict):
        names.update(dict.fromkeys(found))
