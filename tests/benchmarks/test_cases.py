"""The generator of whole cases: the same each time, as large as asked, and true."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import pytest
from benchmarks.cases import said, tables
from benchmarks.cases.__main__ import main
from benchmarks.cases.generate import Case, generate
from benchmarks.cases.names import LANGUAGES, WAYS, latin
from benchmarks.cases.network import TINY
from benchmarks.cases.numbers import PHONE_RANGES, Numbers, base58check, iban, s10_digit
from benchmarks.cases.truth import Truth, truth_of

from partwatch.case.statements import Statement
from partwatch.case.vocabulary import SCHEMATA, Type, property_of

TRADE = ("organiser", "maker", "seller", "courier")
PAYMENT_ENDS = ("payer", "beneficiary", "payerAccount", "beneficiaryAccount", "subject", "object")
MESSAGE_ENDS = ("senderAccount", "recipientAccount", "sender", "recipient")
SIZES = (2_000, 5_000, 12_000, 30_000)


@pytest.fixture(scope="module", params=SIZES)
def case(request: pytest.FixtureRequest) -> Case:
    return generate(7, request.param)


@pytest.fixture(scope="module")
def truth(case: Case) -> Truth:
    return truth_of(case)


@pytest.fixture(scope="module")
def statements(case: Case) -> list[Statement]:
    return [one for _, own in said.statements(case.world) for one in own]


def test_a_seed_and_a_size_give_the_same_case_to_the_byte(tmp_path: Path) -> None:
    for name in ("one", "other"):
        assert main(["--seed", "5", "--statements", "2500", "--out", str(tmp_path / name)]) == 0
    files = [one.relative_to(tmp_path / "one") for one in (tmp_path / "one").rglob("*") if one.is_file()]
    assert len(files) > 20
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes(), name


def phones_of(case: Case) -> set[str]:
    return {one.value for _, own in said.statements(case.world) for one in own if one.prop == "phone"}


def test_another_seed_gives_another_case_with_other_identifiers() -> None:
    one, other = (phones_of(generate(seed, 2_500)) for seed in (1, 2))
    assert len(one & other) < len(one) / 20


def test_cases_are_as_large_as_asked_within_five_percent(case: Case, statements: list[Statement]) -> None:
    asked = min(SIZES, key=lambda size: abs(size - len(statements)))
    assert abs(len(statements) - asked) <= asked / 20
    assert case.world.statements == len(statements)


def test_too_small_a_case_is_refused() -> None:
    with pytest.raises(ValueError, match="ask for more than 100"):
        generate(1, 100)


def test_every_statement_is_of_the_vocabulary(statements: list[Statement]) -> None:
    # What importers of conversations say beyond it comes with them.
    later = {("Message", "messageId"), ("Message", "parcelMentioned"), ("Item", "message")}
    unknown = {(one.schema, one.prop) for one in statements if property_of(one.schema, one.prop) is None}
    assert unknown <= later
    assert all(one.value.strip() and one.place for one in statements)


def test_entity_properties_hold_keys_of_entities_that_something_is_said_of(
    statements: list[Statement],
) -> None:
    known = {one.entity for one in statements}
    for one in statements:
        prop = property_of(one.schema, one.prop)
        if prop is not None and prop.type is Type.ENTITY:
            assert one.value in known, one


def test_bits_are_stated_of_inferences_alone(statements: list[Statement]) -> None:
    for one in statements:
        assert (one.bits is not None) == (one.schema in ("Match", "SameSource")), one


def test_every_record_of_people_has_its_person_and_no_other_has(
    truth: Truth, statements: list[Statement]
) -> None:
    parties = {one.entity for one in statements if SCHEMATA[one.schema].is_a("LegalEntity")}
    assert parties == {one.key for one in truth.records}
    assert {one.person for one in truth.records} <= truth.people.keys()


def test_true_chains_are_there_step_by_step(truth: Truth, statements: list[Statement]) -> None:
    says = {(one.entity, one.prop, one.value) for one in statements}
    person_of = truth.person_of()
    chains = [one for one in truth.chains if one.found]
    assert len(chains) >= 0.9 * len(truth.chains)
    for chain in chains:
        assert person_of[chain.steps[-1].entity] == chain.organiser
        for before, step in zip(chain.steps, chain.steps[1:], strict=False):
            prop, shared, value = step.via.partition("=")
            if shared:
                assert {(before.entity, prop, value), (step.entity, prop, value)} <= says
                assert person_of[before.entity] == person_of[step.entity]
            else:
                assert {(before.entity, prop, step.entity), (step.entity, prop, before.entity)} & says


def test_chains_lead_through_nobody_outside_their_network(truth: Truth) -> None:
    person_of = truth.person_of()
    for chain in truth.chains:
        met = {person_of[step.entity] for step in chain.steps if step.entity in person_of}
        assert {truth.people[one]["cell"] for one in met} <= {chain.cell}


def seen_together(truth: Truth, statements: list[Statement]) -> dict[str, set[str]]:
    """Who is at the two ends of a payment, a message, a parcel or a transfer, from the statements alone."""
    person_of = truth.person_of()
    ends: defaultdict[str, set[str]] = defaultdict(set)
    wanted = set(PAYMENT_ENDS + MESSAGE_ENDS)
    for one in statements:
        if one.prop in wanted and one.value in person_of:
            ends[one.entity].add(person_of[one.value])
    found: defaultdict[str, set[str]] = defaultdict(set)
    for people in ends.values():
        for person in people:
            found[person] |= people - {person}
    return found


def test_decoys_are_innocent_and_have_the_degrees_that_are_claimed(
    truth: Truth, statements: list[Statement]
) -> None:
    together = seen_together(truth, statements)
    assert truth.decoys
    for organiser, decoys in truth.decoys.items():
        own = len(together[organiser])
        assert own == truth.people[organiser]["degree"]
        assert len(decoys) >= 5
        cell = truth.people[organiser]["cell"]
        members = {key for key, one in truth.people.items() if one["cell"] == cell and one["role"] in TRADE}
        for decoy in decoys:
            assert len(together[decoy.person]) == decoy.degree
            assert abs(decoy.degree - own) <= max(1, own / 4)
            role = truth.people[decoy.person]["role"]
            assert role in ("bystander", "busy") or role.startswith("shadow")
            if decoy.kind == "stranger":
                assert not together[decoy.person] & members


def test_a_shadow_trades_as_its_network_does_and_is_on_no_list(case: Case) -> None:
    for cell, shadow in zip(case.cells, case.shadows, strict=True):
        assert cell.listed
        assert not shadow.listed
        assert [len(getattr(cell, one)) for one in ("makers", "sellers", "couriers", "buyers")] == [
            len(getattr(shadow, one)) for one in ("makers", "sellers", "couriers", "buyers")
        ]


def test_there_are_gaps_slips_shared_phones_and_namesakes(
    case: Case, truth: Truth, statements: list[Statement]
) -> None:
    of = truth.person_of()
    names: defaultdict[str, set[str]] = defaultdict(set)
    phones: defaultdict[str, set[str]] = defaultdict(set)
    for one in statements:
        if one.entity in of and one.prop == "name":
            names[of[one.entity]].add(one.value)
        if one.entity in of and one.prop == "phone":
            phones[one.value].add(of[one.entity])
    assert max(map(len, names.values())) > 2
    assert any(len(people) > 1 for people in phones.values())
    spoken_of = {one.entity for one in statements if one.prop == "phone"}
    assert {one.key for one in truth.records} - spoken_of
    assert any(not one.own_name for one in truth.records)


def test_the_written_statements_are_read_back(tmp_path: Path) -> None:
    case = generate(3, 3_000)
    said.write_statements(case.world, tmp_path / "all.ndjson")
    read = [(info, list(own)) for info, own in said.read_statements(tmp_path / "all.ndjson")]
    assert read == [(info, list(own)) for info, own in said.statements(case.world)]


def test_truth_is_written_as_json(tmp_path: Path) -> None:
    assert main(["--statements", "2500", "--out", str(tmp_path), "--no-files"]) == 0
    told = json.loads((tmp_path / "truth.json").read_text())
    assert told.keys() == {"seed", "statements", "people", "records", "things", "chains", "decoys"}
    assert not (tmp_path / "mappings").exists()


def test_a_plan_may_be_asked_for_whatever_the_size() -> None:
    case = generate(2, 8_000, plan=TINY, cells=2)
    assert [len(one.makers) for one in case.cells] == [1, 1]


def test_phones_come_from_ranges_that_are_kept_for_fiction_and_once_each() -> None:
    numbers = Numbers(11)
    given = [numbers.phone(country) for country in ("FR", "GB", "DE", "US") for _ in range(3_000)]
    assert len(set(given)) == len(given)
    starts = tuple(f"+{start}" for _, start, _ in PHONE_RANGES)
    assert all(one.startswith(starts) for one in given)


def test_phones_are_valid_where_the_library_is() -> None:
    library = pytest.importorskip("phonenumbers")
    for _, start, digits in PHONE_RANGES:
        for end in ("0" * digits, "9" * digits):
            assert library.is_valid_number(library.parse(f"+{start}{end}")), start


def test_check_digits_hold() -> None:
    assert s10_digit("47312482") == 9  # RA473124829SE, the example of UPU S10
    assert iban("GB", "WEST12345698765432") == "GB82WEST12345698765432"
    # The output of the genesis block.
    assert (
        base58check(b"\0" + bytes.fromhex("62e907b15cbf27d5425399ebf6f0fb50ebb88f18"))
        == "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"
    )


def test_names_of_any_script_come_in_latin_letters() -> None:
    for language in LANGUAGES.values():
        for name in (*language.given[0], *language.given[1], *language.common):
            for way in range(WAYS):
                assert all(one.isascii() or one in "ïæøñœ" for one in latin(name, way)), (name, way)


def test_a_cell_is_told_apart_from_a_constant() -> None:
    assert tables.value_of({"a": ("1", "one")}, "a") == "1"
    assert tables.value_of({}, "=word") == "word"
    assert tables.value_of({}, "a") == ""
