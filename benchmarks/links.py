"""Which items are of one source: jobs of known sources by three slicers, and files of known projects.

    python -m benchmarks.links --corpus DIR --folder DIR [--sources 30] [--jobs 3] [--write | --fresh 30]

Slices (what is in the folder already is kept), reads marks with comments and without, compares all pairs of
one slicer's jobs, fits on one half of the sources and asks of the other half, and the other way, and prints
how that went. Files of the corpus, whose project is known, do the same for names, writers' habits and
triangles. --write fits the model that ships on all of them; --fresh asks that model, as it ships, of the
sources from that number on.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from benchmarks.attribution import parts_of
from benchmarks.link_report import Asked, told
from benchmarks.progress import say
from benchmarks.slicing import SlicingError, installed, stripped
from benchmarks.sources import Source, job, source
from partwatch.curation.corpus import CorpusFile, provenance, read_corpus
from partwatch.formats.base import ReadLimits
from partwatch.formats.worker import Limits
from partwatch.model.marks import Mark
from partwatch.provenance.linking.blocks import Block, Signature, signature
from partwatch.provenance.linking.comparison import compared
from partwatch.provenance.linking.factory import Factory, shipped_factory
from partwatch.provenance.linking.fit import Pair, fit
from partwatch.provenance.linking.model import (
    Bound,
    Bounds,
    LinkModel,
    Part,
    Weights,
    layout,
    shipped_model,
    weighed,
)
from partwatch.provenance.marks.collector import Collector, Lines
from partwatch.provenance.marks.gcode_comments import add_comments
from partwatch.provenance.marks.gcode_moves import add_moves
from partwatch.provenance.marks.of_files import Means, marked_items
from partwatch.provenance.marks.rarity import shipped_table
from partwatch.provenance.marks.rarity import weighed as with_rarity
from partwatch.provenance.marks.sources import marks_of
from partwatch.provenance.marks.toolpath import GROUP as TOOLPATH
from partwatch.provenance.slicers import shipped_table as shipped_habits
from partwatch.screening.walk import Source as Walked

# Boxes of parts, in mm³: what is sliced in a second or two.
ROOM = 9_000.0
# Strangers that weights are fitted on, of each condition; all of them are asked afterwards.
FITTED_STRANGERS = 4_000
FILES_A_PROJECT = 16
KEPT, STRIPPED = "comments kept", "comments stripped"
JOB_BLOCKS = (
    Block.MACHINE, Block.PROCESS, Block.MATERIAL, Block.TASK, Block.PROFILE, Block.MACROS, Block.WORDING,
    Block.MEASURED, Block.HEIGHTS, Block.MANNER,
)  # fmt: skip
FILE_BLOCKS = tuple(block for block in Block if block not in JOB_BLOCKS and block is not Block.TRIANGULATION)
_OUT = Path("src/partwatch/provenance/data/links.json")


@dataclass(frozen=True)
class Item:
    """A job, or a file. source: by name; kind: of the source; group: only items of one group are compared.
    marks: by condition."""

    name: str
    source: str
    kind: str
    preset: str
    half: int
    group: str
    marks: Mapping[str, Signature]


@dataclass(frozen=True)
class Compared:
    """Two items, by what they say in a condition."""

    a: Item
    b: Item
    pair: Pair


def main(argv: list[str] | None = None) -> int:
    """Slice, read, compare, fit, tell."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.links", description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True, help="where jobs and marks are kept")
    parser.add_argument("--sources", type=int, default=30, help="of each slicer")
    parser.add_argument("--jobs", type=int, default=3, help="of each source")
    parser.add_argument("--write", action="store_true", help=f"replace {_OUT}")
    parser.add_argument("--fresh", type=int, metavar="FROM", help="ask the shipped model of these sources")
    asked = parser.parse_args(argv)
    asked.folder.mkdir(parents=True, exist_ok=True)
    factory = shipped_factory()
    jobs = _jobs(asked.corpus, asked.folder, range(asked.fresh or 0, asked.sources), asked.jobs)
    if asked.fresh is not None:
        _ask(jobs, shipped_model(), factory)
        return 0
    parts = _measured(jobs, {KEPT: True, STRIPPED: False}, JOB_BLOCKS, _said(jobs), factory)
    files = _files(asked.corpus, asked.folder)
    said = f"files of projects, {provenance(asked.corpus)}"
    parts += _of_files(files, said, factory)
    model = LinkModel(layout=layout(factory), parts=tuple(parts))
    print(f"model {model.version}: bounds {[part.bounds.model_dump() for part in parts]}")
    if asked.write:
        _OUT.write_text(model.model_dump_json() + "\n", encoding="utf-8")
    return 0


