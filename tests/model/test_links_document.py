"""The document of links is a contract: a field that comes, goes or changes its name is a new version."""

from __future__ import annotations

from partwatch.model.links import (
    SCHEMA,
    LinkBlock,
    LinkCluster,
    LinkEdge,
    LinkItem,
    LinkReason,
    LinksDocument,
    LinksModel,
    LinksPart,
    LinksSummary,
)

FIELDS = {
    "LinkReason": "block hard a b bits explained",
    "LinkBlock": "block hard bits agreed against",
    "LinkEdge": (
        "a b bits bits_forgeable bits_hard blocks reasons agreed against contradictions factory bits_without "
        "bridge contradicted_by"
    ),
    "LinkCluster": "id items weakest",
    "LinkItem": "id path member sha256 formats marks cluster same_as complete reasons",
    "LinksPart": "population blocks sources mates strangers bound bound_forgeable bound_hard",
    "LinksModel": "version parts",
    "LinksSummary": "items incomplete pairs compared edges refused clusters alone",
    "LinksDocument": (
        "type schema_version program_version model population threshold note summary items clusters edges"
    ),
}


def test_fields_are_those_of_this_version() -> None:
    assert SCHEMA == "partwatch-links-1"
    records = (
        LinkReason, LinkBlock, LinkEdge, LinkCluster, LinkItem, LinksPart, LinksModel, LinksSummary,
        LinksDocument,
    )  # fmt: skip
    changed = {each.__name__ for each in records if " ".join(each.model_fields) != FIELDS[each.__name__]}
    assert changed == set(), "raise SCHEMA, and say so in CHANGELOG.md and docs/reference/link.md"
