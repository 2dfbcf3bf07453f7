"""Documents of families, made up: for their renderers and for what judges them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from partwatch.model.document import Deviation, Reason
from partwatch.model.families import (
    SCHEMA,
    Branch,
    Difference,
    FamiliesDocument,
    FamiliesSummary,
    Family,
    FamilyFile,
    FamilyShape,
    Kinship,
    Link,
    Sameness,
    Unread,
)


def file(path: str, sameness: Sameness = Sameness.FIRST, member: str | None = None) -> FamilyFile:
    """A file, complete and in its own size."""
    return FamilyFile(
        path=path, member=member, sha256="0" * 64, format="stl", sameness=sameness, scale=1.0,
        unit_factor=1.0, complete=True, reasons=(),
    )  # fmt: skip


def shape(number: int, *paths: str) -> FamilyShape:
    """A shape of files that are copies of the first."""
    first, *others = paths
    return FamilyShape(
        id=number,
        files=(file(first), *(file(path, Sameness.SAME_FILE) for path in others)),
        extents_mm=(10.0, 20.0, 30.5), area_mm2=2200.0, volume_mm3=6000.0, triangles=120, bodies=1,
        distinctiveness=0.8, plain=False,
    )  # fmt: skip


def difference(kinship: Kinship = Kinship.REVISION) -> Difference:
    """A small one."""
    return Difference(
        kinship=kinship, mirrored=kinship is Kinship.MIRROR, scale=1.0, coverage_parent=0.95,
        coverage_child=0.9, volume_change=-0.012, area_change=0.004, tolerance_mm=0.2,
        deviation_mm=Deviation(median=0.0, p95=0.1, max=0.19),
    )  # fmt: skip


def chain(number: int, shapes: Sequence[FamilyShape]) -> Family:
    """A family in which each shape is a revision of the one before."""
    return Family(
        id=number,
        root=shapes[0].id,
        shapes=tuple(shapes),
        tree=tuple(Branch(parent=a.id, child=b.id, difference=difference()) for a, b in pairwise(shapes)),
    )


def document(
    families: Sequence[Family], links: Sequence[Link] = (), unread: Sequence[Unread] = ()
) -> FamiliesDocument:
    """All of it, with a summary that fits."""
    counts = [sum(len(shape.files) for shape in family.shapes) for family in families]
    return FamiliesDocument(
        schema_version=SCHEMA,
        program_version="0",
        fingerprint_version="1",
        thresholds={},
        summary=FamiliesSummary(
            files=sum(counts), unread=len(unread), families=len(families), alone=counts.count(1),
            shapes=sum(len(family.shapes) for family in families), same_files=0, incomplete=0, compared=7,
            uncompared=0,
        ),
        families=tuple(families),
        links=tuple(links),
        unread=tuple(unread),
        unsettled=(),
    )  # fmt: skip


def unread(path: str, message: str) -> Unread:
    """An item that nothing was read of."""
    return Unread(path=path, member=None, sha256=None, reasons=(Reason(code="damaged", message=message),))
