"""What slicers write beside the model: names of objects and parts, and volumes that are cut away."""

from __future__ import annotations

from dataclasses import dataclass, field

from partwatch.formats.xmltext import elements
from partwatch.model.errors import UnreadableError

BAMBU_CONFIG = "/metadata/model_settings.config"
PRUSA_CONFIG = "/metadata/slic3r_pe_model.config"
_NEGATIVE = {"negative_part", "negativevolume"}


@dataclass
class SlicerSettings:
    """Names by object id and by (object id, part id); whether anything is subtracted while slicing."""

    object_names: dict[str, str] = field(default_factory=dict)
    part_names: dict[tuple[str, str], str] = field(default_factory=dict)
    has_negative_volumes: bool = False


def read_settings(bambu: bytes | None, prusa: bytes | None) -> SlicerSettings:
    """Settings of BambuStudio and OrcaSlicer, or of PrusaSlicer, whichever is there.

    Never raises: a model is read without its settings too.
    """
    settings = SlicerSettings()
    for data, where in ((bambu, BAMBU_CONFIG), (prusa, PRUSA_CONFIG)):
        if data is not None:
            _read(data, where, settings)
    return settings


def _read(data: bytes, where: str, settings: SlicerSettings) -> None:
    try:
        found = elements(data, where)
    except UnreadableError:
        return
    current = part = ""
    for element, attributes in found:
        if element == "object":
            current, part = attributes.get("id", ""), ""
        elif element in ("part", "volume"):
            # PrusaSlicer's volumes are ranges of triangles in one mesh: their names go nowhere.
            part = attributes.get("id", "-")
            settings.has_negative_volumes |= attributes.get("subtype", "").lower() in _NEGATIVE
        elif element == "metadata":
            _read_metadata(attributes, current, part, settings)


def _read_metadata(attributes: dict[str, str], current: str, part: str, settings: SlicerSettings) -> None:
    key, value = attributes.get("key", ""), attributes.get("value", "")
    if key == "name" and value and part:
        settings.part_names.setdefault((current, part), value)
    elif key == "name" and value:
        settings.object_names.setdefault(current, value)
    elif key == "volume_type":
        settings.has_negative_volumes |= value.lower() in _NEGATIVE
