"""A list as it was at one moment, for searching: flat arrays, and geometry on demand.

The arrays are mapped from the index. Meshes and clouds come from the database, within a transaction
that was begun when the snapshot was taken: it sees the list of that moment, whatever is written later.
"""

from __future__ import annotations

import os
import shutil
import threading
import weakref
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Engine, select

from partwatch.fingerprint.feature_index import FeatureIndex
from partwatch.model.document import ListVersion, Medium
from partwatch.model.errors import StoreError
from partwatch.model.mesh import Mesh
from partwatch.watchlist.codec import unpack_floats
from partwatch.watchlist.database import explained
from partwatch.watchlist.folders import Hold, only_one, sweep
from partwatch.watchlist.gating import reports
from partwatch.watchlist.index import (
    DESIGN_TEXTS,
    MEDIA,
    PART_TEXTS,
    IndexArrays,
    IndexState,
    build_index,
    index_folder,
    load_index,
)
from partwatch.watchlist.reading import mesh_of
from partwatch.watchlist.schema import CLOUDS, META
from partwatch.watchlist.types import Extents, Float32Array, GateReport, PrintLayout

_CLOUDS_A_QUERY: Final = 500
_MESH_CACHE_BYTES: Final = 256 << 20


@dataclass(frozen=True)
class ListedDesign:
    """A design as the snapshot has it."""

    index: int
    name: str
    authority: str
    reason: str
    expires: date
    note: str | None


@dataclass(frozen=True)
class ListedPart:
    """A part as the snapshot has it; `design_index` into `Snapshot.designs`."""

    index: int
    design: str
    design_index: int
    name: str
    quantity: int
    required: bool
    alternative_to: str | None
    expires: date
    source_name: str
    sha256: str
    medium: Medium
    distinctiveness: float
    area_mm2: float
    extents_mm: Extents
    triangles: int
    has_geometry: bool


class DesignTable(Sequence[ListedDesign]):
    """The designs, by name. expires_ordinal: (n,) int32, as `date.toordinal`."""

    def __init__(self, arrays: IndexArrays) -> None:
        self._texts = arrays.texts
        self.expires_ordinal: npt.NDArray[np.int32] = arrays.designs["expires"]

    def __len__(self) -> int:
        return len(self.expires_ordinal)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[one] for one in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(index)
        first = int(index) * len(DESIGN_TEXTS)
        name, authority, reason, note = self._texts[first : first + len(DESIGN_TEXTS)]
        expires = date.fromordinal(int(self.expires_ordinal[index]))
        return ListedDesign(int(index), name, authority, reason, expires, note or None)


class PartTable(Sequence[ListedPart]):
    """The parts, by design and place in it; also as columns, each (P,) or (P, 3), for whole-list sums."""

    def __init__(self, arrays: IndexArrays, designs: DesignTable) -> None:
        self._records = arrays.parts
        self._texts = arrays.texts
        self._designs = designs
        self.design_index: npt.NDArray[np.int32] = arrays.parts["design"]
        self.distinctiveness: npt.NDArray[np.float64] = arrays.parts["distinctiveness"]
        self.area_mm2: npt.NDArray[np.float64] = arrays.parts["area_mm2"]
        self.extents_mm: npt.NDArray[np.float64] = arrays.parts["extents_mm"]
        self.has_geometry: npt.NDArray[np.bool_] = arrays.parts["has_geometry"]
        self._features: npt.NDArray[np.int32] = arrays.parts["features"]

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[one] for one in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(index)
        record = self._records[index]
        first = len(self._designs) * len(DESIGN_TEXTS) + int(index) * len(PART_TEXTS)
        name, source_name, alternative_to = self._texts[first : first + len(PART_TEXTS)]
        design: ListedDesign = self._designs[int(record["design"])]
        extent_x, extent_y, extent_z = record["extents_mm"].tolist()
        return ListedPart(
            index=int(index),
            design=design.name,
            design_index=design.index,
            name=name,
            quantity=int(record["quantity"]),
            required=bool(record["required"]),
            alternative_to=alternative_to or None,
            expires=design.expires,
            source_name=source_name,
            sha256=record["sha256"].decode("ascii"),
            medium=MEDIA[record["medium"]],
            distinctiveness=float(record["distinctiveness"]),
            area_mm2=float(record["area_mm2"]),
            extents_mm=(extent_x, extent_y, extent_z),
            triangles=int(record["triangles"]),
            has_geometry=bool(record["has_geometry"]),
        )

    def id_of(self, index: int) -> int:
        """The part's id in the database."""
        return int(self._records["part_id"][index])

    def with_sha256(self, sha256: str) -> list[int]:
        """Indices of the parts that were read from exactly that file."""
        order, digests = self._by_sha256
        wanted = np.bytes_(sha256.encode("ascii", "replace"))
        first = np.searchsorted(digests, wanted, "left")
        last = np.searchsorted(digests, wanted, "right")
        return [int(index) for index in order[first:last]]

    @cached_property
    def _by_sha256(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bytes_]]:
        """Indices of the parts in the order of their files' hashes, and those hashes."""
        digests = self._records["sha256"]
        order = np.argsort(digests, kind="stable")
        return order, digests[order]

    @property
    def without_features(self) -> npt.NDArray[np.bool_]:
        """(P,): which have geometry but no usable local features, so that no piece of them is looked for."""
        return np.asarray(self.has_geometry & (self._features < 0))

    def unexpired(self, as_of: date) -> npt.NDArray[np.bool_]:
        """(P,): whether each part still matches on that day."""
        still = self._designs.expires_ordinal >= as_of.toordinal()
        return np.asarray(still[self.design_index])


