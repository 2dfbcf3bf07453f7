"""What belongs together: marks in blocks, each of which one choice of somebody's makes.

Marks of a block are not independent: the change of a material changes a dozen settings. A block is weighed
as one thing, and each stands on one of two sides: what whoever writes the file can write into it, and what
the program that made it, its moves or its triangles show.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from partwatch.model.marks import Forgery, Mark, MarkKind


class Block(StrEnum):
    """machine: settings of a printer. process: of how it prints. material. task: what changes from job to
    job. profile: names of presets and printers. macros: commands at the start and the end. people: authors,
    users, paths, organisations. things: titles, names of objects, pictures. identifiers: what is given out
    once. headers: fields of a format, comments and licences. writer: how a program writes a file. wording:
    how moves are written. measured: settings that the moves show; heights: those that are chosen anew for a
    job. manner: how they go about the part. triangulation: one export's triangles.
    """

    MACHINE = "machine"
    PROCESS = "process"
    MATERIAL = "material"
    TASK = "task"
    PROFILE = "profile"
    MACROS = "macros"
    PEOPLE = "people"
    THINGS = "things"
    IDENTIFIERS = "identifiers"
    HEADERS = "headers"
    WRITER = "writer"
    WORDING = "wording"
    MEASURED = "measured"
    HEIGHTS = "heights"
    MANNER = "manner"
    TRIANGULATION = "triangulation"


HARD: Final = frozenset(
    {Block.WRITER, Block.WORDING, Block.MEASURED, Block.HEIGHTS, Block.MANNER, Block.TRIANGULATION}
)
# Several values of one name stand beside each other: another one is no contradiction.
MANY: Final = frozenset({
    Block.PEOPLE, Block.THINGS, Block.IDENTIFIERS, Block.HEADERS, Block.TRIANGULATION,
})  # fmt: skip
TRIANGULATION_NAME: Final = "triangulation"
MEASURED_TAIL: Final = ", measured"

# Dates and what a job comes to are of the job; software is what nearly everybody shares, and is asked
# elsewhere.
_SILENT: Final = frozenset({MarkKind.DATE, MarkKind.STATISTIC, MarkKind.BANNER, MarkKind.VERSION})
# Of a profile's form, not of what it says.
_SILENT_NAMES: Final = frozenset({"SETTING_3", "setting_version", "version", "type"})
_BY_KIND: Final[Mapping[MarkKind, Block]] = {
    MarkKind.PRESET: Block.PROFILE,
    MarkKind.PRINTER: Block.PROFILE,
    MarkKind.AUTHOR: Block.PEOPLE,
    MarkKind.USER: Block.PEOPLE,
    MarkKind.PATH: Block.PEOPLE,
    MarkKind.OBJECT_NAME: Block.THINGS,
    MarkKind.TITLE: Block.THINGS,
    MarkKind.THUMBNAIL: Block.THINGS,
    MarkKind.IDENTIFIER: Block.IDENTIFIERS,
    MarkKind.LICENCE: Block.HEADERS,
    MarkKind.COMMENT: Block.HEADERS,
    MarkKind.HEADER: Block.HEADERS,
    MarkKind.FILAMENT: Block.MATERIAL,
}
# Heights are chosen anew for a job.
_OF_A_JOB: Final = frozenset({"layer height, measured", "first layer height, measured", "spiral, measured"})
# The first that fits is a setting's block.
_SETTINGS: Final = tuple(
    (block, re.compile(f"(?i){pattern}"))
    for block, pattern in (
        (Block.TASK, r"^support|_support_|^brim|^skirt|^raft"),
        (
            Block.MATERIAL,
            r"filament|material|temperature|fan|cooling|slow_down|bed_temp|extrusion_multiplier",
        ),
        (Block.MACHINE, r"^machine|retract|nozzle|^extruder|printer|gcode|firmware|z_offset|^bed_"),
        (Block.PROCESS, r"speed|accel|jerk|width|flow|only_retract"),
        (
            Block.TASK,
            r"support|brim|skirt|raft|adhesion|infill|fill_|layer_height|height_0|perimeters$|wall_line_count"
            r"|wall_loops|solid_layers|shell_layers|(?:top|bottom)_(?:layers|thickness)|shell_thickness|spiral"
            r"|ironing|fuzzy|scale|complete_objects|print_sequence|duplicate|seam|object",
        ),
        (
            Block.MACHINE,
            r"extruder|wipe|print_height|printable|thumbnail|host|remaining_times|silent|variable_layer|tool"
            r"|parking|tube|high_current|center",
        ),
    )
)


@dataclass(frozen=True)
class Told:
    """What an item says under one kind and name in a block: values with the first mark of each."""

    block: Block
    kind: MarkKind
    name: str
    values: Mapping[str, Mark]


Signature = Mapping[tuple[Block, MarkKind, str], Told]


def block_of(mark: Mark) -> Block | None:
    """The block of a mark; None of those that say nothing of a source."""
    if mark.name == TRIANGULATION_NAME:
        return Block.TRIANGULATION
    if mark.kind in _SILENT or mark.name in _SILENT_NAMES:
        return None
    if mark.forgery is Forgery.REMAKE:
        if mark.name in _OF_A_JOB:
            return Block.HEIGHTS
        return Block.MEASURED if mark.kind is MarkKind.SETTING else Block.MANNER
    if mark.kind is MarkKind.HABIT:
        return Block.WORDING if mark.group == "gcode numbers" else Block.WRITER
    if mark.kind is MarkKind.MACRO and mark.name.startswith(("start commands", "end commands")):
        return Block.MACROS
    if (block := _BY_KIND.get(mark.kind)) is not None:
        return block
    return next((block for block, names in _SETTINGS if names.search(mark.name)), Block.PROCESS)


def signature(marks: Iterable[Mark]) -> Signature:
    """Marks by kind and name, each in its block; what is empty says nothing."""
    found: dict[tuple[Block, MarkKind, str], dict[str, Mark]] = {}
    for mark in marks:
        block = block_of(mark)
        if block is not None:
            found.setdefault((block, mark.kind, mark.name), {}).setdefault(mark.value, mark)
    return {key: Told(*key, values) for key, values in found.items()}
