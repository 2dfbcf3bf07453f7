"""Links of one source as statements: which two items, in how many bits, by which marks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from partwatch.case.imports.items import identity, item_key, schema_of_formats
from partwatch.case.imports.marks_said import text_of
from partwatch.case.imports.said import Speaker
from partwatch.case.statements import Statement, entity_key
from partwatch.model.links import LinkEdge, LinkItem, LinksDocument

_MOST_REASONS: Final = 5
NOT_FOLLOWED: Final = "not followed: a link of {:.1f} bits to {}, since a third item contradicts it"


def same_source_key(one: str, other: str) -> str:
    """The same pair of items is one link, whoever found it: no independent evidence."""
    return entity_key("SameSource", *sorted((one, other)))


def keys_of(document: LinksDocument, source_sha256: str) -> dict[int, str]:
    """Entity keys of a document's items by their ids."""
    return {item.id: item_key(item.sha256, source_sha256, item.path, item.member) for item in document.items}


def item_said(item: LinkItem, key: str, place: str) -> Iterator[Statement]:
    """What tells a linked item from others."""
    schema = schema_of_formats(item.formats)
    yield from identity(Speaker(place), key, schema, item.sha256, item.path, item.member)


def edge_said(
    edge: LinkEdge, items: dict[int, LinkItem], keys: dict[int, str], place: str
) -> Iterator[Statement]:
    """A link; one that a third item contradicts is no link, and a note of both. Raises ValueError where the
    edge is of items that are not there, or has no number of bits."""
    if not {edge.a, edge.b} <= keys.keys():
        raise ValueError(f"a link of items {edge.a} and {edge.b}, which are not both in the document")
    if not math.isfinite(edge.bits):
        raise ValueError("bits that are no number")
    one, other = keys[edge.a], keys[edge.b]
    if one == other:
        return
    speaker = Speaker(place)
    if edge.contradicted_by is not None:
        yield from _refused(edge, items, keys, speaker)
        return
    key = same_source_key(one, other)
    yield speaker.says(key, "SameSource", "item", one, bits=edge.bits)
    yield speaker.says(key, "SameSource", "other", other, bits=edge.bits)
    for reason in edge.reasons[:_MOST_REASONS]:
        yield speaker.says(key, "SameSource", "marks", text_of(reason.a))
    yield speaker.says(key, "SameSource", "summary", _weights(edge))


def _weights(edge: LinkEdge) -> str:
    told = (
        f"{edge.bits_forgeable:.1f} bits by what can be written into a file, {edge.bits_hard:.1f} by what is "
        f"hard to forge; {edge.bits_without:.1f} without the strongest kind of evidence"
    )
    if edge.contradictions:
        told += f"; {edge.contradictions} contradictions, weighed in"
    return told + ("; the cluster falls in two without it" if edge.bridge else "")


def _refused(
    edge: LinkEdge, items: dict[int, LinkItem], keys: dict[int, str], speaker: Speaker
) -> Iterator[Statement]:
    for here, there in ((edge.a, edge.b), (edge.b, edge.a)):
        item = items[there]
        named = item.path if item.member is None else f"{item.path} > {item.member}"
        told = NOT_FOLLOWED.format(edge.bits, named)
        yield speaker.says(keys[here], schema_of_formats(items[here].formats), "notes", told)
