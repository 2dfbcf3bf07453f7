"""One design entry to rows of the tables, with its digest."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select

from partwatch.fingerprint.local import Features
from partwatch.watchlist.codec import PackedMesh, digest, pack_floats, pack_mesh
from partwatch.watchlist.features import pack_features
from partwatch.watchlist.gating import pack_report
from partwatch.watchlist.schema import (
    CLOUDS,
    DESIGNS,
    GATE_REPORTS,
    GEOMETRY,
    LOCAL_FEATURES,
    PARTS,
    PRINTS,
)
from partwatch.watchlist.types import DesignEntry, GateReport, PartEntry, PartPrint

Row = dict[str, Any]

# Enough to make a batch worth its statement, little enough to forget about.
_BATCH_BYTES = 8 << 20
_BATCH_ROWS = 5000


def _rows_by_table() -> dict[Table, list[Row]]:
    # In this order no row comes before the one that it refers to.
    return {table: [] for table in (DESIGNS, PARTS, GEOMETRY, PRINTS, CLOUDS, GATE_REPORTS, LOCAL_FEATURES)}


@dataclass
class RowBatch:
    """Rows of many designs, written many at a time. Ids count from 1: of the spool, not of the list."""

    connection: Connection
    _rows: dict[Table, list[Row]] = field(default_factory=_rows_by_table)
    _design_ids: Iterator[int] = field(default_factory=lambda: count(1))
    _part_ids: Iterator[int] = field(default_factory=lambda: count(1))
    _print_ids: Iterator[int] = field(default_factory=lambda: count(1))
    _held_bytes: int = 0
    _held_rows: int = 0

    def add(self, entry: DesignEntry) -> None:
        """Take one design; may write."""
        design_id = next(self._design_ids)
        parts = [self._add_part(part, position, design_id) for position, part in enumerate(entry.parts)]
        columns = _design_columns(entry)
        self._put(DESIGNS, {"id": design_id, **columns, "digest": digest(_canonical(columns), *parts)})
        if self._held_bytes > _BATCH_BYTES or self._held_rows > _BATCH_ROWS:
            self.flush()

    def flush(self) -> None:
        """Write what is held."""
        for table, rows in self._rows.items():
            if rows:
                self.connection.execute(insert(table), rows)
        self._rows = _rows_by_table()
        self._held_bytes = self._held_rows = 0

    def _add_part(self, part: PartEntry, position: int, design_id: int) -> bytes:
        """Take the part's rows; its digest."""
        part_id = next(self._part_ids)
        columns = _part_columns(part, position)
        self._put(PARTS, {"id": part_id, "design_id": design_id, **columns})
        packed = None if part.mesh is None else pack_mesh(part.mesh)
        for one in part.prints:
            self._add_print(part_id, one)
        if packed is not None:
            self._add_geometry(part_id, packed)
        if part.gate is not None:
            self._put(GATE_REPORTS, {"part_id": part_id, **pack_report(part.gate)})
        if part.features is not None:
            self._add_features(part_id, part.features)
        return _part_digest(part, columns, packed)

    def _add_print(self, part_id: int, one: PartPrint) -> None:
        print_id = next(self._print_ids)
        descriptor, cloud = _print_bytes(one)
        self._put(PRINTS, {"id": print_id, "part_id": part_id, "shell": one.shell, "descriptor": descriptor})
        if cloud:
            self._put(CLOUDS, {"print_id": print_id, "points": cloud})
        self._held_bytes += len(descriptor) + len(cloud)

    def _add_geometry(self, part_id: int, packed: PackedMesh) -> None:
        columns = packed.columns()
        self._put(GEOMETRY, {"part_id": part_id, **columns})
        self._held_bytes += len(columns["vertices"]) + len(columns["triangles"])

    def _add_features(self, part_id: int, features: Features) -> None:
        columns = pack_features(features)
        self._put(LOCAL_FEATURES, {"part_id": part_id, **columns})
        self._held_bytes += len(columns["records"])

    def _put(self, table: Table, row: Row) -> None:
        self._rows[table].append(row)
        self._held_rows += 1


