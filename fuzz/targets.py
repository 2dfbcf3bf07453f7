"""The targets, from the registries of readers and of containers: whatever is registered is fuzzed.

Each of them takes any bytes. `read X` and `open X` take them as a file; `damage X` and `damage all` as a seed
that chooses an example and how to damage it; `finding` goes the whole way, from a file to what is said of it.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from fuzz import damage, marks, promises
from fuzz.mutation import Change, mutated
from partwatch.formats import FORMATS, Format, Reading, registry
from partwatch.formats.containers import CONTAINERS, ContainerFormat

if TYPE_CHECKING:
    from fuzz.path import WholePath

REGRESSIONS = Path(__file__).resolve().parents[1] / "tests" / "regressions"
# Native code may take its process with it: read in a worker only.
NATIVE = {"step"}
_SEED_BYTES = 8


@dataclass(frozen=True)
class Target:
    """check: raises where a promise is broken. seeds: by name. mutate: a change that fits, or None."""

    name: str
    check: Callable[[bytes], Any]
    seeds: Callable[[], dict[str, bytes]]
    mutate: Callable[[bytes, Random, Change | None], bytes] | None = None


def targets() -> dict[str, Target]:
    """All of them by name, in the order of the registries."""
    found = [each for known in FORMATS for each in _of_format(known)]
    found += [each for known in CONTAINERS for each in _of_container(known)]
    found.append(_mutating("marks", marks.check, every_example))
    found.append(_mutating("finding", _check_finding, every_example))
    found.append(Target("damage all", _check_damaged_finding, _random_seeds))
    return {target.name: target for target in found}


def without_native_code() -> None:
    """From here on, this process refuses what only native code can read, as where it is not installed."""
    sys.modules["cascadio"] = None  # type: ignore[assignment]  # that is how an import is made to fail


def every_example() -> dict[str, bytes]:
    """The examples of every format and of every container, and the regressions."""
    found = {
        f"{known.name}-{name}": data
        for known in FORMATS
        for name, data in _seeds(known.name, known)().items()
    }
    for known in CONTAINERS:
        found |= {f"{known.name}-{name}": data for name, data in _container_seeds(known)().items()}
    return found


def regressions(kind: str) -> dict[str, bytes]:
    """Inputs that once broke a promise, by their names."""
    return {path.name: path.read_bytes() for path in sorted((REGRESSIONS / kind).glob("*"))}


def _of_format(known: Format) -> list[Target]:
    if known.name in NATIVE:
        from fuzz.worker import read_in_worker

        return [_mutating(f"read {known.name}", read_in_worker, _seeds(known.name, known))]
    return [
        _mutating(f"read {known.name}", promises.read_file, _seeds(known.name, known)),
        Target(f"damage {known.name}", partial(check_damaged, known), _random_seeds),
    ]


def _of_container(known: ContainerFormat) -> list[Target]:
    opening = _mutating(
        f"open {known.name}", partial(promises.open_container, known), _container_seeds(known)
    )
    if (known.name, "") in damage.SILENT_CONTAINERS:
        return [opening]
    return [opening, Target(f"damage {known.name}", partial(check_damaged_container, known), _random_seeds)]


def _mutating(name: str, check: Callable[[bytes], Any], seeds: Callable[[], dict[str, bytes]]) -> Target:
    @cache
    def others() -> tuple[bytes, ...]:
        return tuple(seeds().values())

    def mutate(data: bytes, rng: Random, also: Change | None) -> bytes:
        return mutated(data, rng, also, others())

    return Target(name, check, seeds, mutate)


def _seeds(kind: str, known: Format) -> Callable[[], dict[str, bytes]]:
    return cache(lambda: {**known.examples(), **regressions(kind)})


def _container_seeds(known: ContainerFormat) -> Callable[[], dict[str, bytes]]:
    return cache(
        lambda: {
            **{name: data for name, (data, _) in known.examples().items()},
            **regressions(known.name),
        }
    )


def _random_seeds() -> dict[str, bytes]:
    return {str(number): Random(number).randbytes(_SEED_BYTES) for number in range(32)}


@cache
def _examples_of(known: Format) -> tuple[tuple[str, bytes, Reading], ...]:
    return tuple(
        (name, data, registry.read_as(known, data, promises.LIMITS))
        for name, data in known.examples().items()
    )


@cache
def _contents_of(known: ContainerFormat) -> tuple[tuple[str, bytes, list[bytes]], ...]:
    return tuple((name, data, list(members.values())) for name, (data, members) in known.examples().items())


def check_damaged(known: Format, seed: bytes) -> bytes | None:
    """One example, damaged as the seed says, is not complete; returns it, or None where none was drawn."""
    rng = Random(seed)
    name, data, whole = rng.choice(_examples_of(known))
    changed = damage.damaged(known, name, data, rng)
    if changed is not None:
        _saying(changed, lambda: damage.check_reading(promises.read_file(changed), whole))
    return changed


def check_damaged_container(known: ContainerFormat, seed: bytes) -> bytes | None:
    """As `check_damaged`."""
    rng = Random(seed)
    name, data, contents = rng.choice(_contents_of(known))
    changed = damage.damaged_container(known, name, data, rng)
    if changed is not None:
        _saying(changed, lambda: damage.check_opening(promises.open_container(known, changed), contents))
    return changed


class BrokenByError(AssertionError):
    """A promise was broken, by these bytes and not by the seed that they were made from."""

    def __init__(self, data: bytes, error: BaseException) -> None:
        super().__init__(str(error))
        self.data = data


def _saying(data: bytes, check: Callable[[], Any]) -> None:
    try:
        check()
    except Exception as error:
        raise BrokenByError(data, error) from error


@cache
def _path() -> WholePath:
    # Imported late, as the list's store takes longest to load and few targets ask for it.
    from fuzz.path import WholePath

    return WholePath(Path(tempfile.mkdtemp(prefix="partwatch-fuzz-")))


def _check_finding(data: bytes) -> None:
    for item in _path().items(data):
        promises.check_item(item)


def _check_damaged_finding(seed: bytes) -> None:
    """A damaged example of any format is never clear, unless it still holds all its triangles."""
    rng = Random(seed)
    known = rng.choice([known for known in FORMATS if known.name not in NATIVE])
    name, data, whole = rng.choice(_examples_of(known))
    changed = damage.damaged(known, name, data, rng)
    if changed is None:
        return

    def check() -> None:
        items = _path().items(changed)
        if all(item.complete for item in items):
            damage.check_reading(promises.read_file(changed), whole)

    _saying(changed, check)
