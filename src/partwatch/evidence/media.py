"""What bodies of a medium are weighed by that are no meshes by birth: those rebuilt from print jobs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

from partwatch.evidence.numbers import Line, PlainShapes, RegionModel, number, numbers, region_model
from partwatch.evidence.tail import TailModel
from partwatch.model.document import Medium

# Whose bodies are rebuilt: copies of a part lie on it less closely than copies of its mesh.
REBUILT: Final = (Medium.TOOLPATH, Medium.LAYERS)


@dataclass(frozen=True)
class MediumModel:
    """Of one medium what a calibration is of meshes.

    tail, plain_shapes, weight, plain, missed, pair_bound, search_bound, regions: as of a `Calibration`.
    mates: jobs that were searched for the part that they are of. non_mates: bodies of jobs, searched among
    parts of other projects; of so many families of sliced parts and so many projects. fitted_with: the media
    whose jobs the tail and the lines were fitted on; the bounds are by the medium's own alone.
    """

    tail: TailModel
    plain_shapes: PlainShapes
    weight: Line
    plain: float
    missed: float
    pair_bound: float
    search_bound: float
    mates: int
    non_mates: int
    family_pairs: int
    families: int
    projects: int
    list_parts: int
    made_from: str
    fitted_with: tuple[Medium, ...]
    regions: RegionModel | None = None


_COUNTS: Final = ("mates", "non_mates", "family_pairs", "families", "projects", "list_parts")


def read_media(document: Any) -> dict[Medium, MediumModel]:
    """By medium, of what the calibration file has under `media`; none where it has nothing there.

    ValueError, KeyError or TypeError where that is not what was written.
    """
    if document is None:
        return {}
    return {_medium(name): _model(each) for name, each in document.items()}


def _medium(name: str) -> Medium:
    medium = Medium(name)
    if medium not in REBUILT:
        raise ValueError(f"bodies of medium {name} are weighed as meshes, so it has no numbers of its own")
    return medium


def _model(document: dict[str, Any]) -> MediumModel:
    unknown = sorted(set(document) - set(MediumModel.__dataclass_fields__))
    if unknown:
        raise ValueError(f"a medium has no {unknown[0]!r}")
    regions = document.get("regions")
    return MediumModel(
        tail=TailModel(**numbers(document["tail"])),
        plain_shapes=PlainShapes(**numbers(document["plain_shapes"])),
        weight=Line(**numbers(document["weight"])),
        plain=number(document["plain"]),
        missed=number(document["missed"]),
        pair_bound=number(document["pair_bound"]),
        search_bound=number(document["search_bound"]),
        **{name: _count(document[name]) for name in _COUNTS},
        made_from=str(document["made_from"]),
        fitted_with=tuple(_medium(name) for name in document["fitted_with"]),
        regions=None if regions is None else region_model(regions),
    )


def _count(value: Any) -> int:
    counted = number(value)
    if counted < 0 or counted != math.floor(counted):
        raise ValueError(f"{value!r} is no count")
    return int(counted)
