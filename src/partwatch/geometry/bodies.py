"""From a shape's triangles to its bodies: connected solids, each outer shell with its inner voids."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from partwatch import kernel
from partwatch.geometry.clean import (
    compact,
    drop_flat,
    drop_repeated,
    has_area,
    signed_volume,
    triangle_areas,
    weld,
    weld_within,
)
from partwatch.model.mesh import IndexArray, Mesh

# Shares of the shape's diagonal. Gaps up to the first are rounding of printed coordinates and are welded;
# open shells up to the second apart are taken as patches of one surface.
WELD_REACH = 1e-5
PATCH_REACH = 1e-3
# More open shells than this are a soup, and a soup is one body.
MAX_PATCHES = 64
# Any direction that is unlikely to run along a designed face.
RAY = (0.5773, 0.5237, 0.6268)


@dataclass(frozen=True, eq=False)
class Solid:
    """One connected solid of a shape, in the shape's unit and place.

    mesh: welded, only its own vertices; voids included.
    notes: what was odd about it, in words.
    closed: whether every edge has its neighbour.
    """

    name: str | None
    mesh: Mesh
    notes: tuple[str, ...]
    closed: bool


@dataclass(eq=False)
class _Shell:
    """A set of edge-connected triangles; `open_edges`, `crowded` and `clashing` count its edges."""

    mesh: Mesh
    open_edges: int
    crowded: int
    clashing: int
    low: np.ndarray[tuple[int], np.dtype[np.float64]]
    high: np.ndarray[tuple[int], np.dtype[np.float64]]
    volume: float

    @property
    def closed(self) -> bool:
        return self.open_edges == 0


def split_bodies(mesh: Mesh, name: str | None = None) -> list[Solid]:
    """Splits a mesh into its connected solids, in the order in which their triangles first come.

    A void (a closed shell inside another and wound against it) belongs to the shell around it. Open
    patches that lie together are one body. Empty where no triangle has an area.
    """
    return split_largest(mesh, name, len(mesh.triangles))[0]


def split_largest(mesh: Mesh, name: str | None, most: int) -> tuple[list[Solid], int]:
    """As `split_bodies`, of the `most` closed shells that are largest by area; how many were left out."""
    if len(mesh.triangles) == 0:
        return [], 0
    topology, notes = _prepare(mesh)
    # Lone triangles in line are kept, for they close a surface at its T-junctions; alone they are none.
    if not has_area(topology.mesh):
        return [], 0
    topology, over = _largest(topology, most)
    shells = _patched(_shells(topology), _diagonal(topology.mesh))
    owner = _owners(shells)
    solids = []
    for index in sorted(set(owner)):
        members = [shell for shell, own in zip(shells, owner, strict=True) if own == index]
        solids.append(_solid(name, shells[index], members, notes))
    return solids, over


def _largest(topology: _Topology, most: int) -> tuple[_Topology, int]:
    """The topology without the smallest closed shells, where there are more than `most`, and their number.

    Open ones stay: very many of them are one body.
    """
    closed = topology.stats[:, 0] == 0
    over = int(closed.sum()) - most
    if over <= 0:
        return topology, 0
    area = np.bincount(topology.labels, triangle_areas(topology.mesh), minlength=len(closed))
    smallest = np.argsort(np.where(closed, area, np.inf), kind="stable")[:over]
    kept = np.ones(len(closed), dtype=bool)
    kept[smallest] = False
    number = (np.cumsum(kept) - 1).astype(np.int32)
    rows = kept[topology.labels]
    mesh = compact(Mesh(topology.mesh.vertices, np.ascontiguousarray(topology.mesh.triangles[rows])))
    labels = np.ascontiguousarray(number[topology.labels[rows]])
    return replace(topology, mesh=mesh, labels=labels, stats=topology.stats[kept]), over


def _diagonal(mesh: Mesh) -> float:
    return float(np.linalg.norm(mesh.extents))


@dataclass(frozen=True, eq=False)
class _Topology:
    """A mesh without useless triangles, its shells by label, their counts of odd edges, and the open rim."""

    mesh: Mesh
    labels: IndexArray
    stats: IndexArray
    rim: IndexArray
    flat: int
    repeated: int

    @property
    def open_edges(self) -> int:
        return int(self.stats[:, 0].sum())


def _topology(mesh: Mesh) -> _Topology:
    mesh, flat = drop_flat(mesh)
    labels, stats, rim = kernel.shells(mesh.triangles)
    repeated = 0
    # Only where an edge is crowded or clashes, or a shell is a lone triangle, can one repeat another.
    if stats[:, 1:].any() or len(labels) < 3 * len(stats):
        mesh, repeated = drop_repeated(mesh)
        if repeated:
            labels, stats, rim = kernel.shells(mesh.triangles)
    return _Topology(mesh, labels, stats, rim, flat, repeated)


def _prepare(mesh: Mesh) -> tuple[_Topology, list[str]]:
    """Welds, exactly first, then within rounding where that leaves gaps; says what was dropped."""
    topology = _topology(weld(mesh))
    notes = []
    flat, repeated = topology.flat, topology.repeated
    if topology.open_edges:
        reach = WELD_REACH * _diagonal(topology.mesh)
        closer = _topology(weld_within(topology.mesh, topology.rim, reach))
        if closer.open_edges < topology.open_edges:
            notes.append("gaps as small as rounding were closed")
            topology = closer
            flat, repeated = flat + closer.flat, repeated + closer.repeated
    if flat:
        notes.append(f"{flat} triangles without area dropped")
    if repeated:
        notes.append(f"{repeated} repeated triangles dropped")
    return topology, notes


def _shells(topology: _Topology) -> list[_Shell]:
    mesh, labels, stats = topology.mesh, topology.labels, topology.stats
    if len(stats) == 1:
        return [_shell(mesh, *stats[0])]
    if int((stats[:, 0] > 0).sum()) > MAX_PATCHES:
        labels, stats = _soup(labels, stats)
    order = np.argsort(labels, kind="stable")
    starts = np.searchsorted(labels[order], np.arange(len(stats) + 1))
    return [_shell(_part(mesh, order[starts[k] : starts[k + 1]]), *stats[k]) for k in range(len(stats))]


def _soup(labels: IndexArray, stats: IndexArray) -> tuple[IndexArray, IndexArray]:
    """All open shells as one, in the place of the first: so many are one body, and take long one by one."""
    is_open = stats[:, 0] > 0
    first = int(np.argmax(is_open))
    kept = ~is_open
    kept[first] = True
    number = np.cumsum(kept) - 1
    number[is_open] = number[first]
    joined = stats[kept]
    joined[number[first]] = stats[is_open].sum(axis=0)
    return np.ascontiguousarray(number[labels], dtype=np.int32), joined


def _part(mesh: Mesh, rows: np.ndarray[tuple[int], np.dtype[np.intp]]) -> Mesh:
    """The sub-mesh of some triangles; linear in their number, not in the whole mesh's."""
    triangles = mesh.triangles[rows]
    used, inverse = np.unique(triangles.reshape(-1), return_inverse=True)
    return Mesh(mesh.vertices[used], np.ascontiguousarray(inverse.reshape(-1, 3), dtype=np.int32))


