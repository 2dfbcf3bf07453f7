"""Every importer is held to one contract, from the examples that it carries."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from partwatch.case.imports.base import Example, Importer, Limits, Note, Reading, RowError, Told
from partwatch.case.imports.child import read_in_child
from partwatch.case.imports.mapping import parse_mapping
from partwatch.case.imports.registry import IMPORTERS, importer_named, importer_of
from partwatch.case.statements import KEY_LENGTH, Statement
from partwatch.case.vocabulary import Type, property_of
from partwatch.model.errors import UsageError

DIGEST = "ab" * 32
CASES = [(importer, example) for importer in IMPORTERS.values() for example in importer.examples()]


def named(one: object) -> str:
    return one.name if isinstance(one, (Importer, Example)) else str(one)


every_example = pytest.mark.parametrize(("importer", "example"), CASES, ids=named)


def written(example: Example, folder: Path, content: bytes | None = None) -> Reading:
    for name, data in example.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if content is None or name != example.path else content)
    mapping = parse_mapping(example.mapping) if example.mapping else None
    return Reading(folder / example.path, DIGEST, "FR", mapping)


def statements(told: list[Told]) -> list[Statement]:
    return [one for one in told if isinstance(one, Statement)]


def errors(told: list[Told]) -> list[RowError]:
    return [one for one in told if isinstance(one, RowError) and not isinstance(one, Note)]


@every_example
def test_an_example_gives_the_statements_that_it_says(
    importer: Importer, example: Example, tmp_path: Path
) -> None:
    told = list(importer.read(written(example, tmp_path)))
    said = {(one.schema, one.prop, one.value) for one in statements(told)}
    assert set(example.said) <= said
    assert len(errors(told)) == example.errors, errors(told)


@every_example
def test_statements_are_of_the_vocabulary_and_clean(
    importer: Importer, example: Example, tmp_path: Path
) -> None:
    told = list(importer.read(written(example, tmp_path)))
    known = {one.entity for one in statements(told)}
    for one in statements(told):
        prop = property_of(one.schema, one.prop)
        assert prop is not None, one
        assert len(one.entity) == KEY_LENGTH
        assert one.place
        assert one.value
        assert one.original != one.value
        assert "\x00" not in one.value
        if prop.type is Type.ENTITY and importer.name != "ftm":
            # What is pointed to is there.
            assert one.value in known, one


@every_example
def test_the_same_bytes_give_the_same_statements(
    importer: Importer, example: Example, tmp_path: Path
) -> None:
    first = list(importer.read(written(example, tmp_path / "a")))
    assert first == list(importer.read(written(example, tmp_path / "b")))


@every_example
def test_an_example_is_known_by_its_content(importer: Importer, example: Example, tmp_path: Path) -> None:
    reading = written(example, tmp_path)
    other = reading.path.rename(reading.path.with_name("no ending"))
    assert importer_of(other) is importer


@pytest.mark.parametrize("importer", IMPORTERS.values(), ids=named)
def test_a_child_process_says_the_same(importer: Importer, tmp_path: Path) -> None:
    reading = written(next(iter(importer.examples())), tmp_path)
    assert list(read_in_child(importer, reading)) == list(importer.read(reading))


def heard(importer: Importer, reading: Reading) -> list[Told] | str:
    """What is read; or the sentence of the error. Anything but a UsageError fails the test."""
    try:
        return list(importer.read(reading))
    except UsageError as error:
        return str(error) or "nothing was said"


def damaged(data: bytes) -> Iterator[bytes]:
    rng = random.Random(len(data))
    yield b""
    yield b"\x00" * 200
    yield b"\xff" * 200
    yield data[:1]
    for _ in range(12):
        yield data[: rng.randrange(len(data))]
        changed = bytearray(data)
        for _ in range(4):
            changed[rng.randrange(len(data))] = rng.randrange(256)
        yield bytes(changed)
        at, size = rng.randrange(len(data)), rng.randrange(1, 200)
        yield data[:at] + data[at + size :]
        yield data[:at] + data[at : at + size] * 3 + data[at + size :]
    yield data.decode("utf-8", "replace").encode("utf-16")


@every_example
def test_damaged_bytes_give_errors_and_never_a_traceback(
    importer: Importer, example: Example, tmp_path: Path
) -> None:
    for content in damaged(example.files[example.path]):
        told = heard(importer, written(example, tmp_path, content))
        if isinstance(told, list):
            for one in told:
                assert not isinstance(one, RowError) or (one.place and one.problem)


@every_example
def test_nothing_at_all_is_an_error(importer: Importer, example: Example, tmp_path: Path) -> None:
    assert isinstance(heard(importer, written(example, tmp_path, b"")), str)


@pytest.mark.parametrize("importer", IMPORTERS.values(), ids=named)
def test_what_is_of_another_kind_is_refused(importer: Importer, tmp_path: Path) -> None:
    mapping = next(iter(importer.examples())).mapping
    for index, data in enumerate(
        (b"%PDF-1.7 nothing", b"\x89PNG\r\n\x1a\n" + bytes(100), b"just a line of words")
    ):
        path = tmp_path / str(index)
        path.write_bytes(data)
        assert isinstance(heard(importer, Reading(path, DIGEST, "FR", mapping)), str)


@every_example
def test_no_more_rows_are_read_than_the_limit(importer: Importer, example: Example, tmp_path: Path) -> None:
    reading = written(example, tmp_path)
    few = Reading(reading.path, DIGEST, "FR", reading.mapping, Limits(rows=1))
    told = heard(importer, few)
    whole = list(importer.read(reading))
    assert isinstance(told, str) or len(statements(told)) <= len(statements(whole))


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not there"):
        importer_of(tmp_path / "gone")
    for importer in IMPORTERS.values():
        mapping = next(iter(importer.examples())).mapping
        assert isinstance(heard(importer, Reading(tmp_path / "gone", DIGEST, None, mapping)), str)


def test_a_name_nearly_right_is_corrected() -> None:
    with pytest.raises(UsageError, match='did you mean "telegram"'):
        importer_named("telegrm")


def test_what_no_importer_knows_is_refused_with_those_there_are(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(bytes(range(256)))
    with pytest.raises(UsageError, match="of no kind that can be taken in"):
        importer_of(path)
