"""glTF 2.0, as GLB or as JSON with its buffers in data URIs. Other files are never opened.

Lengths are in metres by the specification (3.4); many programs that export for printing write
millimetres all the same, which shows as a scale of a thousand.
"""

from __future__ import annotations

import re

from partwatch.formats.base import Format, Reading, ReadLimits
from partwatch.formats.gltf.container import MAGIC, Container, open_container, part
from partwatch.formats.gltf.examples import examples
from partwatch.formats.gltf.extensions import extension_reasons
from partwatch.formats.gltf.scene import Scene
from partwatch.model.document import Medium
from partwatch.model.errors import DamagedError, LimitError, UnreadableError, UnsupportedError
from partwatch.model.mesh import Unit

# "asset" may stand anywhere in the text; one of these is sure to come early.
_JSON = re.compile(rb"(?:\xef\xbb\xbf)?\s*\{")
_KEYS = re.compile(rb'"(?:asset|accessors|bufferViews|buffers|meshes|scenes)"\s*:')


def recognises(head: bytes, _size: int) -> bool:
    """By the magic of GLB, or by JSON that has one of glTF's own keys."""
    return head.startswith(MAGIC) or (_JSON.match(head) is not None and _KEYS.search(head) is not None)


def read(data: bytes, limits: ReadLimits) -> Reading:
    """Every mesh of the file, placed, in metres.

    Raises DamagedError, UnsupportedError or LimitError where nothing can be read; what only part of it
    hides is a reason among `unread`.
    """
    container = open_container(data)
    _check_version(container)
    scene = Scene(container, limits)
    scene.run()
    unread = tuple(dict.fromkeys((*extension_reasons(container), *scene.reasons, *container.reasons)))
    if not any(len(shape.mesh.triangles) for shape in scene.shapes):
        raise _nothing(unread[0].message if unread else None, unread[0].code if unread else None, scene.loose)
    return Reading("gltf", Medium.MESH, Unit.METRE, tuple(scene.shapes), unread)


def _check_version(container: Container) -> None:
    asset = part(container.root, "asset")
    version = asset.get("minVersion", asset.get("version"))
    if not isinstance(version, str):
        raise DamagedError(
            "the glTF file does not state its version: it may be cut or no glTF; export it again"
        )
    if version.split(".")[0] != "2" or version not in ("2.0", "2.1"):
        raise UnsupportedError(f"the glTF file is of version {version[:20]!r}: export it as glTF 2.0")


def _nothing(message: str | None, code: str | None, loose: bool) -> UnreadableError:
    if message is None and loose:
        return UnsupportedError("the glTF file holds points or lines without a surface: export it as a mesh")
    if message is None:
        return DamagedError("the glTF file holds no triangle: there is nothing to screen; export it again")
    kinds = {kind.code: kind for kind in (LimitError, UnsupportedError)}
    return kinds.get(code or "", DamagedError)(f"nothing in the glTF file could be read: {message}")


FORMAT = Format("gltf", recognises, read, examples)
