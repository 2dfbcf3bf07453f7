"""Plots as inline SVG: no script, no font, no file of its own. Colours are the page's CSS variables.

Every string is escaped here. Numbers are cut to a tenth of a pixel: the same data give the same bytes.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_WIDTH, _HEIGHT = 440.0, 280.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 96.0, 12.0, 10.0, 44.0
_STRIP = 200.0


@dataclass(frozen=True)
class Axis:
    """A linear scale. ticks: (value, label)."""

    low: float
    high: float
    ticks: Sequence[tuple[float, str]]
    title: str

    def share(self, value: float) -> float:
        """Where on it a value lies, 0 to 1; beyond its ends, at them."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))


@dataclass(frozen=True)
class Line:
    """A curve. tone: its class (`p-a`, `p-b`, `p-plain`). stepped: level up to each x, then down, as a
    share at or above x is."""

    name: str
    tone: str
    x: Sequence[float]
    y: Sequence[float]
    stepped: bool = False


@dataclass(frozen=True)
class Whisker:
    """A value with its interval on the y axis at x. tone: its class. hollow: drawn so."""

    x: float
    y: float
    low: float
    high: float
    tone: str = "p-a"
    hollow: bool = False


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round values (1, 2 or 5 times a power of ten apart) from low to high, at most that many."""
    span = max(high - low, 1e-12)
    power = 10.0 ** math.floor(math.log10(span / most))
    step = next(k * power for k in (1, 2, 5, 10, 20) if span / (k * power) <= most - 1)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [k * step for k in range(first, last + 1)]


def chart(
    title: str,
    x: Axis,
    y: Axis,
    lines: Sequence[Line] = (),
    whiskers: Sequence[Whisker] = (),
) -> str:
    """A figure: the plot, and its legend where there is more than one line."""
    marks = [
        *(_x_tick(x, value, label) for value, label in x.ticks),
        *(_y_tick(y, value, label) for value, label in y.ticks),
        _text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 8, x.title, "middle"),
        f'<text class="p-title" transform="translate(13 {(_TOP + _HEIGHT - _BOTTOM) / 2:.1f}) rotate(-90)" '
        f'text-anchor="middle">{html.escape(y.title)}</text>',
        *(_line(x, y, line) for line in lines),
        *(_whisker(x, y, one) for one in whiskers),
    ]
    described = html.escape(title)
    svg = (
        f'<svg class="plot" viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" role="img" aria-label="{described}">'
        f"{''.join(marks)}</svg>"
    )
    return f"<figure>{svg}{_legend(lines)}<figcaption>{described}</figcaption></figure>"


def _across(axis: Axis, value: float) -> float:
    return _LEFT + axis.share(value) * (_WIDTH - _LEFT - _RIGHT)


def _up(axis: Axis, value: float) -> float:
    return _HEIGHT - _BOTTOM - axis.share(value) * (_HEIGHT - _TOP - _BOTTOM)


def _x_tick(axis: Axis, value: float, label: str) -> str:
    at = _across(axis, value)
    return _rule(at, _TOP, at, _HEIGHT - _BOTTOM) + _text(at, _HEIGHT - _BOTTOM + 16, label, "middle")


def _y_tick(axis: Axis, value: float, label: str) -> str:
    at = _up(axis, value)
    return _rule(_LEFT, at, _WIDTH - _RIGHT, at) + _text(_LEFT - 6, at + 4, label, "end")


def _rule(x1: float, y1: float, x2: float, y2: float, tone: str = "p-grid") -> str:
    return f'<line class="{tone}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{html.escape(text)}</text>'


def _line(x: Axis, y: Axis, line: Line) -> str:
    points = [(_across(x, a), _up(y, b)) for a, b in zip(line.x, line.y, strict=True)]
    if line.stepped:
        points = list(_steps(points))
    spots = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
    return f'<polyline class="{line.tone}" points="{spots}"/>'


def _steps(points: Sequence[tuple[float, float]]) -> Iterable[tuple[float, float]]:
    """Each value holds from the point before up to its own."""
    for k, (a, b) in enumerate(points):
        if k:
            yield points[k - 1][0], b
        yield a, b


def _whisker(x: Axis, y: Axis, one: Whisker) -> str:
    at, low, high = _across(x, one.x), _up(y, one.low), _up(y, one.high)
    bar = _rule(at, low, at, high, one.tone)
    caps = "".join(_rule(at - 4, end, at + 4, end, one.tone) for end in (low, high))
    hollow = " p-hollow" if one.hollow else ""
    dot = f'<circle class="{one.tone} p-dot{hollow}" cx="{at:.1f}" cy="{_up(y, one.y):.1f}" r="4"/>'
    return bar + caps + dot


def _legend(lines: Sequence[Line]) -> str:
    if len(lines) < 2:
        return ""
    items = "".join(
        f'<li><svg viewBox="0 0 28 8" aria-hidden="true">{_rule(0, 4, 28, 4, line.tone)}</svg>'
        f"{html.escape(line.name)}</li>"
        for line in lines
    )
    return f'<ul class="keys">{items}</ul>'


def strip(axis: Axis, value: float, low: float, high: float, tone: str = "p-a") -> str:
    """One row of a table of intervals: a dot on its whisker, along an axis that all rows share."""
    across = [6 + axis.share(spot) * (_STRIP - 12) for spot in (value, low, high)]
    grid = "".join(
        _rule(6 + axis.share(tick) * (_STRIP - 12), 0, 6 + axis.share(tick) * (_STRIP - 12), 18, "p-grid")
        for tick, _ in axis.ticks
    )
    caps = "".join(_rule(end, 5, end, 13, tone) for end in across[1:])
    return (
        f'<svg class="strip" viewBox="0 0 {_STRIP:.0f} 18" aria-hidden="true">{grid}'
        f"{_rule(across[1], 9, across[2], 9, tone)}{caps}"
        f'<circle class="{tone} p-dot" cx="{across[0]:.1f}" cy="9" r="4"/></svg>'
    )


def scale_of(axis: Axis) -> str:
    """The labels of `strip`'s axis, as the head of its column."""
    labels = "".join(
        f'<text x="{6 + axis.share(value) * (_STRIP - 12):.1f}" y="13" '
        f'text-anchor="{_anchor(axis, value)}">{html.escape(label)}</text>'
        for value, label in axis.ticks
    )
    title = html.escape(axis.title)
    return f'<svg class="strip" viewBox="0 0 {_STRIP:.0f} 18" role="img" aria-label="{title}">{labels}</svg>'


def _anchor(axis: Axis, value: float) -> str:
    return "start" if axis.share(value) < 0.1 else "end" if axis.share(value) > 0.9 else "middle"
