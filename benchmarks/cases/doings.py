"""What people do and what registers hold of them, each as the rows that it leaves. Chances say how often a
field is there and how carefully it was written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from benchmarks.cases import sources, tables
from benchmarks.cases.people import Person, written_address, written_name, written_phone
from benchmarks.cases.tables import PLACE, Row, Table
from benchmarks.cases.world import World

_REGISTER: Final = 0.92  # the care of a clerk with papers before them
_FORM: Final = 0.55  # of somebody who fills in a form
_SHOP: Final = 0.8  # of a business that prints its own labels


def subscriber(world: World, person: Person, phone: str | None = None, alias: Person | None = None) -> None:
    """A telephone contract; alias: whose name it was taken out in."""
    named = alias or person
    row = world.party(
        "subscriber",
        named,
        _REGISTER,
        {"name": 1.0, "birthDate": 0.9, "idNumber": 0.6, "address": 0.9, "email": 0.4},
    )
    row["subscriber_phone"] = written_phone(phone or person.phones[0], world.rng)
    false = frozenset({"subscriber"}) if alias else frozenset()
    world.add(sources.SUBSCRIBERS, row, {"subscriber": person}, false)


def account(world: World, person: Person, phone: str | None = None) -> None:
    """What the messenger's provider holds of an account."""
    row = world.party("owner", person, _FORM, {"name": 0.85, "email": 0.5})
    row |= {
        "user_id": world.handle(person),
        "created": world.day(-900, 0).isoformat(),
        "ip": f"2001:db8:{world.rng.randrange(1, 65536):x}::{world.rng.randrange(1, 65536):x}",
        "owner_phone": written_phone(phone or person.phones[0], world.rng),
    }
    if world.rng.random() < 0.2:
        row["ip"] = f"203.0.113.{world.rng.randrange(1, 255)}"
    world.add(sources.ACCOUNTS, row, {"owner": person})


def holder(world: World, person: Person) -> None:
    """What the bank holds of a customer."""
    keep = {"name": 1.0, "birthDate": 1.0, "address": 0.95, "phone": 0.8, "email": 0.6}
    if person.role == "shop":
        keep["birthDate"] = 0.0
    row = world.party("holder", person, _REGISTER, keep)
    world.add(sources.HOLDERS, row | {"iban": world.written_iban(world.iban(person))}, {"holder": person})


def wallet_holder(world: World, person: Person) -> None:
    """What the exchange holds of a customer."""
    row = world.party(
        "holder",
        person,
        _REGISTER,
        {"name": 1.0, "birthDate": 0.9, "idNumber": 0.8, "email": 0.9, "phone": 0.5},
    )
    world.add(sources.WALLETS, row | {"wallet": world.wallet(person)}, {"holder": person})


def market_seller(world: World, person: Person, username: str) -> None:
    """What the marketplace holds of a seller."""
    row = world.party("owner", person, _FORM, {"name": 0.95, "phone": 0.7, "email": 1.0, "address": 0.6})
    row |= {
        "username": username,
        "ip": f"198.51.100.{world.rng.randrange(1, 255)}",
        "iban": world.maybe(0.7, world.written_iban(world.iban(person))),
    }
    world.owns(person, "UserAccount", sources.MARKET, username)
    world.add(sources.MARKET_SELLERS, row, {"owner": person})


def warranty(world: World, person: Person, serial: str) -> None:
    """A printer that somebody registered with its maker."""
    row = world.party("owner", person, _FORM, {"name": 1.0, "email": 0.9, "phone": 0.4})
    world.owns(person, "Printer", serial)
    world.add(sources.PRINTERS, row | {"serial": serial, "model": "P2"}, {"owner": person})


def listing(world: World, person: Person, username: str, title: str, text: str) -> None:
    """Something offered on the marketplace."""
    number = world.people.numbers.digits("listing", 8)
    row: Row = {
        "id": number,
        "username": username,
        "title": title,
        "price": str(world.rng.randrange(15, 180)),
        "published": world.day(-60, 60).isoformat(),
        "url": f"{sources.MARKET_URL}/item/{number}",
        "text": text,
        "saved": world.moment(world.day(240, 300)),
    }
    world.owns(person, "Listing", sources.MARKET, number)
    world.add(sources.LISTINGS, row)


def parcel(
    world: World,
    sender: Person,
    recipient: Person,
    day: date,
    *,
    alias: Person | None = None,
    shop: Person | None = None,
    phone: str | None = None,
    careful: bool = False,
) -> str:
    """A parcel; its tracking number. alias: whose name the sender gives; shop: the parcel shop whose address
    is given; phone: the number given. careful: this row lacks nothing that ties it to the sender."""
    rng = world.rng
    carrier = sources.NORTH_POST if rng.random() < 0.6 else sources.COLIS
    number = world.people.numbers.tracking("CX" if carrier is sources.NORTH_POST else "LA", "FR")
    care = _SHOP if sender.role == "shop" else _FORM
    keep = {"name": 0.97, "address": 0.9, "phone": 0.6, "email": 0.35}
    row = world.party("sender", alias or sender, care, keep)
    if alias is not None:
        row.pop("sender_email", None)
    if shop is not None:
        row["sender_address"] = written_address(shop.home, rng, 0.8)
    if careful or row.get("sender_phone"):
        row["sender_phone"] = written_phone(phone or sender.phones[0], rng)
    row |= world.party("recipient", recipient, _FORM, keep | {"phone": 0.75, "email": 0.5})
    row |= {
        "tracking": number,
        "posted": day.isoformat(),
        "grams": str(rng.randrange(80, 4000)),
        "delivered": world.maybe(0.9, (day + timedelta(days=rng.randrange(1, 6))).isoformat()),
    }
    false = frozenset({"sender"}) if alias else frozenset()
    seen = [
        one
        for end, one in (("sender", sender), ("recipient", recipient))
        if any(cell and column.startswith(end) for column, cell in row.items())
    ]
    world.add(carrier, row, {"sender": sender, "recipient": recipient}, false, tuple(seen))
    return number