def _ask(jobs: Sequence[Item], model: LinkModel, factory: Factory) -> None:
    """Print how a model that never saw these sources tells them."""
    print(f"model {model.version}, {_said(jobs)}")
    for condition in (KEPT, STRIPPED):
        answers = [_asked(each, model) for each in _compared(jobs, condition, factory)]
        for line in told(condition, answers):
            print(line, flush=True)


def _measured(
    items: Sequence[Item],
    conditions: Mapping[str, bool | None],
    blocks: Sequence[Block],
    population: str,
    factory: Factory,
) -> list[Part]:
    """The parts of a model that all of them teach; prints how halves of the sources tell each other."""
    every = {condition: list(_compared(items, condition, factory)) for condition in conditions}
    say(f"{len(items)} items, {sum(map(len, every.values()))} pairs compared")
    return _taught(every, conditions, blocks, population, factory)


def _of_files(files: Sequence[Item], population: str, factory: Factory) -> list[Part]:
    """What files of projects teach: of names and habits, and of triangles alone."""
    every = {KEPT: list(_compared(files, KEPT, factory))}
    say(f"{len(files)} files, {len(every[KEPT])} pairs compared")
    parts = _taught(every, {KEPT: None}, FILE_BLOCKS, population, factory)
    return [*parts, _triangles(every[KEPT], population)]


def _triangles(pairs: Sequence[Compared], population: str) -> Part:
    """Triangles are the same or are not: a ratio of counts, of projects of which two files share some, and
    of pairs of projects of which two files do, with one more of these."""
    mates = {each.pair.sources for each in pairs if each.pair.mates}
    others = {each.pair.sources for each in pairs if not each.pair.mates}
    sharing = {each.pair.sources for each in pairs if _same_triangles(each.pair)}
    right, wrong = len(sharing & mates), len(sharing & others)
    bits = float(np.log2(right / len(mates) * (len(others) + 1) / (wrong + 1))) if right else 0.0
    print(f"the same triangles: {right} of {len(mates)} projects, {wrong} of {len(others)} pairs of projects")
    bits = round(max(bits, 0.0), 2)
    bound = Bound(low=0.0, high=bits)
    return Part(
        population=population, settings=None, sources=len({s for of in others for s in of}), mates=len(mates),
        strangers=len(others), weights={Block.TRIANGULATION: Weights(agreed=bits)}, conflicts={}, usual={},
        bounds=Bounds(forgeable=Bound(low=0.0, high=0.0), hard=bound, both=bound),
    )  # fmt: skip


def _same_triangles(pair: Pair) -> bool:
    return any(each.block is Block.TRIANGULATION for each in pair.found.agreements)


def _taught(
    every: Mapping[str, Sequence[Compared]],
    conditions: Mapping[str, bool | None],
    blocks: Sequence[Block],
    population: str,
    factory: Factory,
) -> list[Part]:
    answers: dict[str, list[Asked]] = {condition: [] for condition in conditions}
    for half in (0, 1):
        parts = tuple(
            fit(_for_fitting(every[name], 1 - half), blocks, population, settings)
            for name, settings in conditions.items()
        )
        model = LinkModel(layout=layout(factory), parts=parts)
        for condition, pairs in every.items():
            own = [each for each in pairs if each.a.half == each.b.half == half]
            answers[condition] += [_asked(each, model) for each in own]
    for condition, of in answers.items():
        for line in told(condition, of):
            print(line, flush=True)
    return [
        fit(_for_fitting(every[name], None), blocks, population, settings)
        for name, settings in conditions.items()
    ]


def _compared(items: Sequence[Item], condition: str, factory: Factory) -> Iterator[Compared]:
    habits = shipped_habits()
    for a, b in combinations(items, 2):
        # Of different halves nothing is asked, but all are fitted on in the end.
        if a.group == b.group:
            found = compared(a.marks[condition], b.marks[condition], factory, habits)
            first, second = sorted((a.source, b.source))
            close = a.preset == b.preset and a.preset not in ("", "none")
            yield Compared(a, b, Pair(found, (first, second), close))


def _for_fitting(pairs: Sequence[Compared], half: int | None) -> list[Pair]:
    """All mates, and as many strangers as are enough, of both halves or of one."""
    rng = np.random.default_rng(32)
    own = [each.pair for each in pairs if half is None or each.a.half == each.b.half == half]
    strangers = [pair for pair in own if not pair.mates]
    chosen = [strangers[k] for k in rng.permutation(len(strangers))[:FITTED_STRANGERS]]
    return [pair for pair in own if pair.mates] + chosen


