"""Marks of glTF 2.0: who generated it, whose it is, what its things are called."""

from __future__ import annotations

import json
import struct
from typing import Any

from partwatch.formats.gltf.container import MAGIC
from partwatch.model.marks import Forgery, MarkKind
from partwatch.provenance.marks.collector import Collector, digest_of
from partwatch.provenance.marks.settings import parsed
from partwatch.provenance.marks.software import add_software

_JSON_AT = 20
_MOST_NAMES = 5_000
_LISTS = ("nodes", "meshes", "materials", "scenes", "images", "cameras", "skins")


def recognises(head: bytes, _size: int) -> bool:
    """A GLB by its first word, JSON by an asset and its version."""
    return head.startswith(MAGIC) or (
        head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and b'"asset"' in head and b'"version"' in head
    )


def add_gltf(data: bytes, into: Collector) -> None:
    """Fields of the asset, names, and the order in which its parts are written."""
    glb = data.startswith(MAGIC)
    text = data
    if glb:
        into = Collector(into.store, into.part, Forgery.BINARY_EDIT)
        if len(data) < _JSON_AT:
            return
        size = struct.unpack_from("<I", data, 12)[0]
        text = data[_JSON_AT : _JSON_AT + size]
    root = parsed(text)
    if not isinstance(root, dict):
        into.unread("damaged", "its JSON is malformed or too long: nothing was looked at")
        return
    at = _JSON_AT if glb else 0
    _add_asset(root.get("asset"), at, into)
    _add_names(root, at, into)
    order = " ".join(map(str, list(root)[:30]))
    into.add(MarkKind.HABIT, "gltf order of parts", order, "gltf writer", byte=at, forgery=Forgery.RESAVE)
    spaced = "compact" if b'": ' not in text[:4096] else "with blanks"
    into.add(MarkKind.HABIT, "gltf blanks", spaced, "gltf writer", byte=at, forgery=Forgery.RESAVE)
    for key in ("extensionsUsed", "extensionsRequired"):
        used = root.get(key)
        if isinstance(used, list):
            said = " ".join(sorted(str(each)[:60] for each in used[:40]))
            into.add(MarkKind.HABIT, f"gltf {key}", said, "gltf writer", byte=at)


def _add_asset(asset: Any, at: int, into: Collector) -> None:
    if not isinstance(asset, dict):
        return
    for key, value in list(asset.items())[:40]:
        said = value if isinstance(value, str) else json.dumps(value)[:2_000]
        if key == "generator":
            add_software(said, "asset.generator", "gltf asset", into, byte=at)
        kind = MarkKind.LICENCE if key == "copyright" else MarkKind.HEADER
        into.add(kind, f"asset.{key}", said, "gltf asset", byte=at)


def _add_names(root: dict[str, Any], at: int, into: Collector) -> None:
    count = 0
    for key in _LISTS:
        entries = root.get(key)
        for entry in entries if isinstance(entries, list) else []:
            if not isinstance(entry, dict) or count >= _MOST_NAMES:
                continue
            count += 1
            name = entry.get("name")
            if isinstance(name, str):
                kind = MarkKind.OBJECT_NAME
                into.add(kind, "object" if key in ("nodes", "meshes") else key, name, "gltf names", byte=at)
            uri = entry.get("uri")
            if isinstance(uri, str):
                said = (
                    f"data URI {digest_of(uri.encode('utf-8', 'replace'))}"
                    if uri.startswith("data:")
                    else uri
                )
                into.add(MarkKind.OBJECT_NAME, f"{key} file", said, "gltf names", byte=at)