def _shell(mesh: Mesh, open_edges: int, crowded: int, clashing: int) -> _Shell:
    return _Shell(
        mesh,
        int(open_edges),
        int(crowded),
        int(clashing),
        *mesh.bounds,
        signed_volume(mesh),
    )


def _patched(shells: list[_Shell], diagonal: float) -> list[_Shell]:
    """Joins open shells that lie together into one; closed ones stay as they are."""
    patches = [k for k, shell in enumerate(shells) if not shell.closed]
    if len(patches) < 2:
        return shells
    if len(patches) > MAX_PATCHES:
        groups = np.zeros(len(patches), dtype=np.intp)
    else:
        groups = _neighbours([shells[k].mesh for k in patches], PATCH_REACH * diagonal)
    joined: dict[int, _Shell] = {}
    for group in np.unique(groups):
        members = [patches[i] for i in np.flatnonzero(groups == group)]
        joined[members[0]] = _join([shells[k] for k in members])
    gone = set(patches) - set(joined)
    return [joined.get(k, shell) for k, shell in enumerate(shells) if k not in gone]


def _neighbours(meshes: list[Mesh], reach: float) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Group number of each mesh; meshes with vertices within `reach` of each other share one."""
    count = len(meshes)
    points = np.ascontiguousarray(np.concatenate([mesh.vertices for mesh in meshes]))
    source = np.repeat(np.arange(count), [len(mesh.vertices) for mesh in meshes])
    near = kernel.weld_within(points, reach) if reach > 0 else np.arange(len(points))
    group = np.arange(count)
    # Meshes share a group where they share a cluster of vertices; repeated until nothing moves.
    while True:
        lowest = np.full(len(points), count)
        np.minimum.at(lowest, near, group[source])
        following = group.copy()
        np.minimum.at(following, source, lowest[near])
        following = following[following]
        if np.array_equal(following, group):
            return group
        group = following


def _join(shells: list[_Shell]) -> _Shell:
    if len(shells) == 1:
        return shells[0]
    mesh = merge([shell.mesh for shell in shells])
    return _shell(
        mesh,
        sum(shell.open_edges for shell in shells),
        sum(shell.crowded for shell in shells),
        sum(shell.clashing for shell in shells),
    )


def merge(meshes: list[Mesh]) -> Mesh:
    """One mesh that holds all of them, in their order."""
    offsets = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes[:-1]], dtype=np.int32)
    triangles: list[IndexArray] = [
        mesh.triangles + offset for mesh, offset in zip(meshes, offsets, strict=True)
    ]
    return Mesh(
        np.ascontiguousarray(np.concatenate([mesh.vertices for mesh in meshes])),
        np.ascontiguousarray(np.concatenate(triangles), dtype=np.int32),
    )


def _owners(shells: list[_Shell]) -> list[int]:
    """For each shell, the index of the shell that its body is named after: its own, or its container's."""
    owner = list(range(len(shells)))
    if len(shells) < 2:
        return owner
    inside = _containers(shells)
    # From the outside in: what lies in a void is no void of it, but a body of its own.
    for k in sorted(range(len(shells)), key=lambda k: len(inside[k])):
        if not inside[k]:
            continue
        parent = min(inside[k], key=lambda i: abs(shells[i].volume))
        if owner[parent] == parent and _is_void(shells[k], shells[parent], len(inside[k])):
            owner[k] = parent
    return owner


