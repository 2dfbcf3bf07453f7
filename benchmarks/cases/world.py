"""A hidden world, and what of it lies in the sources: rows, and who each of them is about."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Final

from benchmarks.cases import sources, tables
from benchmarks.cases.numbers import Numbers
from benchmarks.cases.people import (
    People,
    Person,
    written_address,
    written_iban,
    written_name,
    written_phone,
)
from benchmarks.cases.tables import Cell, Row, Seen, Table
from partwatch.case.statements import keyed

FIRST_DAY: Final = date(2026, 1, 5)
DAYS: Final = 300


@dataclass(frozen=True)
class Kept:
    """A row of a source. who: person by slot, of the slots that are people's records; false: the slots that
    bear a name that is not theirs."""

    row: Row
    who: dict[str, str]
    false: frozenset[str] = frozenset()


@dataclass
class Given:
    """Names and bytes of files: scans of listed parts and of harmless ones, print jobs of listed parts."""

    listed_scans: list[tuple[str, bytes]] = field(default_factory=list)
    harmless_scans: list[tuple[str, bytes]] = field(default_factory=list)
    listed_jobs: list[tuple[str, bytes]] = field(default_factory=list)


@dataclass
class World:
    """Everything. rows: by table's name. owners: whose a keyed thing is, by its key. contacts: who is seen
    together with whom. of_cell: rows, with their table's name, that tell of a network or its shadow;
    files: name and bytes of what was seized as a file, by sha256; given: files to hand out before others
    are made up."""

    seed: int
    rng: Random
    people: People
    tables: dict[str, Table] = field(default_factory=dict)
    rows: dict[str, list[Kept]] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    contacts: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    of_cell: dict[str, list[tuple[str, Kept]]] = field(default_factory=dict)
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    given: Given = field(default_factory=lambda: Given())
    statements: int = 0
    cell: str = ""
    _seen: defaultdict[str, Seen] = field(default_factory=lambda: defaultdict(set))

    def add(
        self,
        table: Table,
        row: Row,
        who: dict[str, Person] | None = None,
        false: frozenset[str] = frozenset(),
        together: tuple[Person, ...] = (),
    ) -> None:
        """Keep a row. together: those whom it shows as having to do with one another."""
        if table.name not in self.tables:
            self.tables[table.name] = table
            self.rows[table.name] = []
        row = {column: cell for column, cell in row.items() if cell}
        made = tables.size(table, row, self._seen[table.name])
        if not made:
            return
        there = {slot.name for slot in tables.present(table, row)}
        whose = {slot: person.id for slot, person in (who or {}).items() if slot in there}
        kept = Kept(row, whose, false & whose.keys())
        self.rows[table.name].append(kept)
        self.statements += made
        if self.cell:
            self.of_cell.setdefault(self.cell, []).append((table.name, kept))
        for one in together:
            self.contacts[one.id] |= {other.id for other in together if other is not one}

    def owns(self, person: Person, schema: str, *identifiers: str) -> None:
        """A thing that is its identifier is theirs."""
        self.owners[keyed(schema, *identifiers)] = person.id

    def in_order(self) -> None:
        """Rows as a source keeps them: by their day or number, so that none gives away when it was made; a
        phone's by chat, its messages numbered."""
        for name, table in self.tables.items():
            rows = self.rows[name]
            rows.sort(key=lambda kept: tuple(tables.value_of(kept.row, one) for one in table.by))
            if table.kind == "telegram":
                _number([kept.row for kept in rows])

    def scan(self, listed: bool) -> tuple[str, str]:
        """A seized part as the laboratory scanned it: name and sha256."""
        scans = self.given.listed_scans if listed else self.given.harmless_scans
        if scans:
            return self.keep(*scans.pop(0))
        sha = self.people.numbers.hexadecimal("scan")
        return f"scan-{sha[:6]}.stl", sha

    def keep(self, name: str, content: bytes) -> tuple[str, str]:
        """A file that was seized: name and sha256."""
        sha = hashlib.sha256(content).hexdigest()
        self.files[sha] = (name, content)
        return name, sha

    # What people have.

    def handle(self, person: Person) -> str:
        """Their account at the messenger."""
        if not person.handle:
            person.handle = f"user:{self.people.numbers.handle()}"
            self.owns(person, "UserAccount", sources.MESSENGER, person.handle)
        return person.handle

    def iban(self, person: Person) -> str:
        """Their bank account."""
        if not person.iban:
            person.iban = self.people.numbers.iban(person.country)
        self.owns(person, "BankAccount", person.iban)
        return person.iban

    def wallet(self, person: Person) -> str:
        """Their wallet."""
        if not person.wallet:
            person.wallet = self.people.numbers.wallet()
            self.owns(person, "CryptoWallet", person.wallet)
        return person.wallet

    # How it is written down.

    def maybe(self, chance: float, cell: Cell) -> Cell:
        """The cell, or nothing."""
        return cell if self.rng.random() < chance else ""

    def day(self, first: int = 0, last: int = DAYS) -> date:
        """A day of the case."""
        return FIRST_DAY + timedelta(days=self.rng.randrange(first, max(first + 1, last)))

    def moment(self, day: date) -> str:
        """A moment of a day, UTC."""
        rng = self.rng
        return f"{day}T{rng.randrange(7, 23):02d}:{rng.randrange(60):02d}:{rng.randrange(60):02d}+00:00"

    def party(self, slot: str, person: Person, care: float, keep: dict[str, float]) -> Row:
        """What a source wrote down of somebody. keep: chance by property that it is there."""
        rng = self.rng
        made: Row = {}
        for prop, chance in keep.items():
            if rng.random() >= chance:
                continue
            made[f"{slot}_{prop}"] = self._cell(prop, person, care)
        return made

    def _cell(self, prop: str, person: Person, care: float) -> Cell:
        rng = self.rng
        if prop == "name":
            return written_name(person, rng, care)
        if prop == "address":
            return written_address(person.home, rng, care)
        if prop == "phone":
            return written_phone(person.phones[0], rng)
        if prop == "email":
            return person.email
        return {"birthDate": person.birth, "idNumber": person.paper}[prop]

    def written_iban(self, iban: str) -> Cell:
        """An account's number as written."""
        return written_iban(iban, self.rng)


def empty(seed: int, given: Given | None = None) -> World:
    """Nobody yet. given: is used up."""
    rng = Random(f"partwatch case {seed}")
    numbers = Numbers(rng.randrange(1, 10**8))
    return World(seed, rng, People(rng, numbers), given=given or Given())


def _number(rows: list[Row]) -> None:
    """The entries of an address book and the messages of chats, as an export has them."""
    contacts = [row for row in rows if row.get("contact")]
    for number, row in enumerate(contacts, start=2):
        row[tables.PLACE] = f"contacts, record {number}"
    messages = [row for row in rows if row.get("chat")]
    for number, row in enumerate(messages, start=1):
        chat = tables.value_of(row, "chat")
        row["local"] = f"{chat}/{number}"
        row[tables.PLACE] = f"chat {chat}, message {number}"
