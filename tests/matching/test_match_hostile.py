"""The whole way, from hostile bytes to a finding: nothing raises, and nothing damaged or empty is clear."""

from __future__ import annotations

from pathlib import Path

import pytest

from hostile import CASES, READ
from partwatch.matching import Matcher
from partwatch.model.document import Finding
from partwatch.screening.job import Screener

# What native code does with such files is for a worker to suffer.
OURS = [name for name in CASES if not name.startswith("step")]


@pytest.mark.parametrize("name", OURS)
def test_a_hostile_file_ends_in_a_finding_that_is_clear_only_where_it_was_read(
    name: str, matcher: Matcher, tmp_path: Path
) -> None:
    data, expected = CASES[name]
    path = tmp_path / "file"
    path.write_bytes(data)
    item = Screener(matcher).screen(str(path), ()).item
    if expected == READ and "in one place" not in name:
        assert item.complete
        assert len(item.bodies) == 1
    else:
        assert not item.complete
        assert item.finding is Finding.UNSCREENABLE
        assert item.reasons
