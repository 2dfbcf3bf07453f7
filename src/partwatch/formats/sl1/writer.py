"""A writer of SL1 jobs, for examples and tests: as PrusaSlicer, without its pictures of the model."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from partwatch.formats.sl1.pictures import SIGNATURE
from partwatch.formats.sl1.settings import Panel, Pixels

GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6


@dataclass(frozen=True)
class Resin:
    """How a job is exposed. job, printer: settings that replace those which would be written, or take them
    out where they are None."""

    panel: Panel
    height: float = 0.05
    first_height: float = 0.05
    name: str = "job"
    job: Mapping[str, str | None] = field(default_factory=dict)
    printer: Mapping[str, str | None] = field(default_factory=dict)


def job(layers: Iterable[Pixels], resin: Resin) -> bytes:
    """A whole job. layers: (rows, columns), rows along y and columns along x of the model."""
    members = {
        f"{resin.name}{number:05d}.png": png(pictured(layer, resin.panel))
        for number, layer in enumerate(layers)
    }
    return packed(settings(len(members), resin) | members)


def settings(layers: int, resin: Resin) -> dict[str, bytes]:
    """The two lists of settings, by their names."""
    panel = resin.panel
    of_job: dict[str, str | None] = {
        "action": "print", "jobDir": resin.name, "layerHeight": f"{resin.height:g}",
        "numFade": "10", "numFast": str(layers), "numSlow": "0", "printerModel": "",
    }  # fmt: skip
    of_printer: dict[str, str | None] = {
        "display_height": f"{panel.sides[1]:.8g}",
        "display_width": f"{panel.sides[0]:.8g}",
        "display_pixels_x": str(panel.pixels[0]), "display_pixels_y": str(panel.pixels[1]),
        "display_mirror_x": str(int(panel.mirrored[0])), "display_mirror_y": str(int(panel.mirrored[1])),
        "display_orientation": "portrait" if panel.portrait else "landscape",
        "initial_layer_height": f"{resin.first_height:g}", "layer_height": f"{resin.height:g}",
        "printer_technology": "SLA",
    }  # fmt: skip
    return {
        "config.ini": _lines(of_job | dict(resin.job)),
        "prusaslicer.ini": _lines(of_printer | dict(resin.printer)),
    }


def _lines(values: Mapping[str, str | None]) -> bytes:
    return "".join(f"{key} = {value}\n" for key, value in values.items() if value is not None).encode()


def pictured(layer: Pixels, panel: Panel) -> Pixels:
    """A layer as the panel shows it: what `Panel.upright` undoes."""
    x, y = panel.mirrored
    if panel.portrait:
        return layer[:: 1 if x else -1, :: 1 if y else -1].T
    return layer[:: 1 if y else -1, :: -1 if x else 1]


def packed(members: Mapping[str, bytes]) -> bytes:
    """A ZIP of such members; pictures are packed already."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def png(pixels: Pixels, kind: int = GREY, depth: int = 8, extra: bytes = b"") -> bytes:
    """(rows, bytes of a row) as a PNG. kind, depth: what the bytes are; extra: chunks before the pixels."""
    bits = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}[kind] * depth
    height, row = pixels.shape
    header = struct.pack(">IIBBBBB", row * 8 // bits, height, depth, kind, 0, 0, 0)
    rows = b"".join(b"\0" + each.tobytes() for each in pixels)
    return (
        SIGNATURE + chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )


def chunk(kind: bytes, content: bytes) -> bytes:
    """A part of a PNG, sealed."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
