"""The resolution of a case for a terminal: what a run did; each pair as a waterfall, beside its records."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from partwatch.model.case_resolution import Judged, KindTold, PairTold, ResolutionTold, Side
from partwatch.report.escape import visible

KINDS: Final = {"person": "people", "organization": "organisations", "address": "addresses"}
_BAR_WIDTH: Final = 12
_BAR_BITS: Final = 20.0
_VALUE_CHARS: Final = 48


def render_run(told: ResolutionTold, console: Console) -> None:
    """What was compared and merged, what was left out, and how it stands to what people judged."""
    for kind in told.kinds:
        _line(console, _kind(kind))
        for rule, (blocks, records) in kind.left_out.items():
            many = f"{blocks:,} {_plural(blocks, 'block')} of `{rule}`, {records:,} records"
            _line(console, f"   left out: {many}: too many share it to compare them all", "yellow")
        if kind.records > 1:
            learned = "learned here" if kind.learned else "as shipped"
            others = f"{kind.others:g} other records each, prior odds 1 in {2**-kind.prior:,.0f}"
            _line(console, f"   {others}; weights {learned} (model {kind.model})", "dim")
    _line(
        console,
        f"run {told.run}: merged from {told.merge:.2%}, asked from {told.review:.0%}; "
        f"calibration {told.calibration}",
    )
    if told.judged is not None:
        _line(console, _judged(told.judged), "" if told.judged.holds else "bold yellow")


def render_pairs(pairs: Iterable[PairTold], console: Console) -> None:
    """Each pair: both records side by side, then the waterfall."""
    count = 0
    for count, pair in enumerate(pairs, 1):
        if count > 1:
            console.print()
        render_pair(pair, console)
    if not count:
        _line(console, "no pair waits for a person")


def render_pair(pair: PairTold, console: Console) -> None:
    """One pair. Controls in what sources say are shown escaped."""
    state = "merged" if pair.merged else "not merged"
    verdict = f"; a person said: {pair.verdict}" if pair.verdict else ""
    _line(
        console,
        f"{visible(pair.left.caption)} = {visible(pair.right.caption)}?  {pair.posterior:.1%}, "
        f"{pair.bits:+.1f} bits, prior {pair.prior:+.1f} ({state}{verdict})",
        "bold",
    )
    _line(console, f"{pair.left.key} {pair.right.key}", "dim")
    if pair.contested:
        one, other = map(visible, pair.contested)
        _line(console, f"would bring together {one} and {other}, which speak against it", "yellow")
    console.print(_records(pair.left, pair.right))
    console.print(_waterfall(pair))


def _kind(kind: KindTold) -> str:
    return (
        f"{KINDS.get(kind.kind, kind.kind)}: {kind.records:,} records, {kind.pairs:,} pairs compared in "
        f"{kind.blocks:,} blocks; {kind.merged:,} merged into {kind.clusters:,} "
        f"{_plural(kind.clusters, 'cluster')} (the largest of {kind.largest:,}), {kind.review:,} for a person"
        + (f", {kind.contested:,} not merged because others speak against it" if kind.contested else "")
    )


def _judged(told: Judged) -> str:
    moved = "after recalibration, " if told.recalibrated else ""
    verdict = (
        "stated and judged agree" if told.holds else "the stated bits do not fit what people judged here: "
        "see `--recalibrate`"
    )  # fmt: skip
    return (
        f"{moved}{told.pairs:,} judged pairs: {told.stated:.1f} were stated to be the same, {told.same:,} "
        f"were (95 % interval {told.low * told.pairs:.1f} to {told.high * told.pairs:.1f}): {verdict}"
    )


def _records(left: Side, right: Side) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("", _heading(left), _heading(right)):
        table.add_column(heading, overflow="fold")
    props = dict.fromkeys(prop for side in (left, right) for prop, _, _ in side.said)
    for prop in props:
        table.add_row(Text(prop, "dim"), *(_said(side, prop) for side in (left, right)))
    return table


def _heading(side: Side) -> Text:
    more = f", one of {side.cluster:,} merged" if side.cluster > 1 else ""
    return Text(f"{side.schema} {side.key[:8]}{more}")


def _said(side: Side, prop: str) -> Text:
    told = [
        f"{visible(value)} ({', '.join(map(visible, sources))})"
        for name, value, sources in side.said
        if name == prop
    ]
    return Text("\n".join(told))


def _waterfall(pair: PairTold) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_footer=True)
    table.add_column("compared", "calibrated bits")
    table.add_column("found")
    table.add_column("left", overflow="fold")
    table.add_column("right", overflow="fold")
    table.add_column("bits", f"{pair.bits:+.1f}", justify="right")
    table.add_column("")
    for bar in pair.bars:
        table.add_row(
            Text(bar.comparison), Text(visible(bar.level)), Text(_short(bar.left)), Text(_short(bar.right)),
            Text(f"{bar.bits:+.1f}"), _drawn(bar.bits),
        )  # fmt: skip
    return table


def _drawn(bits: float) -> Text:
    """A bar to the right of the middle for, to the left against."""
    length = min(round(abs(bits) / _BAR_BITS * _BAR_WIDTH), _BAR_WIDTH) or (1 if abs(bits) >= 0.05 else 0)
    if bits < 0:
        return Text(" " * (_BAR_WIDTH - length) + "-" * length + "|", "red")
    return Text(" " * _BAR_WIDTH + "|" + "+" * length, "green")


def _short(value: str) -> str:
    shown = visible(value)
    return shown if len(shown) <= _VALUE_CHARS else shown[: _VALUE_CHARS - 1] + "…"


def _plural(count: int, word: str) -> str:
    return word if count == 1 else f"{word}s"


def _line(console: Console, text: str, style: str = "") -> None:
    console.print(Text(text, style))
