"""Rows of the tables back to what they stand for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from partwatch.model.document import Medium
from partwatch.model.mesh import Mesh
from partwatch.watchlist.codec import unpack_floats, unpack_mesh
from partwatch.watchlist.features import features_of
from partwatch.watchlist.gating import unpack_report
from partwatch.watchlist.schema import CLOUDS, DESIGNS, GATE_REPORTS, GEOMETRY, PARTS, PRINTS
from partwatch.watchlist.types import (
    Counts,
    DesignEntry,
    DesignSummary,
    Extents,
    GateReport,
    PartEntry,
    PartPrint,
    PartSummary,
    PrintLayout,
)

AnyRow = Row[Any]


def counts(connection: Connection) -> Counts:
    """How much the list holds."""
    sizes = [connection.scalar(select(func.count()).select_from(table)) for table in (DESIGNS, PARTS, PRINTS)]
    return Counts(*(size or 0 for size in sizes))


def design_names(connection: Connection) -> list[str]:
    """All names, sorted."""
    return list(connection.scalars(select(DESIGNS.c.name).order_by(DESIGNS.c.name)))


def summaries(connection: Connection, name: str | None = None) -> list[DesignSummary]:
    """All designs by name, or the one of that name."""
    prints = select(PRINTS.c.part_id, func.count().label("prints")).group_by(PRINTS.c.part_id).subquery()
    part_rows = select(PARTS, func.coalesce(prints.c.prints, 0).label("prints"), GATE_REPORTS).outerjoin(
        prints, prints.c.part_id == PARTS.c.id
    )
    part_rows = part_rows.outerjoin(GATE_REPORTS, GATE_REPORTS.c.part_id == PARTS.c.id)
    part_rows = part_rows.order_by(PARTS.c.design_id, PARTS.c.position)
    design_rows = select(DESIGNS).order_by(DESIGNS.c.name)
    if name is not None:
        part_rows = part_rows.join(DESIGNS, DESIGNS.c.id == PARTS.c.design_id).where(DESIGNS.c.name == name)
        design_rows = design_rows.where(DESIGNS.c.name == name)
    parts: dict[int, list[PartSummary]] = defaultdict(list)
    for row in connection.execute(part_rows):
        parts[row.design_id].append(_part_summary(row))
    return [_design_summary(row, tuple(parts[row.id])) for row in connection.execute(design_rows)]


def entries(connection: Connection, names: Sequence[str], layout: PrintLayout) -> Iterator[DesignEntry]:
    """The designs of those names with everything, one at a time; names that are not listed are left out."""
    for name in names:
        row = connection.execute(select(DESIGNS).where(DESIGNS.c.name == name)).one_or_none()
        if row is not None:
            yield _design_entry(connection, row, layout)


def mesh_of(connection: Connection, part_id: int) -> Mesh | None:
    """The part's mesh in millimetres, or None where the list has none or no longer has the part."""
    row = connection.execute(select(GEOMETRY).where(GEOMETRY.c.part_id == part_id)).one_or_none()
    return None if row is None else unpack_mesh(row.vertex_type, row.vertices, row.triangles)


def _design_entry(connection: Connection, row: AnyRow, layout: PrintLayout) -> DesignEntry:
    part_rows = select(PARTS).where(PARTS.c.design_id == row.id).order_by(PARTS.c.position)
    parts = [_part_entry(connection, part, layout) for part in connection.execute(part_rows).all()]
    return DesignEntry(
        row.name, row.authority, row.reason, date.fromisoformat(row.expires), row.note, tuple(parts)
    )


def _part_entry(connection: Connection, row: AnyRow, layout: PrintLayout) -> PartEntry:
    found = connection.execute(_prints_of(row.id)).all()
    return PartEntry(
        name=row.name,
        quantity=row.quantity,
        required=row.required,
        alternative_to=row.alternative_to,
        source_name=row.source_name,
        sha256=row.sha256,
        medium=Medium(row.medium),
        distinctiveness=row.distinctiveness,
        area_mm2=row.area_mm2,
        extents_mm=_extents(row),
        triangles=row.triangles,
        mesh=mesh_of(connection, row.id),
        prints=tuple(_part_print(one, layout) for one in found),
        gate=_gate_report(connection, row.id),
        features=features_of(connection, row.id),
    )


def _gate_report(connection: Connection, part_id: int) -> GateReport | None:
    statement = select(GATE_REPORTS).where(GATE_REPORTS.c.part_id == part_id)
    row = connection.execute(statement).one_or_none()
    return None if row is None else unpack_report(row)


def _prints_of(part_id: int) -> Select[Any]:
    joined = select(PRINTS.c.shell, PRINTS.c.descriptor, CLOUDS.c.points).outerjoin(
        CLOUDS, CLOUDS.c.print_id == PRINTS.c.id
    )
    return joined.where(PRINTS.c.part_id == part_id).order_by(PRINTS.c.id)


def _part_print(row: AnyRow, layout: PrintLayout) -> PartPrint:
    cloud = None if row.points is None else unpack_floats(row.points, (layout.cloud_size, 6))
    return PartPrint(unpack_floats(row.descriptor, (layout.descriptor_size,)), cloud, row.shell)


def _part_summary(row: AnyRow) -> PartSummary:
    return PartSummary(
        name=row.name,
        quantity=row.quantity,
        required=row.required,
        alternative_to=row.alternative_to,
        source_name=row.source_name,
        sha256=row.sha256,
        medium=Medium(row.medium),
        distinctiveness=row.distinctiveness,
        area_mm2=row.area_mm2,
        extents_mm=_extents(row),
        triangles=row.triangles,
        prints=row.prints,
        has_geometry=row.has_geometry,
        gate=unpack_report(row),
    )


def _design_summary(row: AnyRow, parts: tuple[PartSummary, ...]) -> DesignSummary:
    return DesignSummary(
        row.name, row.authority, row.reason, date.fromisoformat(row.expires), row.note, parts
    )


def _extents(row: AnyRow) -> Extents:
    return (row.extent_x_mm, row.extent_y_mm, row.extent_z_mm)
