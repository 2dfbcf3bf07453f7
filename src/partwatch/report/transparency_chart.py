"""What was handed in over time as stacked bars: inline SVG, without script, style or font of its own."""

from __future__ import annotations

import html

from partwatch.model.transparency import Step, TransparencyReport
from partwatch.report.plots import ticks
from partwatch.report.transparency_words import COLUMNS, begins, day

_WIDTH, _HEIGHT = 760.0, 250.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 8.0, 10.0, 28.0
_MOST_LABELS = 10


def chart(report: TransparencyReport) -> str:
    """A figure with its legend, as markup; where nothing came in, a sentence."""
    highest = max((sum(_parts(step)) for step in report.series), default=0)
    if not highest:
        return '<p class="muted">Nothing was handed in.</p>\n'
    lines = [value for value in ticks(0, highest, 5) if value == int(value)]
    top = max(highest, lines[-1])
    marks = [_level(value, top) for value in lines]
    room = (_WIDTH - _LEFT - _RIGHT) / len(report.series)
    every = -(-len(report.series) // _MOST_LABELS)
    for place, step in enumerate(report.series):
        left = _LEFT + place * room
        marks.append(_bar(step, left, room, top))
        if place % every == 0:
            label = html.escape(begins(step, report.step))
            marks.append(_text(left + room / 2, _HEIGHT - 8, label, "middle"))
    title = f"Handed in by {report.step}, {day(report.since)} to {day(report.until)}, by what became of it"
    keys = "".join(f'<li><i class="b-{name}"></i>{words}</li>' for name, words in COLUMNS.items())
    return (
        f'<figure class="over-time"><figcaption>{title}</figcaption>\n'
        # Wider than a phone: it is scrolled within itself, by keyboard too.
        f'<div class="across" role="region" aria-label="{title}" tabindex="0">'
        f'<svg viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" role="img" '
        f'aria-label="{title}; the table below has the numbers">{"".join(marks)}</svg></div>\n'
        f'<ul class="keys">{keys}</ul></figure>\n'
    )


def _parts(step: Step) -> list[int]:
    return [getattr(step, name) for name in COLUMNS]


def _bar(step: Step, left: float, room: float, top: float) -> str:
    wide = min(40.0, room * 0.8)
    at, base = left + (room - wide) / 2, _HEIGHT - _BOTTOM
    told = [f"{day(step.since)}: {step.received:,} handed in"]
    drawn = []
    for (name, words), count in zip(COLUMNS.items(), _parts(step), strict=True):
        if count:
            high = count / top * (_HEIGHT - _TOP - _BOTTOM)
            base -= high
            drawn.append(
                f'<rect class="b-{name}" x="{at:.1f}" y="{base:.1f}" width="{wide:.1f}" height="{high:.1f}"/>'
            )
            told.append(f"{count:,} {words}")
    return f"<g><title>{', '.join(told)}</title>{''.join(drawn)}</g>" if drawn else ""


def _level(value: float, top: float) -> str:
    at = _HEIGHT - _BOTTOM - value / top * (_HEIGHT - _TOP - _BOTTOM)
    rule = f'<line x1="{_LEFT:.0f}" y1="{at:.1f}" x2="{_WIDTH - _RIGHT:.0f}" y2="{at:.1f}"/>'
    return rule + _text(_LEFT - 6, at + 4, f"{value:,.0f}", "end")


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'
