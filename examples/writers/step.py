"""STEP AP214 (ISO 10303-21) of a flat-faced solid: one manifold solid, advanced faces on planes, in mm."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from examples.writers.planar import FlatFace, flat_faces
from partwatch.model.mesh import FloatArray, Mesh

_HEADER = """\
ISO-10303-21;
HEADER;
FILE_DESCRIPTION(('example part'),'2;1');
FILE_NAME('{name}','2025-01-01T00:00:00',(''),(''),'partwatch examples','partwatch examples','');
FILE_SCHEMA(('AUTOMOTIVE_DESIGN {{ 1 0 10303 214 1 1 1 1 }}'));
ENDSEC;
DATA;
"""
_FOOTER = "ENDSEC;\nEND-ISO-10303-21;\n"
_UNCERTAINTY_MM = "1.E-05"


def step(mesh: Mesh, name: str = "example") -> bytes:
    """The closed mesh as a boundary representation whose coplanar triangles are one face."""
    writer = _Writer(mesh)
    writer.product(name, writer.solid(name, flat_faces(mesh)))
    return (_HEADER.format(name=name) + "\n".join(writer.lines) + "\n" + _FOOTER).encode("ascii")


class _Writer:
    """Numbers the entities as they come; points, vertices and edges are shared between faces."""

    def __init__(self, mesh: Mesh) -> None:
        self.vertices = mesh.vertices
        self.lines: list[str] = []
        self._vertex_ids: dict[int, str] = {}
        self._edge_ids: dict[tuple[int, int], str] = {}

    def add(self, text: str) -> str:
        """Writes an entity and returns its reference."""
        reference = f"#{len(self.lines) + 1}"
        self.lines.append(f"{reference}={text};")
        return reference

    def solid(self, name: str, faces: list[FlatFace]) -> str:
        """The faces as one closed shell around one solid."""
        shell = self.add(f"CLOSED_SHELL('',{_list(self.face(face) for face in faces)})")
        return self.add(f"MANIFOLD_SOLID_BREP('{name}',{shell})")

    def face(self, face: FlatFace) -> str:
        """A plane bounded by its loops."""
        bounds = []
        for index, loop in enumerate(face.loops):
            kind = "FACE_OUTER_BOUND" if index == 0 else "FACE_BOUND"
            bounds.append(self.add(f"{kind}('',{self._loop(loop)},.T.)"))
        plane = self.add(f"PLANE('',{self._frame(face.point, face.normal)})")
        return self.add(f"ADVANCED_FACE('',{_list(bounds)},{plane},.T.)")

    def product(self, name: str, solid: str) -> None:
        """The product tree that a reader starts from, and the units."""
        context = self.add("APPLICATION_CONTEXT('core data for automotive mechanical design processes')")
        self.add(
            f"APPLICATION_PROTOCOL_DEFINITION('international standard','automotive_design',2000,{context})"
        )
        product_context = self.add(f"PRODUCT_CONTEXT('',{context},'mechanical')")
        product = self.add(f"PRODUCT('{name}','{name}','',({product_context}))")
        formation = self.add(f"PRODUCT_DEFINITION_FORMATION('','',{product})")
        view = self.add(f"PRODUCT_DEFINITION_CONTEXT('part definition',{context},'design')")
        definition = self.add(f"PRODUCT_DEFINITION('design','',{formation},{view})")
        shape = self.add(f"PRODUCT_DEFINITION_SHAPE('','',{definition})")
        frame = self._frame(np.zeros(3), np.array([0.0, 0.0, 1.0]))
        brep = self.add(f"ADVANCED_BREP_SHAPE_REPRESENTATION('',({frame},{solid}),{self._units()})")
        self.add(f"SHAPE_DEFINITION_REPRESENTATION({shape},{brep})")

    def _loop(self, loop: list[int]) -> str:
        ends = zip(loop, [*loop[1:], loop[0]], strict=True)
        return self.add(f"EDGE_LOOP('',{_list(self._oriented_edge(a, b) for a, b in ends)})")

    def _oriented_edge(self, start: int, end: int) -> str:
        forward = start < end
        edge = self._edge((start, end) if forward else (end, start))
        return self.add(f"ORIENTED_EDGE('',*,*,{edge},{'.T.' if forward else '.F.'})")

    def _edge(self, ends: tuple[int, int]) -> str:
        if ends not in self._edge_ids:
            start, end = self.vertices[ends[0]], self.vertices[ends[1]]
            length = float(np.linalg.norm(end - start))
            vector = self.add(f"VECTOR('',{self._direction((end - start) / length)},1.)")
            line = self.add(f"LINE('',{self._point(start)},{vector})")
            corners = f"{self._vertex(ends[0])},{self._vertex(ends[1])}"
            self._edge_ids[ends] = self.add(f"EDGE_CURVE('',{corners},{line},.T.)")
        return self._edge_ids[ends]

    def _vertex(self, index: int) -> str:
        if index not in self._vertex_ids:
            point = self._point(self.vertices[index])
            self._vertex_ids[index] = self.add(f"VERTEX_POINT('',{point})")
        return self._vertex_ids[index]

    def _frame(self, origin: FloatArray, axis: FloatArray) -> str:
        """A right-handed frame with its z along `axis`; which way x points does not matter for a plane."""
        helper = np.eye(3)[int(np.argmin(np.abs(axis)))]
        x = np.cross(helper, axis)
        directions = f"{self._direction(axis)},{self._direction(x / np.linalg.norm(x))}"
        return self.add(f"AXIS2_PLACEMENT_3D('',{self._point(origin)},{directions})")

    def _point(self, xyz: FloatArray) -> str:
        return self.add(f"CARTESIAN_POINT('',{_list(_real(value) for value in xyz.tolist())})")

    def _direction(self, xyz: FloatArray) -> str:
        return self.add(f"DIRECTION('',{_list(_real(value) for value in xyz.tolist())})")

    def _units(self) -> str:
        length = self.add("(LENGTH_UNIT()NAMED_UNIT(*)SI_UNIT(.MILLI.,.METRE.))")
        angle = self.add("(NAMED_UNIT(*)PLANE_ANGLE_UNIT()SI_UNIT($,.RADIAN.))")
        solid_angle = self.add("(NAMED_UNIT(*)SI_UNIT($,.STERADIAN.)SOLID_ANGLE_UNIT())")
        uncertainty = self.add(
            f"UNCERTAINTY_MEASURE_WITH_UNIT(LENGTH_MEASURE({_UNCERTAINTY_MM}),{length},"
            "'distance_accuracy_value','confusion accuracy')"
        )
        return self.add(
            f"(GEOMETRIC_REPRESENTATION_CONTEXT(3)GLOBAL_UNCERTAINTY_ASSIGNED_CONTEXT(({uncertainty}))"
            f"GLOBAL_UNIT_ASSIGNED_CONTEXT(({length},{angle},{solid_angle}))REPRESENTATION_CONTEXT('','3D'))"
        )


def _list(references: Iterable[str]) -> str:
    return f"({','.join(references)})"


def _real(value: float) -> str:
    """A STEP real needs its decimal point; minus zero is written as zero."""
    text = f"{value + 0.0:.10G}"
    if "." in text:
        return text
    mantissa, exponent, power = text.partition("E")
    return f"{mantissa}.{exponent}{power}"
