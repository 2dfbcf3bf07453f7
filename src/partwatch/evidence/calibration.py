"""A calibration: the numbers that turn a score into bits, with where they are from. A small file, made by
`partwatch calibrate`; one made for another fingerprint or population is refused."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import Any, Final

from partwatch.evidence.media import MediumModel, read_media
from partwatch.evidence.numbers import Line, PlainShapes, RegionModel, number, numbers, region_model
from partwatch.evidence.tail import TailModel
from partwatch.fingerprint import FINGERPRINT_VERSION
from partwatch.fingerprint.local import features_layout
from partwatch.model.document import Medium
from partwatch.model.errors import UsageError

__all__ = [
    "Calibration",
    "Line",
    "PlainShapes",
    "RegionModel",
    "calibration_at",
    "calibration_text",
    "read_calibration",
    "shipped_calibration",
]

FORMAT: Final = "partwatch-calibration-1"


@dataclass(frozen=True)
class Calibration:
    """What was fitted, on what.

    tail: how often an unrelated body does so well; plain_shapes: at least so often on a plain part. weight:
    from surprise (log2 of the inverse of the expected number of parts of the list on which an unrelated body
    does so well) to log2 LR. plain: log2 LR of a match of no surprise, which chance alone would give. missed:
    of a part that was searched for and does not lie on the body. pair_bound: the most bits that the corpus'
    pairs of families support for one part; a list of N parts takes log2 N off it. search_bound: the most that
    its families of bodies support after a search among all of its list_parts. size_tolerance: of the scale,
    within which a match is one. regions: None where nothing was calibrated for them: then they carry no
    weight. mates, non_mates, family_pairs, families, projects, list_parts: what it was
    fitted on. media: what bodies of other media are weighed by, which were not among these.
    """

    population: str
    population_version: str
    tail: TailModel
    plain_shapes: PlainShapes
    weight: Line
    plain: float
    missed: float
    pair_bound: float
    search_bound: float
    size_tolerance: float
    mates: int
    non_mates: int
    family_pairs: int
    families: int
    projects: int
    list_parts: int
    made_from: str
    regions: RegionModel | None = None
    media: Mapping[Medium, MediumModel] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """Of all its numbers: twelve hex digits."""
        numbers = asdict(self)
        if self.regions is None:
            # As before there were any.
            del numbers["regions"]
        if not self.media:
            del numbers["media"]
        return hashlib.sha256(_canonical(numbers).encode()).hexdigest()[:12]

    def of_medium(self, medium: Medium) -> Calibration:
        """What bodies of that medium are weighed by: its own numbers, or these where it has none."""
        model = self.media.get(medium)
        if model is None:
            return self
        shared = Calibration.__dataclass_fields__.keys() & MediumModel.__dataclass_fields__.keys()
        own: dict[str, Any] = {name: getattr(model, name) for name in shared}
        return replace(self, media={}, **own)

    def bound(self, list_parts: int) -> float:
        """The most bits that can be stated after a search in a list of that many parts; at least zero.

        A shorter list than the one that was searched misleads no more often than that one.
        """
        of_pairs = self.pair_bound - math.log2(max(list_parts, 1))
        of_searches = self.search_bound - math.log2(max(list_parts / self.list_parts, 1.0))
        return max(of_pairs, of_searches, 0.0)

    def bits(self, surprise: float, list_parts: int) -> float:
        """log2 LR for that surprise, within the bounds."""
        return self._bits(self.weight, surprise, list_parts)

    def region_bits(self, surprise: float, list_parts: int) -> float:
        """The same for a shared region."""
        return self.plain if self.regions is None else self._bits(self.regions.weight, surprise, list_parts)

    def _bits(self, weight: Line, surprise: float, list_parts: int) -> float:
        line = weight.offset + weight.slope * surprise if surprise > 0 else self.plain
        return min(max(line, self.plain), self.bound(list_parts))


def calibration_text(calibration: Calibration) -> str:
    """The file's content."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "fingerprint_version": FINGERPRINT_VERSION,
        "version": calibration.version,
        **asdict(calibration),
    }
    if not calibration.media:
        # As files were before any medium had numbers of its own.
        del document["media"]
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


def read_calibration(text: str, place: str) -> Calibration:
    """UsageError where it is none, was changed by hand, or was made for another fingerprint version."""
    try:
        document = json.loads(text)
        if document["format"] != FORMAT:
            raise ValueError(f"its format is {document['format']!r}, not {FORMAT!r}")
        if document["fingerprint_version"] != FINGERPRINT_VERSION:
            raise UsageError(
                f"{place}: made for fingerprint version {document['fingerprint_version']}, and this program "
                f"has {FINGERPRINT_VERSION}: make it anew with `partwatch calibrate`"
            )
        calibration = _calibration(document)
        _require_features(calibration, place)
        if calibration.version != document["version"]:
            raise ValueError("its numbers are not the ones that it was written with")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(
            f"{place}: this is no calibration, or it is damaged ({error}); make it anew"
        ) from error
    return calibration


def _calibration(document: dict[str, Any]) -> Calibration:
    fields: dict[str, Any] = {
        name: document[name] for name in Calibration.__dataclass_fields__ if name not in ("regions", "media")
    }
    fields["tail"] = TailModel(**numbers(fields["tail"]))
    fields["plain_shapes"] = PlainShapes(**numbers(fields["plain_shapes"]))
    fields["weight"] = Line(**numbers(fields["weight"]))
    regions = document.get("regions")
    fields["regions"] = None if regions is None else region_model(regions)
    fields["media"] = read_media(document.get("media"))
    for name in ("plain", "missed", "pair_bound", "search_bound", "size_tolerance"):
        fields[name] = number(fields[name])
    return Calibration(**fields)


def _require_features(calibration: Calibration, place: str) -> None:
    """UsageError where regions were calibrated with other local features than this program has."""
    for regions in (calibration.regions, *(model.regions for model in calibration.media.values())):
        if regions is not None and regions.features != features_layout():
            raise UsageError(
                f"{place}: made for local features {regions.features}, and this program has "
                f"{features_layout()}: make it anew with `partwatch calibrate`"
            )


def _canonical(document: dict[str, Any]) -> str:
    return json.dumps(document, sort_keys=True, allow_nan=False)


def shipped_calibration() -> Calibration:
    """The one that comes with the program."""
    file = resources.files("partwatch.evidence") / "data" / "calibration.json"
    return read_calibration(file.read_text(encoding="utf-8"), "the shipped calibration")


def calibration_at(path: Path) -> Calibration:
    """From a file."""
    try:
        return read_calibration(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); name a calibration file") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: this is no calibration ({error}); make it anew") from error
