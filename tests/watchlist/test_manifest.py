"""Design manifests: what is right comes out typed, what is wrong is told all at once."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partwatch.model.errors import ManifestError
from partwatch.watchlist.manifest import MAX_MANIFEST_BYTES, Design, DesignPart, read_manifests

HEAD = 'name = "vise"\nauthority = "Example"\nreason = "because"\nexpires = 2027-12-31\n'
PART = '[[parts]]\nname = "jaw"\nfile = "jaw.stl"\n'


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    (tmp_path / "jaw.stl").write_bytes(b"solid")
    return tmp_path / "vise.toml"


def problems_of(manifest: Path, text: str) -> list[str]:
    """The problems of a manifest of that text, without its path."""
    manifest.write_text(text, "utf-8")
    with pytest.raises(ManifestError) as caught:
        read_manifests([manifest])
    assert str(caught.value) == "\n".join(caught.value.problems)
    prefix = f"{manifest}: "
    assert all(line.startswith(prefix) for line in caught.value.problems)
    return [line.removeprefix(prefix) for line in caught.value.problems]


def test_the_contracts_example_is_read_in_full(manifest: Path) -> None:
    manifest.write_text(
        HEAD + 'note = "optional"\n' + PART + "quantity = 2\nrequired = true\n"
        'alternative_to = "jaw-short"\n'
        '[[parts]]\nname = "jaw-short"\nfile = "./jaw.stl"\nrequired = false\n'
    )
    folder = manifest.parent
    assert read_manifests([manifest]) == [
        Design(
            name="vise",
            authority="Example",
            reason="because",
            expires=date(2027, 12, 31),
            note="optional",
            parts=(
                DesignPart("jaw", folder / "jaw.stl", 2, True, "jaw-short"),
                DesignPart("jaw-short", folder / "jaw.stl", 1, False, None),
            ),
            manifest=manifest,
        )
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (HEAD.replace('"vise"', "7") + PART, "name: is a whole number; write text in quotes"),
        (HEAD.replace('"vise"', '""') + PART, "name: is empty; give it a name"),
        (HEAD.replace("vise", " vise") + PART, "name: begins or ends with white space; remove it"),
        (HEAD.replace("vise", "v" * 201) + PART, "name: has 201 characters; shorten it to 200"),
        (
            HEAD.replace("vise", "vi\\u202ese") + PART,
            "name: holds the invisible character U+202E at 3; remove it",
        ),
        (
            HEAD.replace("Example", "Ex\\nample") + PART,
            "authority: holds the invisible character U+000A at 3; remove it",
        ),
        (
            HEAD.replace("because", "\\u0000") + PART,
            "reason: holds the invisible character U+0000 at 1; remove it",
        ),
        (HEAD.replace("because", " ") + PART, "reason: is empty; say it in a sentence"),
        (HEAD.replace('reason = "because"\n', "") + PART, "reason: is missing; write text in quotes"),
        (
            HEAD.replace("2027-12-31", '"2027-12-31"') + PART,
            "expires: is text; write a date without quotes or time, as in 2027-12-31",
        ),
        (
            HEAD.replace("2027-12-31", "2027-12-31T00:00:00Z") + PART,
            "expires: is a date with a time; write a date without quotes or time, as in 2027-12-31",
        ),
        (HEAD + "note = []\n" + PART, "note: is an array; write text in quotes"),
        (
            HEAD + "colour = 1\n" + PART,
            "'colour': is no key here; known: name, authority, reason, expires, note, parts",
        ),
        (HEAD, "parts: has no part; add one under [[parts]]"),
        (HEAD + "parts = [1]\n", "parts: is not an array of tables; write each part under [[parts]]"),
        (
            HEAD + PART + "scale = 2.0\n",
            "[[parts]] 1: 'scale': is no key here; known: name, file, quantity, required, alternative_to",
        ),
        (
            HEAD + PART + "quantity = 0\n",
            "[[parts]] 1: quantity: is 0; write a whole number from 1 to 1000000",
        ),
        (HEAD + PART + "quantity = true\n", "[[parts]] 1: quantity: is a boolean; write a whole number"),
        (
            HEAD + PART + "quantity = 1.0\n",
            "[[parts]] 1: quantity: is a decimal number; write a whole number",
        ),
        (HEAD + PART + "required = 1\n", "[[parts]] 1: required: is a whole number; write true or false"),
        (
            HEAD + PART + 'alternative_to = "jaw"\n',
            "[[parts]] 1: alternative_to: names the part itself; name another part or leave it out",
        ),
        (
            HEAD + PART + 'alternative_to = "nut"\n',
            '[[parts]] 1: alternative_to: names "nut", which is no part of this design; name one that is',
        ),
        (
            HEAD + PART + PART,
            '[[parts]] 2: name: "jaw" is also the name of [[parts]] 1; rename one of them',
        ),
        (HEAD + '[[parts]]\nname = "jaw"\n', "[[parts]] 1: file: is missing; write text in quotes"),
        (
            HEAD + PART.replace("jaw.stl", "../x.stl"),
            '[[parts]] 1: file: "../x.stl" is not a file in {folder}; check the path',
        ),
        (
            HEAD + PART.replace("jaw.stl", "."),
            '[[parts]] 1: file: "." is not a file in {folder}; check the path',
        ),
        (
            HEAD + PART.replace("jaw.stl", ""),
            "[[parts]] 1: file: names no file; write a path relative to this manifest",
        ),
        (
            HEAD + PART.replace("jaw.stl", "a" * 5000),
            f'[[parts]] 1: file: "{"a" * 5000}" is not a file in {{folder}}; check the path',
        ),
    ],
)
def test_a_single_problem_is_told_with_its_place_and_mend(manifest: Path, text: str, problem: str) -> None:
    assert problems_of(manifest, text) == [problem.replace("{folder}", str(manifest.parent))]


def test_a_circle_of_alternatives_is_told_at_each_part_of_it(manifest: Path) -> None:
    names = {"a": "b", "b": "c", "c": "a", "d": "a"}
    parts = "".join(
        f'[[parts]]\nname = "{name}"\nfile = "jaw.stl"\nalternative_to = "{other}"\n'
        for name, other in names.items()
    )
    told = problems_of(manifest, HEAD + parts)
    assert sorted(told) == [
        "[[parts]] 1: alternative_to: goes round in a circle (a → b → c → a); leave it out at one of them",
        "[[parts]] 2: alternative_to: goes round in a circle (b → c → a → b); leave it out at one of them",
        "[[parts]] 3: alternative_to: goes round in a circle (c → a → b → c); leave it out at one of them",
    ]


def test_problems_of_all_manifests_come_at_once_in_their_order(manifest: Path) -> None:
    other = manifest.parent / "other.toml"
    other.write_text(HEAD.replace('"Example"', "1") + PART + "quantity = -1\n")
    manifest.write_text("name = ")
    missing = manifest.parent / "missing.toml"
    with pytest.raises(ManifestError) as caught:
        read_manifests([other, missing, manifest])
    assert caught.value.problems[:3] == [
        f"{other}: [[parts]] 1: quantity: is -1; write a whole number from 1 to 1000000",
        f"{other}: authority: is a whole number; write text in quotes",
        f"{missing}: cannot be opened (No such file or directory); check the path",
    ]
    assert caught.value.problems[3].startswith(f"{manifest}: is not valid TOML: Invalid value (at ")
    assert len(caught.value.problems) == 4


def test_names_clash_with_each_other_and_with_the_list(manifest: Path) -> None:
    manifest.write_text(HEAD + PART)
    twin = manifest.parent / "twin.toml"
    # The same letters, once composed and once not.
    manifest.write_text((HEAD + PART).replace("vise", "é"), "utf-8")
    twin.write_text((HEAD + PART).replace("vise", "e\u0301"), "utf-8")
    with pytest.raises(ManifestError) as caught:
        read_manifests([manifest, twin], ["é"])
    assert caught.value.problems == [
        f'{manifest}: name: "é" is already listed; rename it, or remove that one',
        f'{twin}: name: "é" is also the name in {manifest}; rename one of them',
    ]
    with pytest.raises(ManifestError, match="is also the name in"):
        read_manifests([manifest, manifest])


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"\xff\xfe", "is not UTF-8 at byte 0; save it as UTF-8"),
        (b"#" * (MAX_MANIFEST_BYTES + 1), "is over 1048576 bytes; a manifest only names its part files"),
        (b"a = " + b"[" * 100_000, "is nested too deeply; a manifest has [[parts]] and nothing below them"),
    ],
)
def test_what_is_no_manifest_at_all_is_told(manifest: Path, content: bytes, problem: str) -> None:
    manifest.write_bytes(content)
    with pytest.raises(ManifestError) as caught:
        read_manifests([manifest])
    assert caught.value.problems == [f"{manifest}: {problem}"]


toml_values = st.recursive(
    st.one_of(st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.dates(), st.datetimes()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(c):08X}" for c in value) + '"'
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_toml(key)} = {_toml(one)}" for key, one in value.items()) + "}"
    return str(value)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(["name", "authority", "reason", "expires", "note", "parts", "x"]), toml_values
    )
)
def test_whatever_the_types_the_answer_is_a_design_or_problems(
    manifest: Path, table: dict[str, object]
) -> None:
    manifest.write_text("".join(f"{key} = {_toml(value)}\n" for key, value in table.items()))
    with pytest.raises(ManifestError) as caught:
        read_manifests([manifest])
    assert all(line.startswith(f"{manifest}: ") for line in caught.value.problems)
    assert all("is not valid TOML" not in line for line in caught.value.problems)
