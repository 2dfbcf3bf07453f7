"""Every registered format and container, by its fuzz targets: a few hundred changed files of each."""

from __future__ import annotations

import sys
from random import Random
from typing import NoReturn

import numpy as np
import pytest
from fuzz import damage, promises
from fuzz.targets import NATIVE, targets
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partwatch.formats import FORMATS, Reading, Shape, read
from partwatch.formats.containers import CONTAINERS
from partwatch.model.document import Medium
from partwatch.model.errors import DamagedError
from partwatch.model.mesh import Mesh

TARGETS = targets()
READERS = [name for name in TARGETS if name.startswith(("read ", "open ")) and name.split()[1] not in NATIVE]
READERS.append("marks")
DAMAGE = [name for name in TARGETS if name.startswith("damage ") and name != "damage all"]
many = settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(autouse=True)
def no_native_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """What native code reads is for the worker process, not for this one."""
    monkeypatch.setitem(sys.modules, "cascadio", None)


def test_whatever_is_registered_is_a_target() -> None:
    assert {f"read {known.name}" for known in FORMATS} <= set(TARGETS)
    assert {f"open {known.name}" for known in CONTAINERS} <= set(TARGETS)


@pytest.mark.parametrize("name", READERS)
@given(seed=st.integers(0, 1 << 32), example=st.integers(0, 1 << 16))
@many
def test_a_changed_file_keeps_every_promise(name: str, seed: int, example: int) -> None:
    target = TARGETS[name]
    files = list(target.seeds().values())
    assert target.mutate is not None
    target.check(target.mutate(files[example % len(files)], Random(seed), None))


@pytest.mark.parametrize("name", DAMAGE)
@given(seed=st.binary(min_size=4, max_size=8))
@many
def test_what_lost_geometry_is_never_complete(name: str, seed: bytes) -> None:
    TARGETS[name].check(seed)


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_done(name: str) -> None:
    """A target whose damages fit none of its examples would pass for ever."""
    done = {TARGETS[name].check(bytes([seed])) for seed in range(64)} - {None}
    assert len(done) > 8


def test_promises_that_are_broken_are_told() -> None:
    def refuse() -> NoReturn:
        raise DamagedError("short")

    with pytest.raises(AssertionError, match="says what is wrong"):
        promises.tried(refuse)
    mesh = Mesh(np.array([[0.0, 0, 0], [1, 0, 0], [0, np.nan, 0]]), np.array([[0, 1, 2]], dtype=np.int32))
    unsound = Reading("stl", Medium.MESH, None, (Shape(None, mesh),))
    with pytest.raises(AssertionError, match="finite"):
        promises.check_reading(unsound, promises.LIMITS)
    whole = next(iter(FORMATS[1].examples().values()))
    less = whole[:80] + b"\3\0\0\0" + whole[84:-50]
    with pytest.raises(AssertionError, match="lost geometry"):
        damage.check_reading(read(less), read(whole))
