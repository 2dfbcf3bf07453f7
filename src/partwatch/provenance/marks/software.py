"""Software by the words in which it names itself, in whatever file: banner, header or comment."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from partwatch.model.marks import MarkKind
from partwatch.provenance.marks.collector import Collector

_MOST_CHARS = 2_000
_VERSION = r"(?:[ _/-]*(?:\(R\))?,?[ _-]*(?:version|ver\.?|v|release)?[ :]*(\d[\w.+-]{0,40}))?"


class Role(StrEnum):
    """Only one program slices a job; the others may well stand beside it."""

    SLICER = "slicer"
    MODELLER = "modeller"
    POSTPROCESSOR = "postprocessor"


@dataclass(frozen=True)
class Named:
    """A program as a text names it."""

    software: str
    version: str | None
    role: Role
    at: int


def _program(name: str, words: str, role: Role) -> tuple[str, re.Pattern[str], Role]:
    return name, re.compile(rf"(?<![A-Za-z])(?:{words}){_VERSION}", re.IGNORECASE), role


# The more special first: forks carry the name that they come from.
_PROGRAMS = (
    _program("ArcWelder", r"ArcWelder", Role.POSTPROCESSOR),
    _program("SuperSlicer", r"SuperSlicer", Role.SLICER),
    _program("OrcaSlicer", r"OrcaSlicer|Orca-Slicer|Orca Slicer", Role.SLICER),
    _program("BambuStudio", r"BambuStudio|Bambu Studio", Role.SLICER),
    _program("PrusaSlicer", r"PrusaSlicer|Prusa Slicer", Role.SLICER),
    _program("Slic3r PE", r"Slic3r Prusa Edition", Role.SLICER),
    _program("AnycubicSlicer", r"AnycubicSlicer\w*", Role.SLICER),
    _program("CrealityPrint", r"Creality_?Print|Creality Slicer", Role.SLICER),
    _program("Slic3r", r"Slic3r", Role.SLICER),
    _program("Cura", r"Cura_SteamEngine|CuraEngine|Ultimaker Cura|UltiMaker Cura|Cura(?= BINARY)|Cura(?= \d)",
             Role.SLICER),
    _program("Simplify3D", r"Simplify3D", Role.SLICER),
    _program("ideaMaker", r"ideaMaker", Role.SLICER),
    _program("KISSlicer", r"KISSlicer", Role.SLICER),
    _program("Kiri:Moto", r"Kiri:?Moto", Role.SLICER),
    _program("MatterSlice", r"MatterSlice|MatterControl", Role.SLICER),
    _program("IceSL", r"IceSL", Role.SLICER),
    _program("CraftWare", r"CraftWare", Role.SLICER),
    _program("Skeinforge", r"Skeinforge", Role.SLICER),
    _program("MakerBot", r"MakerBot|Makerware|ReplicatorG", Role.SLICER),
    _program("FullControl", r"FullControl", Role.SLICER),
    _program("Chitubox", r"Chitubox", Role.SLICER),
    _program("Lychee Slicer", r"Lychee ?Slicer", Role.SLICER),
    _program("Autodesk Translation Framework", r"Autodesk Translation Framework|STLB ATF", Role.MODELLER),
    _program("Autodesk Inventor", r"Autodesk Inventor", Role.MODELLER),
    _program("Fusion 360", r"(?:Autodesk )?Fusion ?360", Role.MODELLER),
    _program("Tinkercad", r"Tinkercad", Role.MODELLER),
    _program("Netfabb", r"(?:Autodesk )?netfabb(?: \w+)?", Role.MODELLER),
    _program("Meshmixer", r"Meshmixer", Role.MODELLER),
    _program("3ds Max", r"3ds ?Max", Role.MODELLER),
    _program("OpenSCAD", r"OpenSCAD", Role.MODELLER),
    _program("Blender", r"Blender", Role.MODELLER),
    _program("FreeCAD", r"FreeCAD", Role.MODELLER),
    _program("SolidWorks", r"SolidWorks", Role.MODELLER),
    _program("Onshape", r"Onshape(?: Inc)?|ONSHAPE BY PTC INC", Role.MODELLER),
    _program("Creo", r"Creo|Pro/ENGINEER", Role.MODELLER),
    _program("CATIA", r"CATIA", Role.MODELLER),
    _program("Siemens NX", r"Siemens NX|Unigraphics", Role.MODELLER),
    _program("Solid Edge", r"Solid Edge", Role.MODELLER),
    _program("Rhino", r"Rhino(?:ceros)?", Role.MODELLER),
    _program("SketchUp", r"SketchUp", Role.MODELLER),
    _program("ZBrush", r"ZBrush", Role.MODELLER),
    _program("MeshLab", r"MeshLab|VCGLIB|VCG\b", Role.MODELLER),
    _program("CloudCompare", r"CloudCompare", Role.MODELLER),
    _program("Magics", r"Materialise Magics|Magics", Role.MODELLER),
    _program("VisCAM", r"VisCAM", Role.MODELLER),
    _program("Microsoft 3D Builder", r"Microsoft 3D Builder|3D Builder", Role.MODELLER),
    _program("lib3mf", r"lib3mf", Role.MODELLER),
    _program("Open CASCADE", r"Open CASCADE(?: STEP processor)?(?: STEP translator)?", Role.MODELLER),
    _program("ST-Developer", r"ST-Developer", Role.MODELLER),
    _program("SwiftStep", r"SwStep|SwiftStep", Role.MODELLER),
    _program("CADQuery", r"CadQuery", Role.MODELLER),
    _program("Assimp", r"Open Asset Import Library|Assimp", Role.MODELLER),
    _program("Khronos glTF Blender I/O", r"Khronos glTF Blender I/O", Role.MODELLER),
    _program("COLLADA2GLTF", r"COLLADA2GLTF", Role.MODELLER),
    _program("trimesh", r"trimesh(?!\w)", Role.MODELLER),
    _program("numpy-stl", r"numpy-stl", Role.MODELLER),
    _program("ImageToSTL", r"ImageToSTL", Role.MODELLER),
    _program("ADMesh", r"ADMesh", Role.MODELLER),
)  # fmt: skip
SLICERS = frozenset(name for name, _, role in _PROGRAMS if role is Role.SLICER)


def named_in(text: str) -> list[Named]:
    """The programs that a text names, one for each place, in the order of the text."""
    text = text[:_MOST_CHARS]
    found: list[Named] = []
    taken: list[tuple[int, int]] = []
    for name, pattern, role in _PROGRAMS:
        match = pattern.search(text)
        if match is None or any(start < match.end() and match.start() < end for start, end in taken):
            continue
        taken.append(match.span())
        version = match[1].rstrip(".-+") if match[1] else None
        found.append(Named(name, version, role, match.start()))
    return sorted(found, key=lambda each: each.at)


def add_software(
    text: str,
    name: str,
    group: str,
    into: Collector,
    *,
    line: int | None = None,
    byte: int | None = None,
) -> list[Named]:
    """Marks for the programs in a text that says who wrote the file. name: of its field."""
    found = named_in(text)
    for each in found:
        into.add(MarkKind.BANNER, name, each.software, group, line=line, byte=byte)
        if each.version:
            into.add(MarkKind.VERSION, each.software, each.version, group, line=line, byte=byte)
    return found
