"""The strongest paths of a question as one picture: each path a column, from the one end to the other."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Final

from partwatch.model.case_pack import CasePack, PackPath, PackQuestion
from partwatch.report.case_data import short
from partwatch.report.case_pack_words import bits

MOST: Final = 3
_WIDTH: Final = 720
_BOX: Final = 30
_STEP: Final = 84
_SIZE: Final = 14
_BROAD: Final = frozenset("mwMW@%—…ЖМШЩЮжмшщюΩω")
_FONT: Final = "Libertinus Serif, DejaVu Serif, serif"


def picture(
    pack: CasePack, asked: PackQuestion, clean: Callable[[str], str] = lambda text: text, most: int = MOST
) -> str | None:
    """SVG, or None where there is no path. clean: what texts go through before they are escaped."""
    ways = asked.paths[:most]
    if not ways:
        return None
    rows = max(len(way.hops) for way in ways)
    height = rows * _STEP + _BOX + 34
    letters = {one.number: one.reliability for one in pack.sources}
    wide = _WIDTH / len(ways)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" '
        f'height="{height}" '
        f'font-family="{_FONT}" font-size="14" role="img" '
        f'aria-label="{html.escape(_label(asked, clean), quote=True)}">'
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>'
    ]
    for place, way in enumerate(ways):
        parts += _column(place, way, wide, letters, clean)
    parts.append("</svg>")
    return "".join(parts)


def _label(asked: PackQuestion, clean: Callable[[str], str]) -> str:
    left, right = clean(short(asked.left.caption)), clean(short(asked.right.caption))
    return f"paths between {left} and {right}"


def _column(
    place: int, way: PackPath, wide: float, letters: dict[int, str], clean: Callable[[str], str]
) -> list[str]:
    middle = wide * (place + 0.5)
    box = min(wide - 24, 230.0)
    parts = [_text(middle, 15, f"Path {place + 1}: {bits(way.bits)}", "middle", "#1b2028", bold=True)]
    for number, party in enumerate(way.parties):
        top = 24 + number * _STEP
        end = number in (0, len(way.parties) - 1)
        fill = "#dbe8f5" if end else "#f4f5f7"
        parts.append(
            f'<rect x="{middle - box / 2:.1f}" y="{top}" width="{box:.1f}" height="{_BOX}" rx="6" '
            f'fill="{fill}" '
            f'stroke="#22609f" stroke-width="{1.6 if end else 0.8}"/>'
        )
        parts.append(
            _text(middle, top + 20, _cut(clean(short(party.caption)), box - 14), "middle", "#1b2028")
        )
    for number, hop in enumerate(way.hops):
        top = 24 + number * _STEP + _BOX
        weak = number == way.weakest
        dashed = ' stroke-dasharray="5 4"' if hop.inferred else ""
        parts.append(
            f'<line x1="{middle:.1f}" x2="{middle:.1f}" y1="{top}" y2="{top + _STEP - _BOX}" '
            f'stroke="{"#b4232a" if weak else "#46505f"}" stroke-width="{2.6 if weak else 1.4}"{dashed}/>'
        )
        by = ", ".join(letters[one] for one in hop.sources) or "none"
        worth = "" if hop.bits is None else f", {bits(hop.bits)}"
        parts.append(
            _text(
                middle + 9,
                top + 22,
                _cut(clean(short(hop.kind)), wide / 2 - 14),
                "start",
                "#1b2028",
            )
        )
        parts.append(_text(middle + 9, top + 39, f"source {by}{worth}", "start", "#5a6372", size=12))
        if weak:
            parts.append(_text(middle - 9, top + 30, "breaks first", "end", "#b4232a", size=12))
    return parts


def _text(x: float, y: float, words: str, anchor: str, ink: str, size: int = 14, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{ink}" font-size="{size}"{weight}>'
        f"{html.escape(words)}</text>"
    )


def _cut(words: str, room: float) -> str:
    """As much as goes into so many pixels."""
    if _wide(words) <= room:
        return words
    kept = words
    while kept and _wide(kept) > room - _SIZE:
        kept = kept[:-1]
    return f"{kept}…"


def _wide(words: str) -> float:
    """About how wide a text is, rather more than less."""
    return _SIZE * sum(0.95 if char in _BROAD else 0.72 if char.isupper() else 0.55 for char in words)
