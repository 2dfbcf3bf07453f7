"""Makes src/partwatch/report/assets/world.json: outlines of countries, and where each lies, for a map
offline.

Outlines are Natural Earth's (1:110m, public domain; naturalearthdata.com), as the wheel of geopandas before
1.0 carries them. Where a country lies is the centroid of its largest outline; of those too small to be
drawn there, the first place that the tz database names in it (zone.tab, public domain). Rerun:

    pip download --no-deps geopandas==0.14.4 pycountry && unzip ...
    python -m benchmarks.world_map GEOPANDAS/datasets/naturalearth_lowres ISO3166-1.json zone.tab OUT
"""

from __future__ import annotations

import itertools
import json
import re
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

STEP = 0.1  # degrees
SOUTHERNMOST = -60.0
Ring = list[tuple[float, float]]
# Natural Earth leaves the code of these out, of others it has one that is no ISO code.
BY_NAME = {"France": "FR", "Norway": "NO", "Kosovo": "XK", "N. Cyprus": None, "Somaliland": None}


def shapes(path: Path) -> Iterator[list[Ring]]:
    """The rings of each record of a shapefile of polygons (ESRI's specification, 1998)."""
    raw = path.read_bytes()
    place = 100
    while place < len(raw):
        words = struct.unpack(">ii", raw[place : place + 8])[1]
        record = raw[place + 8 : place + 8 + 2 * words]
        parts, points = struct.unpack("<ii", record[36:44])
        starts = [*struct.unpack(f"<{parts}i", record[44 : 44 + 4 * parts]), points]
        flat = struct.unpack(f"<{2 * points}d", record[44 + 4 * parts : 44 + 4 * parts + 16 * points])
        pairs = list(zip(flat[::2], flat[1::2], strict=True))
        yield [pairs[a:b] for a, b in itertools.pairwise(starts)]
        place += 8 + 2 * words


def rows(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a dBase file."""
    raw = path.read_bytes()
    count, head, size = struct.unpack("<iHH", raw[4:12])
    fields = []
    for place in range(32, head - 1, 32):
        fields.append((raw[place : place + 11].split(b"\0")[0].decode(), raw[place + 16]))
    for number in range(count):
        place = head + number * size + 1
        row = {}
        for name, width in fields:
            row[name] = raw[place : place + width].decode("utf-8", "replace").strip()
            place += width
        yield row


def area_and_centroid(ring: Ring) -> tuple[float, float, float]:
    """Unsigned area and centroid of a closed ring, in degrees (the shoelace formula)."""
    area = x = y = 0.0
    for (x0, y0), (x1, y1) in itertools.pairwise(ring):
        cross = x0 * y1 - x1 * y0
        area += cross / 2
        x += (x0 + x1) * cross / 6
        y += (y0 + y1) * cross / 6
    return abs(area), x / area, y / area


def quantised(ring: Ring) -> list[int]:
    """First point and then steps, in tenths of a degree; points that fall together are one."""
    whole = [(round(x / STEP), round(y / STEP)) for x, y in ring]
    kept = [whole[0]] + [b for a, b in itertools.pairwise(whole) if a != b]
    told = [*kept[0]]
    for (x0, y0), (x1, y1) in itertools.pairwise(kept):
        told += [x1 - x0, y1 - y0]
    return told if len(kept) > 3 else []


def zone_places(path: Path) -> dict[str, tuple[float, float]]:
    """Latitude and longitude of the first place of each country in the tz database."""
    found: dict[str, tuple[float, float]] = {}
    for line in path.read_text().splitlines():
        if line.startswith("#"):
            continue
        code, where = line.split("\t")[:2]
        north, east = re.findall(r"([+-])(\d+)", where)
        found.setdefault(code, (_degrees(north[0], north[1], 2), _degrees(east[0], east[1], 3)))
    return found


def _degrees(sign: str, digits: str, whole: int) -> float:
    minutes = int(digits[whole : whole + 2])
    return (-1 if sign == "-" else 1) * (int(digits[:whole]) + minutes / 60)


def main(folder: Path, iso: Path, zones: Path, out: Path) -> None:
    """Write the file."""
    told = json.loads(iso.read_text())["3166-1"]
    names = {one["alpha_2"]: one.get("common_name", one["name"]) for one in told}
    two = {one["alpha_3"]: one["alpha_2"] for one in told}
    outlines: list[list[int]] = []
    where: dict[str, tuple[float, float]] = {}
    stem = folder / "naturalearth_lowres"
    for row, rings in zip(rows(stem.with_suffix(".dbf")), shapes(stem.with_suffix(".shp")), strict=True):
        code = BY_NAME.get(row["name"], two.get(row["iso_a3"]))
        sizes = sorted((area_and_centroid(ring) for ring in rings), reverse=True)
        if code:
            where[code] = (sizes[0][2], sizes[0][1])
        outlines += [
            ring for one in rings if max(y for _, y in one) > SOUTHERNMOST and (ring := quantised(one))
        ]
    countries = {
        code: [round(lat, 1), round(lon, 1), names[code].split(",")[0]]
        for code, (lat, lon) in sorted((zone_places(zones) | where).items())
        if code in names
    }
    source = "Natural Earth 1:110m (public domain) and the tz database (public domain)"
    text = json.dumps(
        {"source": source, "step": STEP, "outlines": outlines, "countries": countries}, separators=(",", ":"),
        ensure_ascii=False,
    )  # fmt: skip
    out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*(Path(one) for one in sys.argv[1:5]))
