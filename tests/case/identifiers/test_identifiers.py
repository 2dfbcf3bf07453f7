"""Every kind of identifier is held to one contract; each kind's own rules follow."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partwatch.case.identifiers import phones, tracking, wallet_checks, wallets
from partwatch.case.identifiers.base import Hint, Kind, NotValidError
from partwatch.case.identifiers.registry import KINDS, find_all, normalise
from partwatch.model.errors import UsageError

FR = Hint("FR")
EXAMPLES = [(kind, text, value) for kind in KINDS.values() for text, value in kind.examples]
DECOYS = [(kind, text) for kind in KINDS.values() for text in kind.decoys]


def named(one: object) -> str:
    return one.name if isinstance(one, Kind) else str(one)[:20]


@pytest.mark.parametrize(("kind", "text", "value"), EXAMPLES, ids=named)
def test_an_example_has_its_value_and_normalising_twice_changes_nothing(
    kind: Kind, text: str, value: str
) -> None:
    assert kind.normalise(text, kind.hint) == value
    assert kind.normalise(value, kind.hint) == value


@pytest.mark.parametrize(("kind", "text", "value"), EXAMPLES, ids=named)
def test_an_example_is_found_in_a_sentence_where_it_stands(kind: Kind, text: str, value: str) -> None:
    said = "plate " if kind.name == "plate" else "«see "
    sentence = f"{said}{text}, thanks. And 3 wheels of 12.5 mm!"
    found = find_all(sentence, kind.hint, [kind.name])
    assert [(one.kind, one.value, one.original) for one in found] == [(kind.name, value, text)]
    assert sentence[found[0].start : found[0].end] == found[0].original


@pytest.mark.parametrize(("kind", "text"), DECOYS, ids=named)
def test_a_decoy_is_not_found(kind: Kind, text: str) -> None:
    assert find_all(text, kind.hint, [kind.name]) == []


@pytest.mark.parametrize("kind", KINDS.values(), ids=named)
def test_what_is_no_identifier_is_refused_with_a_sentence(kind: Kind) -> None:
    for text in ("", " ", "\x00", "nothing of the kind!", "9" * 5000, "\ud800", "é" * 70):
        with pytest.raises(NotValidError, match=r"is no|too long|no country|names no"):
            kind.normalise(text, kind.hint)


TEXTS = st.one_of(
    st.text(max_size=80),
    st.text(alphabet="0123456789+ ()-./:@x", max_size=60),
    st.text(alphabet="abcdefABCDEF013589.@:/-_ ", max_size=60),
    st.builds(
        lambda text, extra, at: text[: at % (len(text) + 1)] + extra + text[at % (len(text) + 1) :],
        st.sampled_from([text for _, text, _ in EXAMPLES]),
        st.text(max_size=3),
        st.integers(0, 99),
    ),
)
HINTS = st.builds(Hint, st.sampled_from([None, "FR", "US", "DE", "GB"]), st.sampled_from([None, "telegram"]))


@given(text=TEXTS, hint=HINTS)
def test_whatever_is_normalised_stays_as_it_is_and_whatever_is_found_is_normal(text: str, hint: Hint) -> None:
    for kind in KINDS.values():
        try:
            value = kind.normalise(text, hint)
        except NotValidError:
            continue
        assert kind.normalise(value, hint) == value
    found = find_all(text, hint)
    for one in found:
        assert text[one.start : one.end] == one.original
        assert normalise(one.kind, one.value, hint) == one.value
    outer = [one for one in found if one.kind != "url"]
    assert all(one.end <= other.start for one, other in pairwise(outer))


@pytest.mark.parametrize(
    "piece",
    [
        "1",
        "a",
        "@",
        "+",
        "1 ",
        "a.",
        "a@a.",
        "AB12 ",
        "http://",
        "t.me/a ",
        "0x0 ",
        ":1",
        "plate A1 ",
        "-",
        "1A",
        "bc1",
    ],
)
def test_a_long_text_made_to_be_slow_is_searched_all_the_same(piece: str) -> None:
    # Were a pattern quadratic, this would take minutes.
    text = (piece * 60_000)[:60_000]
    assert all(text[one.start : one.end] == one.original for one in find_all(text, Hint("FR", "telegram")))


def test_an_unknown_kind_is_named_with_those_there_are() -> None:
    with pytest.raises(UsageError, match="no kind of identifier; there are wallet, iban"):
        normalise("shoe size", "42")


@pytest.mark.parametrize(
    ("text", "region", "value"),
    [
        ("06 12 34 56 78", "FR", "+33612345678"),
        ("0032 470 12 34 56", "FR", "+32470123456"),
        ("(212) 736-5000", "US", "+12127365000"),
        ("+44 20 7946 0958", None, "+442079460958"),
    ],
)
def test_a_phone_is_found_as_people_of_its_region_write_it(text: str, region: str | None, value: str) -> None:
    assert [one.value for one in find_all(f"call {text} now", Hint(region), ["phone"])] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "invoice 0612345678", "order no. 06 12 34 56 78", "3.141592653589", "2024-03-05 10:00:00",
        "id 1709629200", "12 34 56 78", "1709629200123", "€ 0612345678",
    ],
)  # fmt: skip
def test_a_number_that_is_something_else_is_no_phone(text: str) -> None:
    assert find_all(text, FR, ["phone"]) == []


@pytest.mark.parametrize("text", ["phone no. 0612345678", "order by phone: 0612345678", "tél n° 0612345678"])
def test_a_word_that_says_phone_counts_more_the_nearer_it_stands(text: str) -> None:
    assert [one.value for one in find_all(text, FR, ["phone"])] == ["+33612345678"]
    assert find_all("call about order 0612345678", FR, ["phone"]) == []


def test_a_national_number_without_a_region_is_no_phone() -> None:
    assert find_all("call 06 12 34 56 78", Hint(), ["phone"]) == []
    with pytest.raises(NotValidError, match="give the region"):
        phones.normalise("06 12 34 56 78", Hint())


def test_keccak_is_that_of_ethereum_and_not_of_fips_202() -> None:
    assert (
        wallet_checks.keccak256(b"").hex()
        == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    )
    assert (
        wallet_checks.keccak256(b"abc").hex()
        == "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"
    )


# The tables of BIP 173, BIP 350 and EIP-55, and an address published by the Monero project.
@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3", "BTC"),
        ("BC1SW50QGDZ25J", "BTC"),
        ("bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs", "BTC"),
        ("3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", "BTC"),
        ("0x52908400098527886E0F7030069857D2E4169EE7", "ETH"),
        ("0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359", "ETH"),
        (
            "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A",
            "XMR",
        ),
    ],
)
def test_addresses_of_the_standards_are_wallets(text: str, currency: str) -> None:
    found = wallets.wallet_of(text)
    assert found is not None
    assert found.currency == currency


@pytest.mark.parametrize(
    "text",
    [
        # BIP 350: wrong checksum for the version, mixed case, program too long, version 17.
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd",
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh",
        "BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P",
        "bc1qW508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        "bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4",
        "0x52908400098527886e0F7030069857D2E4169EE7",
    ],
)
def test_addresses_that_the_standards_call_invalid_are_none(text: str) -> None:
    assert wallets.wallet_of(text) is None


@given(at=st.integers(0, 33), letter=st.sampled_from(wallet_checks.BASE58))
def test_one_changed_letter_of_an_address_is_noticed(at: int, letter: str) -> None:
    address = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"
    changed = address[:at] + letter + address[at + 1 :]
    assert (wallets.wallet_of(changed) is not None) == (changed == address)


@pytest.mark.parametrize(
    ("number", "carrier"),
    [
        ("RA473124829SE", "s10"),
        ("1Z5R89390357567127", "ups"),
        ("9400109699938860246573", "usps"),
        ("986578788855", "fedex"),
        ("00340434161094015902", "sscc"),
    ],
)
def test_check_digits_of_carriers_hold_and_one_changed_digit_is_noticed(number: str, carrier: str) -> None:
    assert tracking.carrier_of(number) == carrier
    at = 6
    changed = number[:at] + str((int(number[at]) + 1) % 10) + number[at + 1 :]
    assert tracking.carrier_of(changed) != carrier


def test_a_number_of_digits_alone_is_a_parcel_only_where_the_text_says_so() -> None:
    assert find_all("total 986578788855", FR, ["tracking"]) == []
    assert [one.value for one in find_all("FedEx tracking 9865 7878 8855", FR, ["tracking"])] == [
        "986578788855"
    ]


def test_words_behind_an_iban_are_not_taken_with_it() -> None:
    found = find_all("IBAN: BE68 5390 0754 7034 BIC BPOTBEB1", FR, ["iban"])
    assert [one.original for one in found] == ["BE68 5390 0754 7034"]


def test_a_profile_is_both_an_address_and_an_account_and_a_post_is_no_account() -> None:
    found = find_all("see https://t.me/gear_shop and https://t.me/joinchat/AAAAAE", Hint())
    assert [(one.kind, one.value) for one in found] == [
        ("handle", "telegram:gear_shop"),
        ("url", "https://t.me/gear_shop"),
        ("url", "https://t.me/joinchat/AAAAAE"),
    ]


def test_a_name_counts_on_the_service_that_the_text_names() -> None:
    assert [one.value for one in find_all("insta: @gear.shop, tg @gear_shop", Hint(), ["handle"])] == [
        "instagram:gear.shop",
        "telegram:gear_shop",
    ]
    assert find_all("@gear_shop", Hint(), ["handle"]) == []


@pytest.mark.parametrize(
    ("text", "region", "value"),
    [
        ("03/04/2024", "FR", "2024-04-03"),
        ("03/04/2024", "US", "2024-03-04"),
        ("13/04/2024", None, "2024-04-13"),
        ("3. März 2024", None, "2024-03-03"),
        ("March 3rd, 2024", None, "2024-03-03"),
        ("2024", None, "2024"),
        ("2024-03", None, "2024-03"),
        ("03/04/2024 10:30", "FR", "2024-04-03T10:30:00"),
        ("2024-03-05T10:00:00Z", None, "2024-03-05T10:00:00+00:00"),
    ],
)
def test_dates_are_iso_as_far_as_they_are_known(text: str, region: str | None, value: str) -> None:
    assert normalise("date", text, Hint(region)) == value


def test_a_date_that_could_be_two_is_refused() -> None:
    with pytest.raises(NotValidError, match="give its format, or the region"):
        normalise("date", "03/04/2024")
