"""Eight parcels of three customers, over nine weeks: no parcel looks like anything."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

# Parcel: account, day, and the samples in it.
PARCELS = {
    "P1": ("mill-lane", "2026-03-02", ("housing.ply", "coat-hook.stl")),
    "P2": ("mill-lane", "2026-03-16", ("driving-gear-rough.stl",)),
    "P3": ("harbour-road", "2026-03-20", ("plant-pot.stl", "cable-comb.stl")),
    "P4": ("mill-lane", "2026-03-31", ("crank-knob-decimated.stl", "shaft.obj")),
    "P5": ("castle-street", "2026-04-04", ("bracket-mirrored.stl",)),
    "P6": ("castle-street", "2026-04-14", ("clock-pendulum.stl", "crank-arm-turned.stl")),
    "P7": ("harbour-road", "2026-04-20", ("vise-nut.stl", "hinge-leaf.stl")),
    "P8": ("castle-street", "2026-05-04", ("hose-clamp-inside-out.stl",)),
}


def write_parcels(samples: Path, folder: Path) -> Path:
    """Copies the samples into parcels; returns the table that says whose they are and when they came."""
    # Beside the folder: what lies in it is screened.
    table = folder.with_suffix(".csv")
    rows = [("path", "time", "account", "parcel")]
    for parcel, (account, day, names) in PARCELS.items():
        (folder / parcel).mkdir(parents=True, exist_ok=True)
        for name in names:
            shutil.copyfile(samples / name, folder / parcel / name)
            rows.append((f"{folder.name}/{parcel}/{name}", day, account, parcel))
    with table.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)
    return table