def _asked(of: Compared, model: LinkModel) -> Asked:
    weight = weighed(of.pair.found, model)
    return Asked(
        a=of.a.name, b=of.b.name, sources=of.pair.sources, kinds=(of.a.kind, of.b.kind),
        same_preset=of.pair.close, bits=weight.bits, bits_forgeable=weight.bits_forgeable,
        bits_hard=weight.bits_hard,
    )  # fmt: skip


def _jobs(corpus: Path, folder: Path, sources: Sequence[int], each: int) -> list[Item]:
    parts = parts_of(corpus, ROOM)
    items = []
    for number in sources:
        say(f"source {number} of each slicer, of {len(sources)}")
        for slicer in installed():
            of = source(slicer, number)
            for k in range(each):
                out = folder / f"{slicer}-{number:03d}-{k}.gcode"
                part = parts[(number * 17 + k * 5 + len(slicer)) % len(parts)]
                if _made(of, k, part, out):
                    items.append(_job_item(of, out))
    return items


def _made(of: Source, k: int, part: tuple[str, Path], out: Path) -> bool:
    """Whether there is a job now."""
    kept = out.with_suffix(".json")
    if not kept.exists():
        try:
            settings = job(of, k, part[1], out)
        except SlicingError as error:
            print(out.name, error, file=sys.stderr)
            return False
        kept.write_text(json.dumps({"part": part[0], "settings": settings}), encoding="utf-8")
    return True


def _job_item(of: Source, out: Path) -> Item:
    """A job with its marks, comments kept and stripped; marks are kept beside it."""
    kept = out.with_suffix(".marks.json")
    if not kept.exists():
        data = out.read_bytes()
        full = marks_of(data).marks
        into = Collector()
        # Moves are the same ones: what they show is not looked at twice.
        bare = stripped(data.decode("utf-8", "replace")).encode()
        add_comments(bare, into, Lines(bare))
        add_moves(bare, into, Lines(bare))
        shown = [mark for mark in full if mark.group == TOOLPATH]
        read = {KEPT: full, STRIPPED: [*into.store.marks(), *shown]}
        text = {
            condition: [mark.model_dump(mode="json") for mark in marks] for condition, marks in read.items()
        }
        kept.write_text(json.dumps(text), encoding="utf-8")
    stored = json.loads(kept.read_text(encoding="utf-8"))
    marks = {
        condition: signature(with_rarity(map(Mark.model_validate, of_one), shipped_table()))
        for condition, of_one in stored.items()
    }
    name = f"{of.slicer} {of.number}"
    return Item(out.name, name, of.kind, of.preset, of.number // 6 % 2, of.slicer, marks)


def _said(jobs: Sequence[Item]) -> str:
    sources = len({each.source for each in jobs})
    return f"{len(jobs)} jobs of {sources} made-up sources by {', '.join(installed())}"


def _files(corpus: Path, folder: Path) -> list[Item]:
    """Some files of each project, with the marks that are kept beside the jobs."""
    rng = np.random.default_rng(33)
    by_project: dict[str, list[CorpusFile]] = {}
    for each in read_corpus(corpus):
        by_project.setdefault(each.project, []).append(each)
    chosen = [
        of[k]
        for _, of in sorted(by_project.items())
        for k in sorted(rng.permutation(len(of))[:FILES_A_PROJECT])
    ]
    kept = folder / "files.json"
    if not kept.exists():
        kept.write_text(json.dumps(_marks_of_files(chosen)), encoding="utf-8")
    stored = json.loads(kept.read_text(encoding="utf-8"))
    projects = sorted(by_project)
    items = []
    for each in chosen:
        marks = signature(with_rarity(map(Mark.model_validate, stored[str(each.path)]), shipped_table()))
        half = projects.index(each.project) % 2
        items.append(Item(str(each.path), each.project, "project", "", half, "files", {KEPT: marks}))
    return items


def _marks_of_files(files: Sequence[CorpusFile]) -> dict[str, list[dict[str, object]]]:
    means = Means(1, Limits(timeout_s=120.0, memory_mb=4096), ReadLimits(), triangulation=True)
    marks: dict[str, list[dict[str, object]]] = {str(each.path): [] for each in files}
    with tempfile.TemporaryDirectory() as found:
        sources = [Walked(path, path) for path in marks]
        for item in marked_items(sources, Path(found), means, None, lambda: None):
            # Of an archive, what its members say is its own.
            marks[item.path] += [mark.model_dump(mode="json") for mark in item.marks]
    return marks


if __name__ == "__main__":
    sys.exit(main())