def payment(world: World, payer: Person, payee: Person, day: date, amount: int, purpose: str) -> None:
    """A transfer at the bank; of some only the account is told."""
    rng = world.rng
    row: Row = {
        "number": world.people.numbers.digits("payment", 12),
        "date": day.isoformat(),
        "amount": str(amount),
        "currency": "EUR",
        "purpose": purpose,
        "payer_name": world.maybe(0.9, written_name(payer, rng, 0.7)),
        "payee_name": world.maybe(0.9, written_name(payee, rng, 0.6)),
        "payer_iban": world.written_iban(world.iban(payer)),
        "payee_iban": world.written_iban(world.iban(payee)),
    }
    world.add(sources.PAYMENTS, row, {"payer": payer, "payee": payee}, together=(payer, payee))


def transfer(world: World, payer: Person, payee: Person, day: date, amount: str) -> None:
    """A transfer between wallets."""
    row: Row = {
        "txid": world.people.numbers.hexadecimal("transfer"),
        "date": world.moment(day),
        "from_wallet": world.wallet(payer),
        "to_wallet": world.wallet(payee),
        "amount": f"{amount} BTC",
    }
    world.add(sources.TRANSFERS, row, together=(payer, payee))


@dataclass(frozen=True)
class File:
    """Something attached."""

    name: str
    sha256: str
    size: int


def message(
    world: World,
    phones: dict[str, Table],
    sender: Person,
    recipient: Person,
    day: date,
    text: str,
    *,
    file: str = "",
    mention: str = "",
) -> None:
    """A message, on each of the two phones that was seized. phones: the tables of seized ones by person.
    file: the name of one attached; mention: a tracking number in the text."""
    row: Row = {"date": world.moment(day), "text": text, "from": world.handle(sender), "mention": mention,
                "to": world.handle(recipient), "local": "0", "file": file}  # fmt: skip
    if file:
        row["path"] = f"files/{file}"
    for one, other in ((sender, recipient), (recipient, sender)):
        if one.id in phones:
            # A phone knows people by what its owner calls them; its owner by their own name.
            called: Row = {"chat": other.handle.removeprefix("user:"), "chat_name": known_as(other)}
            called |= {"from_name": known_as(sender)} if sender is not one else {"from_name": one.name}
            called |= {"to_name": known_as(recipient)} if recipient is not one else {}
            world.add(phones[one.id], row | called, together=(sender, recipient))


def known_as(person: Person) -> str:
    """What phones call somebody: by the given name alone, or in full."""
    return (person.given or person.family) if int(person.id[1:]) % 2 else person.name


def address_book(world: World, table: Table, owner: Person) -> None:
    """What a phone says of its owner and of those who are known to it: those of its chats."""
    chats = {tables.value_of(kept.row, "chat") for kept in world.rows.get(table.name, ())}
    row: Row = {"owner": world.handle(owner), "owner_name": owner.name, "owner_phone": owner.phones[0],
                PLACE: "personal_information"}  # fmt: skip
    world.add(table, row)
    by_handle = {one.handle.removeprefix("user:"): one for one in world.people.all.values() if one.handle}
    for chat in sorted(chats):
        other = by_handle[chat]
        phone = other.phones[-1] if world.rng.random() < 0.8 else ""
        told: Row = {"contact": other.handle, "contact_name": known_as(other), "contact_phone": phone}
        world.add(table, told)


def mail(
    world: World,
    box: Table,
    sender: Person,
    recipient: Person,
    day: date,
    subject: str,
    text: str,
    *,
    file: File | None = None,
    mention: str = "",
) -> None:
    """A mail that lay on a seized computer."""
    row: Row = {
        "local": f"{world.people.numbers.digits('mail', 9)}@{sender.email.rpartition('@')[2]}",
        "date": world.moment(day), "subject": subject, "text": text, "mention": mention,
        "sender": sender.email,
        "sender_name": sender.name, "recipient": recipient.email, "recipient_name": recipient.name,
    }  # fmt: skip
    if file:
        row |= {"file": file.name, "sha256": file.sha256, "bytes": str(file.size), "type": "text/x-gcode"}
    for one in (sender, recipient):
        world.owns(one, "UserAccount", "email", one.email)
    world.add(box, row, together=(sender, recipient))


def exhibit(
    world: World,
    what: str,
    day: date,
    *,
    holder_: Person | None = None,
    tracking: str = "",
    item: tuple[str, str] | None = None,
) -> str:
    """Something seized; its number. item: name and sha256 of the scan or file that the laboratory made."""
    number = f"2026/{world.people.numbers.digits('exhibit', 5)}"
    row: Row = {"number": number, "date": day.isoformat(), "what": what, "tracking": tracking}
    if holder_ is not None:
        row |= world.party("holder", holder_, _REGISTER, {"name": 1.0, "birthDate": 1.0, "idNumber": 0.7})
        row["place"] = holder_.home.full
    else:
        row["place"] = "parcel depot, Montclair-sur-Orge"
    if item:
        row |= {"file": item[0], "sha256": item[1]}
    world.add(sources.EXHIBITS, row, {"holder": holder_} if holder_ else None)
    return number
