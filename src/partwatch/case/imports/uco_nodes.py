"""JSON-LD of CASE/UCO without RDF: names without their prefixes, values without their types, facets as one.

What is read is the usual way such documents are written: a context of prefixes, an "@graph" of objects,
facets within them. A context that gives other names to the ontology's words is not followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

_LOCAL = re.compile(r"^(?:.*[/#]|[\w-]+:)")
_MOST_DEPTH: Final = 12
Node = dict[str, Any]


def local(name: str) -> str:
    """ "uco-core:name" and "https://ontology.unifiedcyberontology.org/uco/core/name" are "name"."""
    return _LOCAL.sub("", name)


def types(node: Node) -> frozenset[str]:
    """Names of its types."""
    told = node.get("@type")
    return frozenset(
        local(one) for one in (told if isinstance(told, list) else [told]) if isinstance(one, str)
    )


def values(node: Node, name: str) -> list[Any]:
    """All values of a property, whatever its prefix."""
    found: list[Any] = []
    for key, value in node.items():
        if key == name or (not key.startswith("@") and local(key) == name):
            found += value if isinstance(value, list) else [value]
    return found


def text(value: Any) -> str:
    """A literal: of {"@value": ...} its value; "" of what is none."""
    if isinstance(value, dict):
        value = value.get("@value")
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (str, int, float)) else ""


def first(node: Node, *names: str) -> str:
    """The first literal of the first property that has one."""
    for name in names:
        for value in values(node, name):
            told = text(value)
            if told:
                return told
    return ""


def refs(node: Node, *names: str) -> list[str]:
    """Identifiers of the objects that properties point to."""
    return [
        value["@id"]
        for name in names
        for value in values(node, name)
        if isinstance(value, dict) and isinstance(value.get("@id"), str)
    ]


def facets(node: Node) -> Node:
    """All facets of an object as one node; where two have a property, both values. Types are all theirs."""
    merged: Node = {"@type": []}
    for facet in [*values(node, "hasFacet"), *values(node, "facets")]:
        if not isinstance(facet, dict):
            continue
        merged["@type"] = [*merged["@type"], *types(facet)]
        for key, value in facet.items():
            if not key.startswith("@"):
                name = local(key)
                merged[name] = [*merged.get(name, []), *(value if isinstance(value, list) else [value])]
    return merged


def inner(node: Node, depth: int = 0) -> Iterator[Node]:
    """The object, and those written within it that have an identifier of their own and facets or a type."""
    yield node
    if depth >= _MOST_DEPTH:
        return
    for key, value in node.items():
        if key.startswith("@") or local(key) in ("hasFacet", "facets", "hash"):
            continue
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict) and "@id" in one and len(one) > 1:
                yield from inner(one, depth + 1)
