"""From kin specimens to families: shapes of files, the tree of least differences, links between families."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from partwatch import __version__
from partwatch.curation import kin_rules, kin_search, kinship, lineage_edges, specimens
from partwatch.curation.catalogue import Catalogue
from partwatch.curation.kin_rules import unit_factor
from partwatch.curation.kinship import Groups
from partwatch.curation.lineage_edges import Edge, is_major, shared_edges, whole_edges
from partwatch.curation.tree import middle, rooted, spanning_forest
from partwatch.fingerprint import FINGERPRINT_VERSION
from partwatch.matching.policy import Policy
from partwatch.model import families as model
from partwatch.model.document import Deviation, Relation, Vector3
from partwatch.model.families import Sameness


@dataclass(frozen=True)
class Drawing:
    """The picture of a shape: its specimen's row, and that of the shape above it where they were laid on each
    other."""

    row: int
    above: int | None


@dataclass(frozen=True, eq=False)
class Lineage:
    """The document, and what to draw of each shape by its id."""

    document: model.FamiliesDocument
    drawings: Mapping[int, Drawing]


class _Builder:
    """Shapes by the group of their files' wholes; ids are given in the order of the document."""

    def __init__(self, catalogue: Catalogue, found: kinship.Kinship) -> None:
        self.catalogue = catalogue
        self.found = found
        self.of_shape: dict[int, list[int]] = {}
        for number, file in enumerate(catalogue.files):
            self.of_shape.setdefault(found.groups.of(file.first), []).append(number)
        for numbers in self.of_shape.values():
            # What was read only in part speaks for no other.
            numbers.sort(key=lambda number: not catalogue.files[number].item.complete)
        self.wholes = {shape: catalogue.files[numbers[0]].first for shape, numbers in self.of_shape.items()}
        self.meshes = _meshes(catalogue, found)
        self.scales = _scales(catalogue, found)

    def shape_of(self, row: int) -> int:
        """The shape whose whole a row is, or whose file holds it."""
        return self.found.groups.of(row)

    def ends(self, edge: Edge) -> tuple[int, int]:
        """The shapes of an edge; of one by bodies the rows are wholes."""
        return self.shape_of(edge.a), self.shape_of(edge.b)

    def shape(self, shape: int, number: int) -> model.FamilyShape:
        """A shape of the document."""
        known = self.catalogue.specimens
        row = self.wholes[shape]
        first = self.catalogue.files[self.of_shape[shape][0]]
        x, y, z = (_tidy(size) for size in known.extents[row])
        size: Vector3 = (x, y, z)
        return model.FamilyShape(
            id=number,
            files=tuple(self.file(k, row) for k in self.of_shape[shape]),
            extents_mm=size,
            area_mm2=_tidy(known.area[row]),
            volume_mm3=_tidy(abs(known.volume[row])) if known.closed[row] else None,
            triangles=int(known.triangles[row]),
            bodies=len(first.bodies),
            distinctiveness=_tidy(known.distinct[row]),
            plain=known.is_plain(row),
        )

    def file(self, number: int, first: int) -> model.FamilyFile:
        """A file of a shape whose first file's whole is `first`."""
        file = self.catalogue.files[number]
        item = file.item
        scale = self.scales[file.first] / self.scales[first]
        return model.FamilyFile(
            path=item.path,
            member=item.member,
            sha256=item.sha256 or "",
            format=item.format or "",
            sameness=self._sameness(file.first, first, item.sha256),
            scale=_tidy(scale),
            unit_factor=unit_factor(scale),
            complete=item.complete,
            reasons=() if item.complete else item.reasons,
        )

    def _sameness(self, row: int, first: int, sha256: str | None) -> Sameness:
        if row == first:
            return Sameness.FIRST
        if sha256 == self.catalogue.files[int(self.catalogue.owner[first])].item.sha256:
            return Sameness.SAME_FILE
        if self.meshes.of(row) == self.meshes.of(first):
            return Sameness.SAME_MESH
        return Sameness.SAME_SHAPE

    def _to_first(self, row: int) -> float:
        """How many times a row's size the first file of its shape has."""
        return self.scales[self.wholes[self.shape_of(row)]] / self.scales[row]

    def difference(self, edge: Edge, parent_row: int, child_row: int) -> model.Difference:
        """An edge, seen from the parent."""
        known = self.catalogue.specimens
        turned = edge.a != parent_row
        share_parent, share_child = (edge.share_b, edge.share_a) if turned else (edge.share_a, edge.share_b)
        scale = 1.0
        if edge.kin is not None:
            scale = 1 / edge.kin.scale if turned else edge.kin.scale
        sizes = self._to_first(child_row) / self._to_first(parent_row)
        closed = bool(known.closed[parent_row] and known.closed[child_row])
        volumes = [abs(float(known.volume[row])) for row in (parent_row, child_row)]
        areas = [float(known.area[row]) for row in (parent_row, child_row)]
        median, p95, most = edge.kin.deviation_mm if edge.kin else (0.0, 0.0, 0.0)
        return model.Difference(
            kinship=edge.kind,
            mirrored=bool(edge.kin and edge.kin.mirrored),
            scale=_tidy(scale * sizes),
            coverage_parent=_tidy(share_parent),
            coverage_child=_tidy(share_child),
            volume_change=_tidy(volumes[1] / volumes[0] / scale**3 - 1) if closed and volumes[0] else None,
            area_change=_tidy(areas[1] / areas[0] / scale**2 - 1),
            tolerance_mm=_tidy(edge.kin.tolerance_mm) if edge.kin else None,
            deviation_mm=Deviation(median=_tidy(median), p95=_tidy(p95), max=_tidy(most))
            if edge.kin
            else None,
        )