def digest_of(entry: DesignEntry) -> bytes:
    """The digest that is stored with the design: of all that is known of it but its gate reports and
    local features."""
    parts = [
        _part_digest(part, _part_columns(part, position), None if part.mesh is None else pack_mesh(part.mesh))
        for position, part in enumerate(entry.parts)
    ]
    return digest(_canonical(_design_columns(entry)), *parts)


def replace_reports(connection: Connection, made: Sequence[tuple[bytes, Sequence[GateReport | None]]]) -> int:
    """Put gate reports in place of those of listed designs; how many parts got one.

    made: a design's digest, for it may be listed otherwise by now, and its parts' reports in order.
    """
    rows: list[Row] = []
    listed = {row.digest: row.id for row in connection.execute(select(DESIGNS.c.digest, DESIGNS.c.id))}
    for design_digest, reports in made:
        ids = (
            select(PARTS.c.id)
            .where(PARTS.c.design_id == listed.get(design_digest))
            .order_by(PARTS.c.position)
        )
        connection.execute(delete(GATE_REPORTS).where(GATE_REPORTS.c.part_id.in_(ids)))
        found = zip(connection.scalars(ids), reports, strict=design_digest in listed)
        rows += [
            {"part_id": part_id, **pack_report(report)} for part_id, report in found if report is not None
        ]
    if rows:
        connection.execute(insert(GATE_REPORTS), rows)
    return len(rows)


def replace_features(connection: Connection, made: Mapping[int, Features]) -> int:
    """Put local features in place of those of listed parts, by their ids; how many parts got them."""
    listed = set(connection.scalars(select(GEOMETRY.c.part_id).where(GEOMETRY.c.part_id.in_(list(made)))))
    connection.execute(delete(LOCAL_FEATURES).where(LOCAL_FEATURES.c.part_id.in_(listed)))
    rows = [
        {"part_id": part_id, **pack_features(features)}
        for part_id, features in made.items()
        if part_id in listed
    ]
    if rows:
        connection.execute(insert(LOCAL_FEATURES), rows)
    return len(rows)


def _part_digest(part: PartEntry, columns: Row, packed: PackedMesh | None) -> bytes:
    content = [_canonical(columns)]
    for one in part.prints:
        content += [str(one.shell).encode(), *_print_bytes(one)]
    if packed is not None:
        # Of the plain bytes: another zlib may compress the same mesh into other ones.
        content += [packed.vertex_type.encode(), packed.vertices, packed.triangles]
    return digest(*content)


def _print_bytes(one: PartPrint) -> tuple[bytes, bytes]:
    """Descriptor and cloud; the latter empty where there is none."""
    return pack_floats(one.descriptor), b"" if one.cloud is None else pack_floats(one.cloud)


def _design_columns(entry: DesignEntry) -> Row:
    return {
        "name": entry.name,
        "authority": entry.authority,
        "reason": entry.reason,
        "expires": entry.expires.isoformat(),
        "note": entry.note,
    }


def _part_columns(part: PartEntry, position: int) -> Row:
    extent_x, extent_y, extent_z = part.extents_mm
    return {
        "position": position,
        "name": part.name,
        "quantity": part.quantity,
        "required": part.required,
        "alternative_to": part.alternative_to,
        "source_name": part.source_name,
        "sha256": part.sha256,
        "medium": part.medium.value,
        "distinctiveness": float(part.distinctiveness),
        "area_mm2": float(part.area_mm2),
        "extent_x_mm": float(extent_x),
        "extent_y_mm": float(extent_y),
        "extent_z_mm": float(extent_z),
        "triangles": part.triangles,
        "has_geometry": part.has_geometry,
    }


def _canonical(columns: Row) -> bytes:
    return json.dumps(columns, sort_keys=True, allow_nan=False).encode()