class Snapshot:
    """What matching searches. R prints of P parts; print row r belongs to part `part_index[r]`.

    descriptors: (R, D) float32. part_index, shells: (R,) int32. print_ids: (R,) int64. features: the local
    features of the parts that have some (`parts.without_features`). All read-only.
    key: gives another process the same snapshot by `Watchlist.snapshot(key)`.
    Use as a context or `close` it: while it is open the list keeps what it sees. Safe in threads.
    """

    def __init__(
        self, arrays: IndexArrays, path: Path, engine: Engine, connection: Connection, hold: Hold
    ) -> None:
        """Use `Watchlist.snapshot`."""
        self.version = arrays.state.version
        self.key = arrays.state.key
        self.layout = arrays.state.layout
        self.descriptors = arrays.descriptors
        self.part_index: npt.NDArray[np.int32] = arrays.prints["part"]
        self.print_ids: npt.NDArray[np.int64] = arrays.prints["print_id"]
        self.shells: npt.NDArray[np.int32] = arrays.prints["shell"]
        self.features: FeatureIndex = arrays.features
        self.designs = DesignTable(arrays)
        self.parts = PartTable(arrays, self.designs)
        self._path = path
        self._engine = engine
        self._lock = threading.Lock()
        self._meshes: OrderedDict[int, Mesh] = OrderedDict()
        self._meshes_bytes = 0
        self._pid = os.getpid()
        self._connection = connection
        self._release = weakref.finalize(self, _let_go, self._pid, connection, hold)

    def __enter__(self) -> Snapshot:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the index and of the database; arrays taken from it stay valid."""
        self._release()

    @property
    def list_version(self) -> ListVersion:
        """As the result document states it."""
        return ListVersion(version=self.version, designs=len(self.designs), parts=len(self.parts))

    def mesh(self, part: int) -> Mesh:
        """The part's mesh in millimetres; lately asked ones are kept.

        Raises StoreError where the list holds it without geometry (`parts.has_geometry`).
        """
        with self._lock:
            if part not in self._meshes:
                self._keep(part, self._fetched_mesh(part))
            self._meshes.move_to_end(part)
            return self._meshes[part]

    def cloud(self, row: int) -> Float32Array:
        """(K, 6) float32: points and normals of one print. StoreError as `clouds`."""
        return np.asarray(self.clouds([row])[0])

    def clouds(self, rows: Sequence[int] | npt.NDArray[np.integer[Any]]) -> Float32Array:
        """(n, K, 6) float32 for n print rows, in their order.

        Raises StoreError where one belongs to a part without geometry (`parts.has_geometry`).
        """
        ids = [int(self.print_ids[row]) for row in rows]
        points: dict[int, bytes] = {}
        with self._lock, explained(self._path):
            connection = self._own_connection()
            for start in range(0, len(ids), _CLOUDS_A_QUERY):
                some = CLOUDS.c.print_id.in_(ids[start : start + _CLOUDS_A_QUERY])
                points |= {row.print_id: row.points for row in connection.execute(select(CLOUDS).where(some))}
        missing = [row for row, print_id in zip(rows, ids, strict=True) if print_id not in points]
        if missing:
            raise self._absent(int(self.part_index[missing[0]]))
        shape = (len(ids), self.layout.cloud_size, 6)
        return unpack_floats(b"".join(points[print_id] for print_id in ids), shape)

    def gate_reports(self) -> list[GateReport | None]:
        """(P,): what the goodware gate found of each part; None where it was not asked."""
        with self._lock, explained(self._path):
            found = reports(self._own_connection())
        return [found.get(self.parts.id_of(index)) for index in range(len(self.parts))]

    def _fetched_mesh(self, part: int) -> Mesh:
        with explained(self._path):
            mesh = mesh_of(self._own_connection(), self.parts.id_of(part))
        if mesh is None:
            raise self._absent(part)
        mesh.vertices.flags.writeable = mesh.triangles.flags.writeable = False
        return mesh

    def _keep(self, part: int, mesh: Mesh) -> None:
        self._meshes[part] = mesh
        self._meshes_bytes += _mesh_bytes(mesh)
        while self._meshes_bytes > _MESH_CACHE_BYTES and len(self._meshes) > 1:
            _, oldest = self._meshes.popitem(last=False)
            self._meshes_bytes -= _mesh_bytes(oldest)

    def _absent(self, part: int) -> StoreError:
        listed = self.parts[part]
        place = f'design "{listed.design}", part "{listed.name}"'
        if not listed.has_geometry:
            return StoreError(f"{place}: the list holds no geometry of it; import one exported with it")
        return StoreError(f"{place}: was removed from the list while it was in use; run again")

    def _own_connection(self) -> Connection:
        if os.getpid() != self._pid:
            # A forked child: SQLite connections do not survive that. The parent's stays referenced by
            # the finalizer, which does nothing here; ours sees the list of now, where ids still hold.
            self._pid = os.getpid()
            self._connection = self._engine.connect()
        return self._connection


def open_snapshot(engine: Engine, folder: Path, lock: Path, layout: PrintLayout, key: str | None) -> Snapshot:
    """The list's present state, or the one of that key. Builds its index where there is none yet."""
    path = folder / "watchlist.sqlite"
    with explained(path):
        connection = engine.connect()
    try:
        with explained(path):
            state = _state(connection, layout)
        with only_one(lock):
            arrays = _indexed(connection, state, folder, key)
            hold = Hold(index_folder(folder, arrays.state.key))
            sweep(folder, "index-*")
    except BaseException:
        connection.close()
        raise
    return Snapshot(arrays, path, engine, connection, hold)


def _state(connection: Connection, layout: PrintLayout) -> IndexState:
    # This first read begins the transaction: from here on the connection sees this state.
    meta = {row.key: row.value for row in connection.execute(select(META))}
    return IndexState(meta["version"], int(meta["generation"]), layout)


def _indexed(connection: Connection, state: IndexState, folder: Path, key: str | None) -> IndexArrays:
    wanted = key if key is not None else state.key
    place = index_folder(folder, wanted)
    with suppress(OSError, ValueError, KeyError, TypeError):
        return load_index(place)
    if wanted != state.key:
        raise StoreError(f"{folder}: the list changed and version {wanted} of it is gone; run again")
    shutil.rmtree(place, ignore_errors=True)
    try:
        build_index(connection, state, folder)
        return load_index(place)
    except OSError as error:
        raise StoreError(f"{folder}: the index is not writable ({error}); make room and run again") from error


def _let_go(pid: int, connection: Connection, hold: Hold) -> None:
    if os.getpid() == pid:
        connection.close()
    hold.close()


def _mesh_bytes(mesh: Mesh) -> int:
    return mesh.vertices.nbytes + mesh.triangles.nbytes