def _meshes(catalogue: Catalogue, found: kinship.Kinship) -> Groups:
    """Specimens of one triangulation."""
    meshes = Groups(len(catalogue.specimens))
    first: dict[bytes, int] = {}
    for row, digest in enumerate(catalogue.specimens.placed):
        meshes.join(row, first.setdefault(digest, row))
    for kin in found.same:
        if kin.relation is Relation.SAME_MESH:
            meshes.join(kin.a, kin.b)
    return meshes


def _scales(catalogue: Catalogue, found: kinship.Kinship) -> list[float]:
    """The size of each specimen against others of its shape, by the comparisons that joined them."""
    near: dict[int, list[tuple[int, float]]] = {}
    first: dict[bytes, int] = {}
    for row, digest in enumerate(catalogue.specimens.placed):
        if (same := first.setdefault(digest, row)) != row:
            near.setdefault(same, []).append((row, 1.0))
    for kin in found.same:
        near.setdefault(kin.a, []).append((kin.b, kin.scale))
        near.setdefault(kin.b, []).append((kin.a, 1 / kin.scale))
    scales = [0.0] * len(catalogue.specimens)
    for start in range(len(scales)):
        if scales[start]:
            continue
        scales[start] = 1.0
        pending = [start]
        for row in pending:
            for other, scale in near.get(row, ()):
                if not scales[other]:
                    scales[other] = scales[row] * scale
                    pending.append(other)
    return scales


def lineage(catalogue: Catalogue, found: kinship.Kinship) -> Lineage:
    """The families of a catalogue."""
    builder = _Builder(catalogue, found)
    edges = sorted(
        [
            *whole_edges(catalogue, found, builder.wholes),
            *shared_edges(catalogue, found, builder.wholes),
        ],
        key=lambda edge: edge.distance,
    )
    major = [edge for edge in edges if is_major(edge)]
    kept = [major[place] for place in spanning_forest([builder.ends(edge) for edge in major])]
    groups = _components(builder.wholes, [builder.ends(edge) for edge in kept])
    families: list[model.Family] = []
    numbers: dict[int, int] = {}
    drawings: dict[int, Drawing] = {}
    order = sorted(groups, key=lambda shapes: (-sum(len(builder.of_shape[s]) for s in shapes), shapes))
    in_family = {shape: place for place, shapes in enumerate(order) for shape in shapes}
    trees: list[list[Edge]] = [[] for _ in order]
    for edge in kept:
        trees[in_family[builder.ends(edge)[0]]].append(edge)
    for place, (shapes, tree) in enumerate(zip(order, trees, strict=True)):
        families.append(_family(builder, place + 1, shapes, tree, numbers, drawings))
    links = [
        _link(builder, edge, numbers)
        for edge in edges
        if not is_major(edge) and len({in_family[shape] for shape in builder.ends(edge)}) > 1
    ]
    return Lineage(_document(builder, families, links), drawings)