def _is_void(shell: _Shell, parent: _Shell, depth: int) -> bool:
    """Wound against its container; where the winding cannot be trusted, at odd depth."""
    if shell.clashing or parent.clashing:
        return depth % 2 == 1
    return shell.volume * parent.volume < 0


def _containers(shells: list[_Shell]) -> list[list[int]]:
    """For each shell, the closed shells that hold it: box within box, then a ray's crossings."""
    low = np.array([shell.low for shell in shells])
    high = np.array([shell.high for shell in shells])
    closed = np.array([shell.closed for shell in shells])
    inside: list[list[int]] = [[] for _ in shells]
    for outer in np.flatnonzero(closed):
        within = np.all((low >= low[outer]) & (high <= high[outer]), axis=1) & closed
        within[outer] = False
        inner = np.flatnonzero(within)
        if len(inner) == 0:
            continue
        tree = kernel.TriangleTree(shells[outer].mesh.vertices, shells[outer].mesh.triangles, 0.0)
        probes = np.ascontiguousarray([shells[k].mesh.vertices[0] for k in inner])
        crossings = tree.crossings(probes, RAY).sum(axis=1)
        for k in inner[crossings % 2 == 1]:
            inside[k].append(int(outer))
    return inside


def _solid(name: str | None, outer: _Shell, members: list[_Shell], notes: list[str]) -> Solid:
    mesh = outer.mesh if len(members) == 1 else merge([shell.mesh for shell in members])
    said = list(notes)
    open_edges = sum(shell.open_edges for shell in members)
    if open_edges:
        said.append(f"the surface is open: {open_edges} edges without a neighbour")
    if sum(shell.crowded for shell in members):
        said.append("some edges have more than two triangles")
    if sum(shell.clashing for shell in members):
        said.append("winding is inconsistent")
    elif not open_edges and outer.volume < 0:
        said.append("winding is inside out")
        mesh = Mesh(mesh.vertices, np.ascontiguousarray(mesh.triangles[:, ::-1]))
    if len(members) > 1:
        said.append(f"{len(members) - 1} inner voids")
    return Solid(name, compact(mesh), tuple(said), open_edges == 0)
