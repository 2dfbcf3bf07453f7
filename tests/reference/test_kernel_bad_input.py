"""Bad input is refused with an exception; whatever comes, the process lives."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from bad_input import CASES, NOT_FINITE

import partwatch
from partwatch.kernel import COMPILED, NUMPY, VARIABLE

HERE = Path(__file__).parent


@cache
def outcomes(kernel: ModuleType) -> dict[str, str]:
    """What became of each case, each in a process of its own."""
    name = COMPILED if kernel.__name__ == "partwatch._kernel" else NUMPY
    source = str(Path(partwatch.__file__).resolve().parents[1])
    child = subprocess.run(
        [sys.executable, str(HERE / "bad_input.py")],
        env={"PYTHONPATH": source, "OPENBLAS_NUM_THREADS": "1", VARIABLE: name},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return dict(line.split("\t") for line in child.stdout.splitlines())


@pytest.mark.parametrize("case", CASES)
def test_refuses(kernel: ModuleType, case: str) -> None:
    assert outcomes(kernel)[case] in {"ValueError", "TypeError", "IndexError"}


@pytest.mark.parametrize("case", NOT_FINITE)
def test_survives_numbers_that_are_not_finite(kernel: ModuleType, case: str) -> None:
    assert not outcomes(kernel)[case].startswith("signal")


@pytest.mark.parametrize("case", NOT_FINITE)
def test_refuses_numbers_that_are_not_finite(kernel: ModuleType, case: str) -> None:
    assert outcomes(kernel)[case] == "ValueError"


def test_takes_other_layouts_and_number_types_for_what_they_say(kernel: ModuleType) -> None:
    wide = np.random.default_rng(0).uniform(-1, 1, (20, 6))
    columns = wide[:, ::2]
    expected = kernel.farthest(np.ascontiguousarray(columns), 20).tolist()
    assert kernel.farthest(columns, 20).tolist() == expected
    assert kernel.farthest(np.asfortranarray(columns), 20).tolist() == expected
    single = columns.astype(np.float32)
    vertices, _ = kernel.weld(single)  # type: ignore[arg-type] # that is the test
    assert vertices.tolist() == single.astype(np.float64).tolist()
