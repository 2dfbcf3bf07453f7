"""The table of factory presets that links are discounted by: from the profiles that slicers bring.

    python -m benchmarks.factory_table --folder DIR [--write]

PrusaSlicer itself flattens each preset of each vendor as it would write it into a job; every printer's start
and end commands are those of a job of a small cube, by PrusaSlicer and by Cura's engine. --write replaces the
table. Only digests of names and values are kept, and the names of the presets.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

import numpy as np

from benchmarks.factory import Preset, cura_defaults, cura_machines, prusa_presets
from benchmarks.parts import stl_of
from benchmarks.progress import say
from benchmarks.slicing import SlicingError
from benchmarks.sources import Source, job
from partwatch.model.marks import MarkKind
from partwatch.model.mesh import Mesh
from partwatch.provenance.linking.factory import Named, factory_bytes, made_factory
from partwatch.provenance.marks.collector import Collector
from partwatch.provenance.marks.settings import add_lines, kind_of
from partwatch.provenance.marks.sources import marks_of

OUT = Path("src/partwatch/provenance/data/factory.npz")
_COMMANDS = ("start commands", "start commands, numbers apart", "end commands", "end commands, numbers apart")
_SLICER = {"prusa-slicer": "PrusaSlicer 2.5", "slic3r": "Slic3r 1.3"}
_CURA = "Cura 4.13"
# Settings that moves show, by the names of Slic3r's line, and Cura's for them.
_CURA_SHOWN = {
    "printer": {"retract_length": "retraction_amount", "retract_speed": "retraction_speed"},
    "print": {
        "travel_speed": "speed_travel", "layer_height": "layer_height",
        "first_layer_height": "layer_height_0",
    },
}  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    """Flatten, slice, and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.factory_table", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where what was made is kept")
    parser.add_argument("--write", action="store_true", help=f"replace {OUT}")
    asked = parser.parse_args(argv)
    asked.folder.mkdir(parents=True, exist_ok=True)
    presets = prusa_presets()
    kinds: dict[str, dict[str, Mapping[Named, str]]] = {"printer": {}, "print": {}, "filament": {}}
    for preset, values in _flattened(presets, asked.folder):
        kinds[preset.block][f"{preset.vendor} {preset.name}"] = values
    keys = {block: {key for of in kinds[block].values() for key in of} for block in kinds}
    for slicer, label in _SLICER.items():
        defaults = _saved(slicer, {})
        for block in kinds:
            kinds[block][label] = {key: told for key, told in defaults.items() if key in keys[block]}
    cura = cura_defaults()
    for block, names in _CURA_SHOWN.items():
        kinds[block][_CURA] = {(MarkKind.SETTING, name): cura[own] for name, own in names.items()}
    # What no preset sets is the slicer's own in all of them.
    rest = frozenset().union(*keys.values())
    kinds["slicer"] = {
        label: {key: told for key, told in _saved(slicer, {}).items() if key not in rest}
        for slicer, label in _SLICER.items()
    }
    named = {(kind_of(key), key): told for key, told in cura.items()}
    kinds["slicer"][_CURA] = {key: told for key, told in named.items() if key not in rest}
    macros = sorted(set(_macros(asked.folder, [each for each in presets if each.block == "printer"])))
    factory = made_factory("presets of PrusaSlicer 2.5.0's vendors, printers of Cura 4.13", kinds, macros)
    data = factory_bytes(factory)
    print(f"{ {kind: of.values.shape for kind, of in factory.kinds.items()} }")
    print(f"{len(factory.macros):,} macros, {len(data):,} bytes")
    if asked.write:
        OUT.write_bytes(data)
    return 0


