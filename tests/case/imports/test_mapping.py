"""The mapping language: what a row says by it, and how its errors are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from partwatch.case.imports import table
from partwatch.case.imports.base import Note, Reading, RowError
from partwatch.case.imports.mapping import parse_mapping, read_mapping
from partwatch.case.imports.mapping_types import MappingError
from partwatch.case.imports.xlsx_rows import is_xlsx
from partwatch.case.statements import Statement, keyed, record_key

DIGEST = "ab" * 32
EXAMPLES = Path(__file__).resolve().parents[3] / "docs" / "examples" / "mappings"


def read(mapping: str, rows: str, folder: Path) -> tuple[list[Statement], list[RowError]]:
    path = folder / "a.csv"
    path.write_text(rows, encoding="utf-8")
    told = list(table.read(Reading(path, DIGEST, "FR", mapping)))
    return [one for one in told if isinstance(one, Statement)], [
        one for one in told if isinstance(one, RowError) and not isinstance(one, Note)
    ]


def values(told: list[Statement], prop: str) -> list[str]:
    return [one.value for one in told if one.prop == prop]


def test_every_problem_of_a_mapping_is_told_at_once_with_its_line_and_what_was_meant() -> None:
    text = """titel = "x"
region = "FRA"

[[entities]]
name = "who"
schema = "Persn"
[entities.properties]
name = "Name"

[[entities]]
schema = "Parcel"
[entities.properties]
trackingNumbr = "No"
carrier = { colum = "C" }
sender = "Sender"
recipient = { link = "hwo" }
postedAt = { column = "D", format = "%Q" }
weight = { column = "W", decimal = ";", invalid = "drop" }
notes = { column = "N", format = "fone" }

[[entities]]
name = "who"
schema = "Person"
[entities.properties]
name = { link = "who" }
"""
    with pytest.raises(MappingError) as caught:
        parse_mapping(text, "m.toml")
    problems = "\n".join(caught.value.problems)
    for line, words in (
        (1, '"titel" is no key here; did you mean "title"?'),
        (2, 'region: "FRA" is no country of two letters'),
        (6, 'schema: "Persn" is not known; did you mean "Person"?'),
        (10, "Parcel: is known by its trackingNumber"),
        (13, 'Parcel has no property "trackingNumbr"; did you mean "trackingNumber"?'),
        (14, 'carrier: "colum" is no key here; did you mean "column"?'),
        (15, "sender: points to an entity (LegalEntity): write { link"),
        (16, 'recipient: no entity is named "hwo"; did you mean "who"?'),
        (17, 'postedAt: format: "%Q" is no format of a date'),
        (18, "decimal: is one of '.', ','"),
        (18, "invalid: is one of 'error', 'keep', 'skip'"),
        (19, 'notes: format: "fone" is not known; did you mean "phone"?'),
        (21, '"who" is also the name of the entity in line 4'),
        (25, "name: is a name, not a link"),
    ):
        assert f"m.toml: line {line}: {words}" in problems


def test_a_link_to_the_wrong_kind_of_thing_is_refused() -> None:
    text = """[[entities]]
