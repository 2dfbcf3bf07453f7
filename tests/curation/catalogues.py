"""A folder of generated parts whose families are known, and the families found in it."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from examples.writers.indexed import obj
from examples.writers.stl import binary_stl
from examples.writers.threemf import Placed, threemf

import parts
from partwatch.cli import main
from partwatch.model.families import Branch, FamiliesDocument, Family, FamilyFile, FamilyShape, Link

REVISED_HOLES = ((10, 9, 2.2), (10, 31, 2.2), (30, 16, 4), (46, 28, 2.2))


def fill(folder: Path) -> None:
    """Every relation once, strangers, plain shapes, and things that cannot be read."""
    bracket, gear = parts.part_mesh("bracket"), parts.part_mesh("gear")
    cube = parts.mesh_of(parts.block(20, 20, 20))
    files = {
        "a/bracket.stl": binary_stl(bracket),
        "a/bracket again.stl": binary_stl(bracket),
        "b/moved.obj": obj(parts.moved(bracket, parts.motion(3))),
        "b/finer.stl": binary_stl(parts.finer(bracket, 6.0)),
        "b/stated inch.3mf": threemf([Placed("bracket", parts.scaled(bracket, 1 / 25.4))], unit="inch"),
        "b/inch.stl": binary_stl(parts.scaled(bracket, 1 / 25.4)),
        "b/mirrored.stl": binary_stl(parts.moved(bracket, parts.motion(4, mirrored=True))),
        "c/revised.stl": binary_stl(parts.mesh_of(parts.bracket(REVISED_HOLES))),
        "gear.stl": binary_stl(gear),
        "hook.stl": binary_stl(parts.part_mesh("hook")),
        "plates/plate.3mf": threemf(
            [Placed("gear", gear), Placed("knob", parts.part_mesh("knob"), (80, 0, 0)),
             Placed("housing", parts.part_mesh("housing"), (0, 90, 0))]
        ),
        "plates/two gears.3mf": threemf([Placed("one", gear), Placed("two", gear, (70, 5, 0))]),
        "plain/cube.stl": binary_stl(cube),
        "plain/cube.obj": obj(cube),
        "plain/turned cube.stl": binary_stl(parts.moved(cube, parts.motion(5))),
        "plain/larger cube.stl": binary_stl(parts.mesh_of(parts.block(30, 30, 30))),
        "broken.stl": binary_stl(gear)[:-70],
        "empty.stl": bytes(84),
        "notes.txt": b"nothing to print",
    }  # fmt: skip
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    with zipfile.ZipFile(folder / "old.zip", "w") as archive:
        archive.writestr("in/bracket.stl", binary_stl(parts.moved(bracket, parts.motion(6))))
        archive.writestr("pulley.stl", binary_stl(parts.part_mesh("pulley")))


@dataclass(frozen=True)
class Found:
    """A document, by the names of the files in it."""

    document: FamiliesDocument

    def of(self, name: str) -> tuple[Family, FamilyShape, FamilyFile]:
        """Where a file is; of an archive's member `archive!member`."""
        [place] = [
            (family, shape, file)
            for family in self.document.families
            for shape in family.shapes
            for file in shape.files
            if name == (file.path if file.member is None else f"{file.path}!{file.member}")
        ]
        return place

    def names(self, name: str) -> set[str]:
        """All that are of a file's family."""
        return {file.member or file.path for shape in self.of(name)[0].shapes for file in shape.files}

    def between(self, name: str, other: str) -> Branch:
        """The edge of the tree between two files' shapes."""
        family, shape, _ = self.of(name)
        ends = {shape.id, self.of(other)[1].id}
        [edge] = [edge for edge in family.tree if {edge.parent, edge.child} == ends]
        return edge

    def link(self, name: str, other: str) -> Link:
        """The link between two files' shapes."""
        ends = {self.of(name)[1].id, self.of(other)[1].id}
        [link] = [link for link in self.document.links if {link.shape, link.other} == ends]
        return link


def run(folder: Path, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, str]:
    """Exit code and stdout of `partwatch families FOLDER`."""
    code = main(["families", str(folder), *options])
    return code, capsys.readouterr().out


def found(text: str) -> Found:
    """What --json wrote, validated."""
    return Found(FamiliesDocument.model_validate(json.loads(text)))


def never(place: object, others: object) -> bytes:
    """Stands for a comparison that a worker's limit ended."""
    raise MemoryError
