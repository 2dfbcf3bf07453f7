"""What two documents of one case say differently: after a source fell, or a merge was undone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from partwatch.model.case_assemblies import (
    AssembliesDifference,
    AssemblyChange,
    CaseAssembliesDocument,
    CaseAssembly,
)


def difference(before: CaseAssembliesDocument, after: CaseAssembliesDocument) -> AssembliesDifference:
    """Every assembly that changed, went or came. Both documents should be told without a limit: what a limit
    leaves out looks gone."""
    left = list(after.assemblies)
    changes = []
    same = 0
    for old in before.assemblies:
        new = _counterpart(old, left)
        if new is not None:
            left.remove(new)
        change = _change(old, new)
        if new is not None and _is_same(old, new):
            same += 1
        else:
            changes.append(change)
    changes += [_change(None, new) for new in left]
    return AssembliesDifference(changes=tuple(sorted(changes, key=_order)), same=same)


def _counterpart(old: CaseAssembly, among: Iterable[CaseAssembly]) -> CaseAssembly | None:
    """The one of the same design and a group that is one of its own, with most items in common."""
    own = set(_groups(old))
    items = _items(old)
    fitting = [one for one in among if one.assembly.design == old.assembly.design and own & set(_groups(one))]
    return max(
        fitting,
        key=lambda one: (one.assembly.kind == old.assembly.kind, len(items & _items(one)), one.assembly.bits),
        default=None,
    )


def _groups(one: CaseAssembly) -> Iterator[tuple[str, str]]:
    """Its groups by kind and key, each of the entities that are taken for the group among them."""
    for key in (one.group_key, *one.group_members):
        yield one.assembly.kind, key
    yield from one.also_keys


def _items(one: CaseAssembly | None) -> set[str]:
    return set() if one is None else {claim.item for claim in one.claims}


def _is_same(old: CaseAssembly, new: CaseAssembly) -> bool:
    told = ("bits", "finding", "parts_found", "items")
    return (
        all(getattr(old.assembly, name) == getattr(new.assembly, name) for name in told)
        and _items(old) == _items(new)
        and old.sources == new.sources
    )


def _change(old: CaseAssembly | None, new: CaseAssembly | None) -> AssemblyChange:
    one = old or new
    assert one is not None
    was, now = old.assembly if old else None, new.assembly if new else None
    return AssemblyChange(
        design=one.assembly.design,
        kind=one.assembly.kind,
        group=one.assembly.group,
        bits_before=was.bits if was else None,
        bits_after=now.bits if now else None,
        finding_before=was.finding if was else None,
        finding_after=now.finding if now else None,
        parts_before=was.parts_found if was else 0,
        parts_after=now.parts_found if now else 0,
        items_lost=tuple(sorted(_items(old) - _items(new))),
        items_gained=tuple(sorted(_items(new) - _items(old))),
        sources_lost=tuple(sorted(set(old.sources if old else ()) - set(new.sources if new else ()))),
    )


def _order(one: AssemblyChange) -> tuple[float, str, str, str]:
    return (one.bits_after or 0.0) - (one.bits_before or 0.0), one.design, one.kind, one.group
