"""A generated case as files and as statements: the importers make the same of both."""

from __future__ import annotations

import importlib
from collections import Counter
from pathlib import Path

import pytest
from benchmarks.cases import files, said
from benchmarks.cases.generate import generate

from partwatch.case.statements import Statement

pytest.importorskip("partwatch.case.imports.table", reason="needs the importers of a case")


@pytest.mark.parametrize("seed", [3, 4])
def test_files_and_statements_of_one_world_say_the_same(tmp_path: Path, seed: int) -> None:
    base = importlib.import_module("partwatch.case.imports.base")
    mapping = importlib.import_module("partwatch.case.imports.mapping")
    world = generate(seed, 6_000).world
    of = files.write_files(world, tmp_path)
    for info, own in said.statements(world, of):
        table = world.tables[info.name]
        if table.kind == files.SCREENED:
            continue
        module = importlib.import_module(f"partwatch.case.imports.{table.kind}")
        rules = mapping.read_mapping(files.mapping_path(tmp_path, table)) if table.kind == "table" else None
        reading = base.Reading(tmp_path / files.file_name(table), of[info.name], "FR", rules)
        told = list(module.read(reading))
        assert not [one for one in told if type(one) is base.RowError], info.name
        assert Counter(one for one in told if isinstance(one, Statement)) == Counter(own), info.name
