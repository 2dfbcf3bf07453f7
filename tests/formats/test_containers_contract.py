"""What every container promises, held on the examples that each carries."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partwatch.formats import ReadLimits
from partwatch.formats.containers import CONTAINERS, Container, ContainerFormat, recognised
from partwatch.model.errors import LimitError, UnreadableError

T = TypeVar("T")
EXAMPLES = [
    pytest.param(known, data, members, id=f"{known.name}-{name}")
    for known in CONTAINERS
    for name, (data, members) in known.examples().items()
]
# Nothing in a letter says where it ends, nor in a stream that another follows.
SILENT_WHEN_CUT = ("mbox", "eml", *(f"{name}-two-streams" for name in ("gzip", "bzip2", "xz", "zstd")))
quick = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def content(container: Container) -> dict[str, bytes]:
    return {member.path: container.extract(member.path) for member in container.members}


def read_or_refuse(known: ContainerFormat, data: bytes) -> dict[str, bytes | None]:
    """Members that can be read, None for those that say why not; anything but that is a failure."""
    if not known.recognises(data):
        return {"": None}
    container = tried(lambda: known.open(data, ReadLimits(), "file"))
    if container is None:
        return {"": None}
    found: dict[str, bytes | None] = {reason.message: None for reason in container.unread}
    for member in container.members:
        assert member.path.encode("utf-8")
        found[member.path] = tried(partial(container.extract, member.path))
    return found


def tried(call: Callable[[], T]) -> T | None:
    """What it returns, or None for a refusal that says something."""
    try:
        return call()
    except UnreadableError as error:
        if len(str(error)) < 20:
            pytest.fail(f"a refusal that says nothing: {error!r}")
        return None


def test_every_container_has_a_name_of_its_own_and_examples() -> None:
    assert len({known.name for known in CONTAINERS}) == len(CONTAINERS)
    assert all(known.examples() for known in CONTAINERS)


@pytest.mark.parametrize(("known", "data", "members"), EXAMPLES)
def test_an_example_is_recognised_by_content_and_read_whole(
    known: ContainerFormat, data: bytes, members: dict[str, bytes]
) -> None:
    assert recognised(data) == [known]
    container = known.open(data, ReadLimits(), "(content)")
    assert (container.unread, container.remarks) == ((), ())
    assert content(container) == members
    assert [member.size_bytes for member in container.members] == [len(each) for each in members.values()]


@pytest.mark.parametrize(("known", "data", "members"), EXAMPLES)
def test_a_member_that_is_not_there_is_refused(
    known: ContainerFormat, data: bytes, members: dict[str, bytes]
) -> None:
    with pytest.raises(UnreadableError, match="no member"):
        known.open(data, ReadLimits(), "file").extract("nothing of that name")


@pytest.mark.parametrize(("known", "data", "members"), EXAMPLES)
def test_the_limit_on_members_is_kept(known: ContainerFormat, data: bytes, members: dict[str, bytes]) -> None:
    assert len(known.open(data, ReadLimits(max_members=len(members)), "file").members) == len(members)
    with pytest.raises(LimitError, match="--max-members"):
        known.open(data, ReadLimits(max_members=len(members) - 1), "file")


@pytest.mark.parametrize(
    ("known", "data", "members"),
    [each for each in EXAMPLES if not str(each.id).startswith(SILENT_WHEN_CUT)],
)
@given(share=st.floats(0, 1, exclude_max=True))
@quick
def test_a_cut_container_never_passes_for_whole(
    known: ContainerFormat, data: bytes, members: dict[str, bytes], share: float
) -> None:
    found = read_or_refuse(known, data[: int(share * len(data))])
    assert None in found.values() or set(found.values()) >= set(members.values())


@pytest.mark.parametrize(("known", "data", "members"), EXAMPLES)
@given(
    changes=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=6
    )
)
@quick
def test_changed_bytes_raise_nothing_but_unreadable(
    known: ContainerFormat, data: bytes, members: dict[str, bytes], changes: list[tuple[float, int]]
) -> None:
    changed = bytearray(data)
    for share, value in changes:
        changed[int(share * len(data))] = value
    read_or_refuse(known, bytes(changed))


@pytest.mark.parametrize(("known", "data", "members"), EXAMPLES)
@given(at=st.floats(0, 1), junk=st.binary(min_size=1, max_size=40), cut=st.integers(0, 40))
@quick
def test_bytes_put_in_or_taken_out_raise_nothing_but_unreadable(
    known: ContainerFormat, data: bytes, members: dict[str, bytes], at: float, junk: bytes, cut: int
) -> None:
    place = int(at * len(data))
    read_or_refuse(known, data[:place] + junk + data[place + cut :])


@given(data=st.binary(max_size=600))
@quick
def test_any_bytes_at_all_are_recognised_as_nothing_or_refused(data: bytes) -> None:
    for known in recognised(data):
        read_or_refuse(known, data)
