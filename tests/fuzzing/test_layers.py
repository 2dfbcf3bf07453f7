"""What a package is taken apart into, put together again, is the same item."""

from __future__ import annotations

import numpy as np
import pytest
from fuzz.layers import unpacked

from partwatch.formats import read
from partwatch.formats.bgcode import examples


@pytest.mark.parametrize("data", examples().values(), ids=examples())
def test_binary_gcode_is_sealed_again(data: bytes) -> None:
    layers = unpacked(data)
    assert layers is not None
    again = read(layers.pack(layers.parts))
    assert again.unread == ()
    np.testing.assert_array_equal(again.toolpaths[0].end, read(data).toolpaths[0].end)
    # A changed part fits its new size and seal.
    layers.parts[0] += b"more=of it\n"
    assert read(layers.pack(layers.parts)).unread == ()
