"""What was found, as the review page shows it: the report's own sentences, with addresses of pictures."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from partwatch.model.document import Finding, Header, Item, Match
from partwatch.model.view import BEYOND_REACH_UM, UM_PER_MM
from partwatch.report import facts, weight, words
from partwatch.report.escape import visible
from partwatch.report.pictures import Blocks
from partwatch.report.ramp import ramp_for
from partwatch.service.pages.telling import size
from partwatch.service.pages.viewing import Place
from partwatch.service.reviewing import FileFound

Facts = dict[str, Any]

# Of one page: items told in full, and names of clear ones.
MOST_ITEMS: Final = 60
MOST_CLEAR: Final = 200
NO_PICTURE: Final = "No picture of it is kept."


class _Ramps(Blocks):
    """In the place of the report's blocks: nothing is drawn here, only the ramp's marks are found."""

    def add(self, match: Match) -> Facts | None:
        if match.view is None:
            return None
        try:
            um = np.frombuffer(base64.b64decode(match.view.distance_um, validate=True), "<u2")
        except (ValueError, binascii.Error):
            return None
        millimetres = np.where(um == BEYOND_REACH_UM, np.inf, um / UM_PER_MM)
        return {"ticks": ramp_for(millimetres, match.tolerance_mm).ticks()}


def files_told(files: Sequence[FileFound], header: Header, alike: Callable[[Match], bool]) -> list[Facts]:
    """Each file with what was found in it. alike: whether a picture of the look-alike can be drawn."""
    return [_file(one, header, alike) for one in files]


def _file(one: FileFound, header: Header, alike: Callable[[Match], bool]) -> Facts:
    items = one.items or ()
    loud = [
        place
        for place, item in enumerate(items)
        if item.finding is not Finding.CLEAR or words.is_accepted_clear(item)
    ]
    quiet = [item for item in items if item.finding is Finding.CLEAR and not words.is_accepted_clear(item)]
    return {
        "name": visible(one.file.name),
        "size": size(one.file.bytes),
        "sha256": one.file.sha256,
        "held": one.file.path is not None,
        "kept": one.items is not None,
        "loud": [_item(items[place], place, one, header, alike) for place in loud[:MOST_ITEMS]],
        "more": max(len(loud) - MOST_ITEMS, 0),
        "quiet": [(words.place(item), f"{len(item.bodies):,}") for item in quiet[:MOST_CLEAR]],
        "clear_count": len(quiet),
    }


def _item(item: Item, place: int, file: FileFound, header: Header, alike: Callable[[Match], bool]) -> Facts:
    told = facts.details(item, header, _Ramps())
    for number, (body, body_told) in enumerate(zip(item.bodies, told["bodies"], strict=True)):
        for rank, (match, match_told) in enumerate(zip(body.matches, body_told["matches"], strict=True)):
            match_told["place"] = str(Place(file.file.position, place, number, rank))
            match_told["told"] = rank == 0 or match_told["finding"] != "candidate"
            match_told["scale"] = scale(match_told["weight"].get("scale"))
            match_told["alike"] = alike(match)
            match_told["look_alike"] = _look_alike(match)
            match_told["picture"] = match_told["picture"] if isinstance(match_told["picture"], dict) else None
            match_told["alt"] = f"{words.coverage_back(match)} {words.coverage(match)}"
        body_told["matched"] = bool(body.matches)
    told["name"] = words.place(item)
    told["finding"] = item.finding.value
    return told


def _look_alike(match: Match) -> str | None:
    if match.evidence is None or match.evidence.rival.look_alike is None:
        return None
    return visible(match.evidence.rival.look_alike)


def scale(told: Facts | None) -> Facts | None:
    """The report's scale of bits in the units of a picture, 0 to 1000 across."""
    if told is None:
        return None
    at, zero = 1000 * told["at"], 1000 * told["zero"]
    told |= {"edges": [f"{1000 * edge:.1f}" for edge in told["edges"]]}
    bar = {"left": f"{min(at, zero):.1f}", "width": f"{abs(at - zero):.1f}"}
    return told | bar | {"at": f"{at:.1f}", "zero": f"{zero:.1f}"}


def terms_told(header: Header) -> list[tuple[str, str]]:
    """With what it was screened."""
    return [
        ("As of", visible(header.as_of)),
        ("Watch-list", f"version {visible(header.watchlist.version)[:12]}, {header.watchlist.parts:,} parts"),
        ("Calibration", visible(header.calibration) if header.calibration else "none, so no bits"),
        ("Policy", visible(header.policy.name)),
        ("Program", f"partwatch {visible(header.program_version)}"),
        ("What bits say", weight.in_words(header)),
    ]