def _flattened(presets: Sequence[Preset], folder: Path) -> Iterator[tuple[Preset, Mapping[Named, str]]]:
    """Every preset as a job would write it: its own keys, and no others."""
    keys = {
        block: frozenset(key for each in presets if each.block == block for key in each.values)
        for block in ("printer", "print", "filament")
    }
    by_block = [[each for each in presets if each.block == block] for block in keys]
    for k, together in enumerate(zip_longest(*by_block)):
        kept = folder / f"presets-{k:04d}.json"
        if k % 100 == 0:
            say(f"{k} of {max(map(len, by_block))} presets of each kind")
        if not kept.exists():
            # One of each kind at a time, since no key is in two.
            given = {
                key: value for each in together if each is not None for key, value in each.values.items()
            }
            told = _saved("prusa-slicer", given)
            kept.write_text(json.dumps([[*key, value] for key, value in told.items()]), encoding="utf-8")
        rows = json.loads(kept.read_text(encoding="utf-8"))
        for preset in filter(None, together):
            yield (
                preset,
                {(MarkKind(kind), name): value for kind, name, value in rows if name in keys[preset.block]},
            )


def _saved(slicer: str, values: Mapping[str, str]) -> dict[Named, str]:
    """A slicer's own writing of settings, as marks."""
    with tempfile.TemporaryDirectory() as folder:
        given, out = Path(folder) / "given.ini", Path(folder) / "out.ini"
        given.write_text("".join(f"{key} = {value}\n" for key, value in values.items()), encoding="utf-8")
        load = ["--load", str(given)] if values else []
        subprocess.run([slicer, *load, "--save", str(out)], capture_output=True, check=True)
        into = Collector()
        add_lines(out.read_bytes(), "profile", into)
    return {(mark.kind, mark.name): mark.value for mark in into.store.marks()}


def _macros(folder: Path, presets: Sequence[Preset]) -> Iterator[tuple[MarkKind, str, str]]:
    """Start and end commands of every printer as it comes."""
    cube = folder / "cube.stl"
    # A file with no byte above 127 at its start is text to PrusaSlicer.
    cube.write_bytes(stl_of(_cube(8.3)))
    # Nozzles of one printer share their macros.
    single = list(
        {
            tuple(each.values.get(f"{end}_gcode") for end in ("start", "end")): each for each in presets
        }.values()
    )
    sources = [_as_it_comes("prusa-slicer", k, each.name, each.values) for k, each in enumerate(single)]
    machines = {
        (values.get("machine_start_gcode"), values.get("machine_end_gcode")): (machine, name, values)
        for machine, name, values in cura_machines()
    }
    sources += [
        _as_it_comes("cura-engine", k, name, {**values, "definition": machine})
        for k, (machine, name, values) in enumerate(machines.values())
    ]
    sources += [_as_it_comes(slicer, 999, "none", {}) for slicer in ("prusa-slicer", "slic3r", "cura-engine")]
    for k, each in enumerate(sources):
        if k % 100 == 0:
            say(f"{k} of {len(sources)} printers")
        kept = folder / f"macros-{each.slicer}-{each.number:04d}.json"
        if not kept.exists():
            kept.write_text(json.dumps(_commands(each, cube, folder / "cube.gcode")), encoding="utf-8")
        for kind, name, value in json.loads(kept.read_text(encoding="utf-8")):
            yield MarkKind(kind), name, value


def _commands(of: Source, cube: Path, out: Path) -> list[tuple[str, str, str]]:
    try:
        job(of, 0, cube, out)
    except SlicingError as error:
        print(of.preset, error, file=sys.stderr)
        return []
    marks = marks_of(out.read_bytes()).marks
    return [
        (mark.kind, mark.name, mark.value)
        for mark in marks
        if mark.name in _COMMANDS or mark.kind is MarkKind.COMMENT
    ]


def _as_it_comes(slicer: str, number: int, name: str, values: Mapping[str, str]) -> Source:
    return Source(slicer, number, "untouched", name, values, {}, (0.2,), (), (), "", "")


def _cube(side: float) -> Mesh:
    corners = np.array([[x, y, z] for x in (0, side) for y in (0, side) for z in (0, side)], dtype=np.float64)
    quads = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
    triangles = [t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))]
    return Mesh(corners, np.array(triangles, dtype=np.int32))


if __name__ == "__main__":
    sys.exit(main())