schema = "Vehicle"
properties.registrationNumber = "Plate"
[[entities]]
schema = "Parcel"
properties.trackingNumber = "No"
properties.sender = { link = "vehicle" }
"""
    with pytest.raises(
        MappingError, match="line 7: sender: points to a LegalEntity, and vehicle is a Vehicle"
    ):
        parse_mapping(text)


@pytest.mark.parametrize(
    "text", ["", "entities = 5", "x = [", "[[entities]]", "a = " + "[" * 5000, "entities = [1]"]
)
def test_what_is_no_mapping_is_a_sentence(text: str) -> None:
    with pytest.raises(MappingError):
        parse_mapping(text)


def test_a_file_that_is_no_mapping_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "m.toml"
    with pytest.raises(MappingError, match="cannot be opened"):
        read_mapping(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(MappingError, match="is not UTF-8"):
        read_mapping(path)


def test_columns_that_are_not_there_are_all_told_with_what_was_meant(tmp_path: Path) -> None:
    text = '[[entities]]\nschema = "Person"\nkey = "Numer"\n[entities.properties]\n'
    text += 'name = "Naem"\nphone = "Phone"\n'
    with pytest.raises(MappingError) as caught:
        read(text, "Name,Number,Phone,Phone\nx,1,2,3\n", tmp_path)
    assert [one.partition(" (there")[0] for one in caught.value.problems] == [
        'mapping: line 5: the table has no column "Naem"; did you mean "Name"?',
        'mapping: line 6: the table has 2 columns named "Phone": rename one',
        'mapping: line 3: the table has no column "Numer"; did you mean "Number"?',
    ]


def test_rows_with_the_same_key_are_one_record_and_others_are_not(tmp_path: Path) -> None:
    text = '[[entities]]\nschema = "Person"\nkey = "No"\nproperties.name = "Name"\n'
    told, _ = read(text, "No,Name\n7,Ada\n 7 ,ada l\n8,Ada\n", tmp_path)
    assert len({one.entity for one in told}) == 2
    assert told[0].entity == told[1].entity == record_key(DIGEST, "Person", '["person", "7"]')


def test_rules_share_records_only_where_they_name_the_same_numbering(tmp_path: Path) -> None:
    def both(more: str) -> set[str]:
        text = "".join(
            f'[[entities]]\nname = "{name}"\nschema = "Person"\nkey = "{name}"\n{more}'
            f'properties.name = "{name}"\n'
            for name in ("From", "To")
        )
        return {one.entity for one in read(text, "From,To\n7,7\n", tmp_path)[0]}

    assert len(both("")) == 2
    assert len(both('numbering = "customers"\n')) == 1


def test_a_keyed_thing_has_the_key_that_it_has_anywhere(tmp_path: Path) -> None:
    text = '[[entities]]\nschema = "BankAccount"\nproperties.iban = "IBAN"\nproperties.bankName = "Bank"\n'
    told, errors = read(text, "IBAN,Bank\nbe68 5390 0754 7034,X\nBE00,Y\n,Z\n", tmp_path)
    assert {one.entity for one in told} == {keyed("BankAccount", "BE68539007547034")}
    assert told[0].original == "be68 5390 0754 7034"
    assert [one.place for one in errors] == ["row 3"]


def test_values_are_split_translated_joined_and_taken_from_several_columns(tmp_path: Path) -> None:
    text = """
[[entities]]
schema = "Person"
[entities.properties]
name = { columns = ["First", "Last"] }
phone = ["Phone", { column = "More", split = ";", region = "BE" }]
country = { column = "Land", values = { "belgië" = "BE" } }
keywords = { literal = "subscriber" }
"""
    rows = "First,Last,Phone,More,Land\nAda,L,0612345678,0470 12 34 56; ;0470123457,België\n,B,,,fr\n"
    told, errors = read(text, rows, tmp_path)
    assert errors == []
    assert values(told, "name") == ["Ada L", "B"]
    assert values(told, "phone") == ["+33612345678", "+32470123456", "+32470123457"]
    assert values(told, "country") == ["be", "fr"]
    assert values(told, "keywords") == ["subscriber"] * 2


def test_dates_and_numbers_are_read_as_the_mapping_says(tmp_path: Path) -> None:
    text = """
