"""Documents of assemblies that look like none that a program made, for pages and tables."""

from __future__ import annotations

from partwatch.model.assemblies import (
    AssembliesDocument,
    AssembliesHeader,
    Assembly,
    Held,
    SlotState,
    SlotStatus,
    StreamSize,
    Without,
)
from partwatch.model.document import MatchFinding, Medium, Relation, Support

# A name that is markup, and one that would turn a line around.
HOSTILE = "<script>alert(1)</script>\u202egpj.stl"
LONG = "a-rather-long-folder-name-without-any-break/" * 3


def held(number: int, path: str, day: str | None = None) -> Held:
    return Held(
        item=f"{number:016x}", path=path, member=None, body=0, part=f"part-{number}", bits=12.0,
        finding=MatchFinding.MATCH if number % 3 else MatchFinding.REVIEW, relation=Relation.SAME_SHAPE,
        medium=Medium.MESH, time=day, unit=f"{number:016x}",
    )  # fmt: skip


def slot(number: int, *bodies: Held, name: str | None = "x", quantity: int = 1) -> SlotState:
    status = SlotStatus.MISSING
    if bodies:
        sure = any(one.finding is MatchFinding.MATCH for one in bodies)
        status = SlotStatus.FOUND if sure else SlotStatus.REVIEW
    return SlotState(
        name=None if name is None else f"part-{number}", quantity=quantity, required=True, status=status,
        held=bodies, bits=11.5 if bodies else 0.0, benign_share=8.3e-5 if bodies else None,
    )  # fmt: skip


def assembly(group: str = "e0756dbe6595f11b", kind: str = "account", bits: float = 48.2) -> Assembly:
    states = (
        *(slot(k, held(k, f"{LONG}{k}.stl", f"2026-03-{1 + 3 * k:02d}")) for k in range(1, 6)),
        slot(6, *(held(60 + k, HOSTILE, "2026-03-20") for k in range(12)), quantity=20),
        slot(7, name=None),
        slot(8, name=None),
    )
    return Assembly(
        design=f"pump {HOSTILE}", kind=kind, group=group, finding=MatchFinding.MATCH, bits=bits,
        support=Support.EXTREMELY_STRONG, beyond_better=bits, parts_found=6, parts=8, slots=states, items=17,
        bodies=19, incomplete_items=1, units_by="parcel",
        without=tuple(Without(unit=f"{k:016x}", bits=30.0 + k) for k in range(9)),
        minimal_sets=(tuple(f"{k:016x}" for k in range(5)),), minimal_exact=True,
        first="2026-03-04", last="2026-03-20", also=(("address", "0123456789abcdef"),),
    )  # fmt: skip


def document(*assemblies: Assembly, left_out: int = 3) -> AssembliesDocument:
    sizes = (("account", 1200), ("all", 1))
    header = AssembliesHeader(
        program_version="0.0", watchlist="f" * 64, designs=12, as_of="2026-06-01", items=17, bodies=19,
        stream=tuple(StreamSize(kind=kind, groups=groups, bodies=9000) for kind, groups in sizes),
        policy={"match_bits": 13.29}, names_missing=False,
    )  # fmt: skip
    return AssembliesDocument(header=header, assemblies=assemblies, left_out=left_out)
