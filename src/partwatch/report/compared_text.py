"""A comparison for a terminal, and for a pipe."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from partwatch.model.comparison import Comparison, Lone, Pair, Side, Verdict
from partwatch.report import compared_words as words
from partwatch.report.escape import visible

STYLES: dict[Verdict, str] = {
    Verdict.SAME: "bold green",
    Verdict.DIFFERENT: "bold yellow",
    Verdict.UNKNOWN: "bold magenta",
}
# Pairs told one by one, places told of each; the JSON has all.
MOST_PAIRS = 20
MOST_REGIONS = 8


def render(comparison: Comparison, console: Console) -> None:
    """Print the whole comparison; every string from outside is shown with its controls escaped."""

    def line(text: str, style: str = "", indent: int = 0) -> None:
        console.print(Text(" " * indent + text, style=style), highlight=False, soft_wrap=True)

    line(words.verdict(comparison), STYLES[comparison.verdict])
    for letter, side in (("A", comparison.a), ("B", comparison.b)):
        for n, said in enumerate(_side(side)):
            line(f"{letter}  {said}" if n == 0 else said, "" if n == 0 else "dim", 0 if n == 0 else 3)
    for said in words.file_lineage(comparison):
        line(said, "dim", 3)
    told = sorted(comparison.pairs, key=lambda pair: (pair.same, pair.a))[:MOST_PAIRS]
    for pair in told:
        line("")
        for n, said in enumerate(_pair(comparison, pair)):
            line(said, "bold" if n == 0 else "", 0 if n == 0 else 3)
    if len(told) < len(comparison.pairs):
        line("")
        line(f"and {len(comparison.pairs) - len(told):,} more pairs, which --json tells", "dim")
    for name, alone, side in (
        ("only in A", comparison.removed, comparison.a), ("only in B", comparison.added, comparison.b),
    ):  # fmt: skip
        if alone:
            line("")
            line(name, "bold")
            for said in _alone(alone, side):
                line(said, "", 3)


def _side(side: Side) -> list[str]:
    volumes = [body.volume_mm3 for body in side.bodies]
    known = [volume for volume in volumes if volume is not None]
    said = [f"{visible(side.path)}  {words.side(side)}"]
    if len(side.bodies) == 1:
        said[0] += f", {words.size(side.bodies[0].extents_mm)}"
    if len(known) == len(volumes):
        said[0] += f", {words.volume(sum(known))}"
    return [*said, *words.units(side), *(visible(reason.message) for reason in side.reasons)]


def _pair(comparison: Comparison, pair: Pair) -> list[str]:
    a, b = comparison.a.bodies[pair.a], comparison.b.bodies[pair.b]
    said = [
        f"A's {words.body(a)} and B's {words.body(b)}: {words.RELATIONS[pair.relation]}",
        words.coverage(pair),
        *words.remarks(pair),
    ]
    if pair.lineage.share_a < 1 or not pair.same:
        said.append(words.volumes(pair.volumes))
    said += [words.region(region) for region in pair.regions[:MOST_REGIONS]]
    left = max(len(pair.regions) - MOST_REGIONS, 0) + pair.regions_left_out
    if left:
        said.append("and " + words.count(left, "smaller place"))
    return [*said, words.lineage(pair.lineage)]


def _alone(alone: tuple[Lone, ...], side: Side) -> list[str]:
    bodies = [side.bodies[lone.index] for lone in alone]
    said = [
        f"{words.body(body)}, {words.size(body.extents_mm)}, {words.volume(body.volume_mm3)}"
        for body in bodies[:MOST_PAIRS]
    ]
    return said + ([f"and {len(bodies) - MOST_PAIRS:,} more"] if len(bodies) > MOST_PAIRS else [])