def _components(wholes: Mapping[int, int], ends: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Shapes that hang together, each by its number, sorted."""
    place = {shape: k for k, shape in enumerate(sorted(wholes))}
    joined = Groups(len(place))
    for a, b in ends:
        joined.join(place[a], place[b])
    groups: dict[int, list[int]] = {}
    for shape, k in place.items():
        groups.setdefault(joined.of(k), []).append(shape)
    return list(groups.values())


def _family(
    builder: _Builder,
    number: int,
    shapes: Sequence[int],
    tree: Sequence[Edge],
    numbers: dict[int, int],
    drawings: dict[int, Drawing],
) -> model.Family:
    ends = [builder.ends(edge) for edge in tree]
    weights = {shape: float(len(builder.of_shape[shape])) for shape in shapes}
    lengths = [(a, b, edge.distance[0]) for (a, b), edge in zip(ends, tree, strict=True)]
    root = middle(weights, lengths)
    down = rooted(root, ends)
    drawings[_numbered(root, numbers)] = Drawing(builder.wholes[root], None)
    branches = []
    for parent, child, place in down:
        edge = tree[place]
        child_row, parent_row = (edge.b, edge.a) if builder.shape_of(edge.b) == child else (edge.a, edge.b)
        drawings[_numbered(child, numbers)] = Drawing(
            child_row if edge.kin else builder.wholes[child], parent_row if edge.kin else None
        )
        branches.append(
            model.Branch(
                parent=numbers[parent],
                child=numbers[child],
                difference=builder.difference(edge, parent_row, child_row),
            )
        )
    ordered = [root, *(child for _, child, _ in down)]
    return model.Family(
        id=number,
        root=numbers[root],
        shapes=tuple(builder.shape(shape, numbers[shape]) for shape in ordered),
        tree=tuple(branches),
    )


def _numbered(shape: int, numbers: dict[int, int]) -> int:
    return numbers.setdefault(shape, len(numbers) + 1)


def _link(builder: _Builder, edge: Edge, numbers: Mapping[int, int]) -> model.Link:
    a, b = builder.ends(edge)
    return model.Link(shape=numbers[a], other=numbers[b], difference=builder.difference(edge, edge.a, edge.b))


def _document(
    builder: _Builder, families: Sequence[model.Family], links: Sequence[model.Link]
) -> model.FamiliesDocument:
    catalogue, found = builder.catalogue, builder.found
    digests = [file.item.sha256 for file in catalogue.files]
    unread = tuple(
        model.Unread(path=item.path, member=item.member, sha256=item.sha256, reasons=item.reasons)
        for item in catalogue.unread
    )
    unsettled = tuple((catalogue.named(a), catalogue.named(b)) for a, b in sorted(found.failed))
    return model.FamiliesDocument(
        schema_version=model.SCHEMA,
        program_version=__version__,
        fingerprint_version=FINGERPRINT_VERSION,
        thresholds=thresholds(),
        summary=model.FamiliesSummary(
            files=len(catalogue.files),
            unread=len(unread),
            families=len(families),
            alone=sum(sum(len(shape.files) for shape in family.shapes) == 1 for family in families),
            shapes=len(builder.of_shape),
            same_files=len(digests) - len(set(digests)),
            incomplete=sum(not file.item.complete for file in catalogue.files),
            compared=found.compared,
            uncompared=len(unsettled),
        ),
        families=tuple(families),
        links=tuple(links),
        unread=unread,
        unsettled=unsettled,
    )


def thresholds() -> dict[str, float]:
    """All numbers that decide, by name."""
    policy = Policy()
    return {
        "least_alike": kin_search.LEAST_ALIKE,
        "least_alike_scaled": kin_search.LEAST_ALIKE_SCALED,
        "neighbours": float(kin_search.NEIGHBOURS),
        "size_gap": kin_search.SIZE_GAP,
        "scaled_distinctiveness": specimens.SCALED_DISTINCT,
        "plain_distinctiveness": specimens.PLAIN,
        "few_triangles": float(specimens.FEW_TRIANGLES),
        "revision_coverage": kin_rules.REVISION_COVERAGE,
        "changed_coverage": kin_rules.CHANGED_COVERAGE,
        "changed_alike": kin_rules.CHANGED_ALIKE,
        "changed_scale": kin_rules.CHANGED_SCALE,
        "mirrored_coverage": kin_rules.MIRRORED_COVERAGE,
        "major_share": lineage_edges.MAJOR_SHARE,
        "plain_share": lineage_edges.PLAIN_SHARE,
        "link_share": lineage_edges.LINK_SHARE,
        "scale_tolerance": kin_rules.SCALE_TOLERANCE,
        "same_shape_uncovered": policy.same_shape_uncovered,
        "same_shape_vertices": policy.same_shape_vertices,
    }


def _tidy(value: float, digits: int = 4) -> float:
    """Rounded for people and for files that compare; adding zero turns -0 into 0."""
    return round(float(value), digits) + 0.0
