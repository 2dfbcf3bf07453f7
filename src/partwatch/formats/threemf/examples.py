"""Small 3MF packages made by code, one for each thing that a reader can get wrong."""

from __future__ import annotations

import io
import zipfile

CORE = "http://schemas.microsoft.com/3dmanufacturing/core/2015/02"
PRODUCTION = "http://schemas.microsoft.com/3dmanufacturing/production/2015/06"
_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="model" ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/>'
    "</Types>"
)
WEDGE = (
    '<mesh><vertices><vertex x="0" y="0" z="0"/><vertex x="10" y="0" z="0"/>\n<vertex x="0" y="6" z="0"/>'
    '<vertex x="0" y="0" z="4"/></vertices>\n<triangles><triangle v1="0" v2="2" v3="1"/>'
    '<triangle v1="0" v2="1" v3="3"/><triangle v1="1" v2="2" v3="3"/><triangle v1="0" v2="3" v3="2"/>'
    "</triangles></mesh>"
)


def rels(*targets: str) -> str:
    """A relationships part that names models."""
    return (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        + "".join(
            f'<Relationship Target="{target}" Id="rel{place}" '
            'Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/>'
            for place, target in enumerate(targets)
        )
        + "</Relationships>"
    )


def uuid(number: int) -> str:
    """The UUID attribute that the production extension asks for."""
    return f'p:UUID="00000000-0000-4000-8000-{number:012d}"'


def model(resources: str, build: str, unit: str = "millimeter", extra: str = "", build_uuid: int = 0) -> str:
    """A model part. extra: further attributes of its root."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<model unit="{unit}" xml:lang="en-US" xmlns="{CORE}" '
        f'xmlns:p="{PRODUCTION}" {extra}><resources>{resources}</resources>'
        f"<build {uuid(build_uuid)}>{build}</build></model>"
    )


def package(parts: dict[str, str | bytes], start: str = "/3D/3dmodel.model") -> bytes:
    """A 3MF package of these parts, with content types and the relationship to its start."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {"[Content_Types].xml": _TYPES, "_rels/.rels": rels(start), **parts}.items():
            # A fixed date: the same call gives the same bytes.
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def examples() -> dict[str, bytes]:
    """Packages that every conforming reader takes, by what is special about them."""
    wedge = f'<object id="1" {uuid(1)} name="wedge" type="model">{WEDGE}</object>'
    moved = "0 1 0 -1 0 0 0 0 1 30 20 10"
    mirrored = "-1 0 0 0 1 0 0 0 1 0 0 0"
    nested = (
        wedge
        + f'<object id="2" {uuid(2)} name="pair"><components><component objectid="1" {uuid(3)}/>'
        + f'<component objectid="1" {uuid(4)} transform="{moved}"/></components></object>'
        + f'<object id="3" {uuid(5)} name="four"><components><component objectid="2" {uuid(6)}/>'
        + f'<component objectid="2" {uuid(7)} transform="{mirrored}"/></components></object>'
    )
    made = {
        unit: package({"3D/3dmodel.model": model(wedge, f'<item objectid="1" {uuid(9)}/>', unit)})
        for unit in ("micron", "millimeter", "centimeter", "inch", "foot", "meter")
    }
    items = (
        f'<item objectid="1" {uuid(8)} transform="{mirrored}"/>'
        f'<item objectid="1" {uuid(9)} transform="{moved}"/>'
    )
    made["two-items"] = package({"3D/3dmodel.model": model(wedge, items)})
    made["nested"] = package(
        {"3D/3dmodel.model": model(nested, f'<item objectid="3" {uuid(9)} transform="{moved}"/>')}
    )
    made["other-start"] = package(
        {"cad/root.model": model(wedge, f'<item objectid="1" {uuid(9)}/>')}, "/cad/root.model"
    )
    made["support"] = package(
        {
            "3D/3dmodel.model": model(
                wedge
                + wedge.replace('id="1"', 'id="2"').replace(uuid(1), uuid(2)).replace('"model"', '"support"'),
                f'<item objectid="1" {uuid(8)}/><item objectid="2" {uuid(9)} transform="{moved}"/>',
            )
        }
    )
    made["production"] = _production(wedge, moved)
    return made


def _production(wedge: str, moved: str) -> bytes:
    """Two part files that use the same object id for different meshes."""
    tall = wedge.replace('z="4"', 'z="40"').replace(uuid(1), uuid(11))
    both = (
        f'<object id="1" {uuid(5)}><components>'
        f'<component objectid="1" p:path="/3D/Objects/b.model" {uuid(6)}/>'
        f'<component objectid="1" p:path="/3D/Objects/a.model" {uuid(7)} transform="{moved}"/>'
        "</components></object>"
    )
    items = (
        f'<item objectid="1" p:path="/3D/Objects/a.model" {uuid(8)}/>'
        f'<item objectid="1" {uuid(9)} transform="{moved}"/>'
    )
    root = model(both, items, "inch", 'requiredextensions="p"')
    parts: dict[str, str | bytes] = {
        "3D/3dmodel.model": root,
        "3D/_rels/3dmodel.model.rels": rels("/3D/Objects/a.model", "/3D/Objects/b.model"),
        "3D/Objects/a.model": model(wedge, "", "inch", build_uuid=12),
        "3D/Objects/b.model": model(tall, "", "meter", build_uuid=13),
    }
    return package(parts)