said_at = { column = "At", format = ["%d.%m.%y %H:%M", "%d.%m.%y"] }
[[entities]]
schema = "Payment"
[entities.properties]
amount = { column = "Amount", decimal = "," }
date = { column = "Day", format = "%m/%d/%Y" }
"""
    told, errors = read(
        text, 'At;Amount;Day\n05.03.24 10:30;"1.234,50";03/04/2024\n05.03.24;x;13/13/2024\n', tmp_path
    )
    assert values(told, "amount") == ["1234.5"]
    assert values(told, "date") == ["2024-03-04"]
    assert {one.said_at for one in told} == {"2024-03-05T10:30:00"}
    assert [str(one)[:22] for one in errors] == ["row 3: payment.amount:", "row 3: payment.date: '"]


@pytest.mark.parametrize(
    ("how", "found", "failed"), [("error", [], 1), ("skip", [], 0), ("keep", ["12 x"], 0)]
)
def test_what_is_not_valid_is_an_error_or_skipped_or_kept(
    how: str, found: list[str], failed: int, tmp_path: Path
) -> None:
    text = '[[entities]]\nschema = "Person"\nproperties.name = "N"\n'
    text += f'properties.phone = {{ column = "P", invalid = "{how}" }}\n'
    told, errors = read(text, "N,P\nAda,12  x\n", tmp_path)
    assert values(told, "name") == ["Ada"]
    assert values(told, "phone") == found
    assert len(errors) == failed


def test_an_entity_without_values_is_not_made_nor_linked_to(tmp_path: Path) -> None:
    text = """
[[entities]]
name = "from"
schema = "Person"
properties.name = "From"
[[entities]]
name = "to"
schema = "Person"
when = "Sure"
properties.name = "To"
[[entities]]
schema = "UnknownLink"
properties.subject = { link = "from" }
properties.object = { link = "to" }
properties.role = { literal = "sends to" }
"""
    told, _ = read(text, "From,To,Sure\na,b,y\na,,y\na,b,\n", tmp_path)
    assert values(told, "name") == ["a", "b", "a", "a"]
    assert values(told, "role") == ["sends to"]
    known = {one.entity for one in told}
    assert all(one.value in known for one in told if one.prop in ("subject", "object"))


def test_what_is_the_same_in_all_rows_is_said_once_and_linked_from_each(tmp_path: Path) -> None:
    text = """
[[entities]]
name = "own"
schema = "BankAccount"
properties.iban = { literal = "BE68539007547034" }
[[entities]]
schema = "Payment"
properties.payerAccount = { link = "own" }
properties.amount = "Amount"
"""
    told, _ = read(text, "Amount,x\n1,\n2,\n", tmp_path)
    assert values(told, "iban") == ["BE68539007547034"]
    assert values(told, "payerAccount") == [keyed("BankAccount", "BE68539007547034")] * 2


def test_a_header_may_stand_further_down_and_short_rows_may_be_read(tmp_path: Path) -> None:
    text = 'header = 3\nshort_rows = true\n[[entities]]\nschema = "Person"\nproperties.name = "Name"\n'
    told, errors = read(text, "Report of the carrier\nprinted today\nName;b\nAda\nBob;1\n", tmp_path)
    assert values(told, "name") == ["Ada", "Bob"]
    assert [one.place for one in told] == ["row 4", "row 5"]
    assert errors == []


def test_the_same_mapping_elsewhere_is_the_same_and_another_is_another(tmp_path: Path) -> None:
    text = '[[entities]]\nschema = "Person"\nproperties.name = "Name"\n'
    assert repr(parse_mapping(text, "a")) == repr(parse_mapping(text, "b"))
    assert repr(parse_mapping(text)) != repr(parse_mapping(text.replace("Name", "Nom")))


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda one: one.stem)
def test_the_mappings_of_the_documentation_read_their_tables(path: Path) -> None:
    data = path.with_suffix(".csv")
    assert not is_xlsx(data)
    told = list(table.read(Reading(data, DIGEST, "FR", read_mapping(path))))
    assert [one for one in told if isinstance(one, RowError) and not isinstance(one, Note)] == []
    assert sum(isinstance(one, Statement) for one in told) > 10


def test_there_are_mappings_in_the_documentation() -> None:
    assert {one.stem for one in EXAMPLES.glob("*.toml")} == {"seizures", "parcels", "payments", "subscribers"}
