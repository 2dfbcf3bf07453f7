"""A minimal 3MF: several named objects on one plate, in a stated unit (3MF Core Specification 1.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

from examples.writers.archive import plain_zip
from partwatch.model.mesh import Mesh

_NAMESPACE = "http://schemas.microsoft.com/3dmanufacturing/core/2015/02"
_RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
_CONTENT_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_MODEL_RELATION = "http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"
_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'


@dataclass(frozen=True)
class Placed:
    """An object, and where on the plate its origin goes, both in the file's unit."""

    name: str
    mesh: Mesh
    at: tuple[float, float, float] = (0.0, 0.0, 0.0)


def threemf(objects: Sequence[Placed], unit: str = "millimeter") -> bytes:
    """The package: content types, the root relationship, one model part."""
    return plain_zip(
        {
            "[Content_Types].xml": _content_types().encode(),
            "_rels/.rels": _root_relation().encode(),
            "3D/3dmodel.model": _model(objects, unit).encode(),
        }
    )


def _content_types() -> str:
    return (
        f'{_XML}<Types xmlns="{_CONTENT_TYPES}">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="model" ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/>'
        "</Types>\n"
    )


def _root_relation() -> str:
    return (
        f'{_XML}<Relationships xmlns="{_RELATIONSHIPS}">'
        f'<Relationship Id="rel0" Target="/3D/3dmodel.model" Type="{_MODEL_RELATION}"/></Relationships>\n'
    )


def _model(objects: Sequence[Placed], unit: str) -> str:
    numbered = list(enumerate(objects, start=1))
    resources = "".join(_object(number, placed) for number, placed in numbered)
    build = "".join(_item(number, placed) for number, placed in numbered)
    return (
        f'{_XML}<model unit="{unit}" xml:lang="en-US" xmlns="{_NAMESPACE}">'
        f"<resources>{resources}</resources><build>{build}</build></model>\n"
    )


def _object(number: int, placed: Placed) -> str:
    vertices = "".join(
        f'<vertex x="{x:.9g}" y="{y:.9g}" z="{z:.9g}"/>' for x, y, z in placed.mesh.vertices.tolist()
    )
    triangles = "".join(
        f'<triangle v1="{a}" v2="{b}" v3="{c}"/>' for a, b, c in placed.mesh.triangles.tolist()
    )
    return (
        f'<object id="{number}" type="model" name={quoteattr(placed.name)}><mesh>'
        f"<vertices>{vertices}</vertices><triangles>{triangles}</triangles></mesh></object>"
    )


def _item(number: int, placed: Placed) -> str:
    x, y, z = placed.at
    return f'<item objectid="{number}" transform="1 0 0 0 1 0 0 0 1 {x:.9g} {y:.9g} {z:.9g}"/>'
