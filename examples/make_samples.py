"""Writes the sample folder: `python -m examples.make_samples DIR`."""

from __future__ import annotations

import sys
from pathlib import Path

from examples.samples import all_samples


def write_samples(folder: Path) -> list[Path]:
    """Writes every sample into `folder`; returns their paths in the order of their names."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for sample in all_samples():
        path = folder / sample.name
        path.write_bytes(sample.content())
        paths.append(path)
    return paths


def main(arguments: list[str]) -> int:
    """Writes the samples and lists what is expected of each."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m examples.make_samples DIR\n")
        return 2
    write_samples(Path(arguments[0]))
    for sample in all_samples():
        sys.stdout.write(f"{sample.name:30} {sample.expected.finding:13} {sample.expected.why}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
