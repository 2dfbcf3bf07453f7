"""The list that most matching tests share; made once, since its parts are."""

from __future__ import annotations

import pytest
from listed import MemoryIndex, matcher_of

import parts
from partwatch.matching import Matcher

PLAIN_LISTED = ("pin", "washer", "cube")


@pytest.fixture(scope="session")
def index() -> MemoryIndex:
    """All distinct parts and three plain ones."""
    return MemoryIndex({name: parts.part_mesh(name) for name in (*parts.DISTINCT, *PLAIN_LISTED)})


@pytest.fixture(scope="session")
def matcher(index: MemoryIndex) -> Matcher:
    """On that list, as of a day on which nothing has expired."""
    return matcher_of(index)
