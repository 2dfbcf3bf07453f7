"""Each test that asks for the kernel is run on the compiled one and on the one in numpy."""

from __future__ import annotations

from types import ModuleType

import pytest

from partwatch import kernel as chosen


@pytest.fixture(params=[chosen.COMPILED, chosen.NUMPY], scope="module")
def kernel(request: pytest.FixtureRequest) -> ModuleType:
    """The kernel's functions."""
    try:
        return chosen.load(request.param)
    except ImportError as error:
        assert request.param == chosen.COMPILED
        pytest.skip(f"no compiled kernel: {error}")
