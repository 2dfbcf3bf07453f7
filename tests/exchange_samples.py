"""A small case that holds every schema of the vocabulary, and one whose texts are hostile."""

from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from partwatch.case.charter import Charter
from partwatch.case.spool import Spool
from partwatch.case.statements import Reliability, SourceInfo, Statement, keyed, record_key
from partwatch.case.store import CaseStore
from partwatch.case.verdicts import Verdict
from partwatch.case.view import CaseView, view_of
from partwatch.case.vocabulary import SCHEMATA, Type
from partwatch.exchange import ExportSummary, Options, export

AT = "2026-01-31T12:00:00Z"
KEY = b"0123456789abcdef-secret"
# A name for each source, and of whom it speaks.
TABLE, CHAT, SCREENED, HEARSAY = "a1" * 32, "b2" * 32, "c3" * 32, "d4" * 32
ANNA, ANA, ORG = (record_key(TABLE, "Person", "1"), record_key(CHAT, "Person", "7"),
                  record_key(TABLE, "Organization", "1"))  # fmt: skip
RUMOUR = record_key(HEARSAY, "Person", "1")
ACCOUNT, OTHER = keyed("UserAccount", "telegram", "anna_k"), keyed("UserAccount", "telegram", "boris")
HASH = "0f" * 32
ITEM, JOB = keyed("Item", HASH), keyed("PrintJob", "1e" * 32)
PARCEL, EXHIBIT = keyed("Parcel", "RR123456785FR"), keyed("Exhibit", "2024/17-3")
DESIGN, LISTING = keyed("Design", "hand-cranked pump"), keyed("Listing", "market", "99")
PRINTER, WALLET = keyed("Printer", "SN-77"), keyed("CryptoWallet", "bc1qexample")
BANK, CAR = keyed("BankAccount", "FR7630006000011234567890189"), keyed("Vehicle", "AB-123-CD")
HOME = record_key(TABLE, "Address", "1")
COMPANY = record_key(TABLE, "Company", "1")
BODY = "meet me at the usual place"


def _of(key: str, schema: str, told: dict[str, str | list[str]], place: str = "row 1") -> Iterable[Statement]:
    for prop, values in told.items():
        for value in [values] if isinstance(values, str) else values:
            yield Statement(key, schema, prop, value, place)


def table() -> list[Statement]:
    """Records of people, parcels and payments."""
    pay, half = record_key(TABLE, "Payment", "1"), record_key(TABLE, "Payment", "2")
    owns, knows = record_key(TABLE, "Ownership", "1"), record_key(TABLE, "Associate", "1")
    link, call = record_key(TABLE, "UnknownLink", "1"), record_key(TABLE, "Call", "1")
    return [
        Statement(ANNA, "Person", "name", "Anna Koval", "row 1", original="KOVAL Anna "),
        *_of(ANNA, "Person", {"firstName": "Anna", "lastName": "Koval", "phone": "+33612345678",
             "email": "anna@example.org", "birthDate": "1990-05-17", "passportNumber": "X1234567",
             "nationality": "fr", "addressEntity": HOME,
             "gender": "female", "notes": "lives alone"}),
        *_of(ORG, "Organization", {"name": "Pump Club", "phone": "+33612345678", "country": "fr"}, "row 2"),
        *_of(COMPANY, "Company", {"name": "Crank SARL", "vatCode": "FR40303265045",
             "amount": "1000"}, "row 2"),
        *_of(HOME, "Address", {"full": "1 rue de la Pompe, Nice", "street": "1 rue de la Pompe",
             "city": "Nice", "country": "fr", "postalCode": "06000",
             "latitude": "43.7", "longitude": "7.25"}),
        *_of(PARCEL, "Parcel", {"trackingNumber": "RR123456785FR", "carrier": "La Poste", "sender": ANNA,
             "recipient": ORG, "senderPhone": "+33612345678", "postedAt": "2024-05-02", "weight": "310",
             "contents": [ITEM, JOB], "origin": "fr", "destination": "be"}, "row 3"),
        *_of(EXHIBIT, "Exhibit", {"exhibitNumber": "2024/17-3", "seizedFrom": ORG, "parcel": PARCEL,
             "seizedAt": "2024-05-09", "custodian": "Lab 3", "contents": ITEM}, "row 4"),
        *_of(keyed("Device", "IMEI-1"), "Device", {"serialNumber": "IMEI-1", "owner": ANNA}, "row 5"),
        *_of(PRINTER, "Printer", {"serialNumber": "SN-77", "vendor": "Acme", "owner": ANNA}, "row 5"),
        *_of(BANK, "BankAccount", {"iban": "FR7630006000011234567890189", "bankName": "Banque"}, "row 6"),
        *_of(WALLET, "CryptoWallet", {"publicKey": "bc1qexample", "holder": ANNA, "currencySymbol": "BTC"}),
        *_of(CAR, "Vehicle", {"registrationNumber": "AB-123-CD", "owner": ANNA, "model": "Van"}, "row 7"),
        *_of(pay, "Payment", {"payer": ANNA, "beneficiary": ORG, "amount": "120.50",
             "currency": "EUR",
             "date": "2024-04-30", "purpose": "pump"}, "row 8"),
        *_of(half, "Payment", {"payer": ANNA, "payerAccount": BANK, "amount": "9",
             "date": "2023-01"}, "row 9"),
        *_of(owns, "Ownership", {"owner": ANNA, "asset": COMPANY, "percentage": "50"}, "row 10"),
        *_of(knows, "Associate", {"person": ANNA, "associate": ANNA, "relationship": "self"}, "row 11"),
        *_of(link, "UnknownLink", {"subject": ANNA, "object": ORG, "role": "member"}, "row 12"),
        *_of(call, "Call", {"caller": ANNA, "callerNumber": "+33612345678", "receiverNumber": "+3225551234",
             "startDate": "2024-05-01T10:00:00Z", "duration": "61"}, "row 13"),
        Statement(ITEM, "Item", "inventedByNobody", "what no vocabulary knows", "row 14"),
    ]  # fmt: skip


def chat() -> list[Statement]:
    """An export of a chat: accounts, messages, a listing."""
    message = record_key(CHAT, "Message", "345")
    return [
        *_of(ANA, "Person", {"name": "Ana K.", "email": "anna@example.org"}, "message 1"),
        *_of(ACCOUNT, "UserAccount", {"service": "telegram",
             "username": "anna_k", "owner": ANA,
             "ipAddress": "203.0.113.9"}, "message 1"),
        *_of(OTHER, "UserAccount", {"service": "telegram", "username": "boris"}, "message 2"),
        Statement(message, "Message", "senderAccount", ACCOUNT, "message 345",
                  said_at="2024-05-03T08:00:00Z"),
        Statement(message, "Message", "recipientAccount", OTHER, "message 345",
                  said_at="2024-05-03T08:00:00Z"),
        *_of(message, "Message", {"date": "2024-05-03T08:00:00Z", "subject": "parcels", "bodyText": BODY},
             "message 345"),
        *_of(message, "Message", {"parcelMentioned": PARCEL, "emailMentioned": "shop@example.org",
             "messageId": "345"}, "message 345"),
        *_of(LISTING, "Listing", {"platform": "market", "listingId": "99", "title": "Pump, as new",
             "seller": ACCOUNT, "amount": "50", "items": ITEM, "designs": DESIGN,
             "publishedAt": "2024-04-01"}, "message 9"),
    ]  # fmt: skip


def screened() -> list[Statement]:
    """What screening said of items, and what assembly and links made of it."""
    match, same = record_key(SCREENED, "Match", "1"), record_key(SCREENED, "SameSource", "1")
    assembly = record_key(SCREENED, "Assembly", "1")
    return [
        *_of(ITEM, "Item", {"contentHash": HASH, "fileName": "part.stl", "fileSize": "8484",
             "mimeType": "model/stl", "path": "disk/part.stl", "format": "stl", "finding": "match",
             "exhibit": EXHIBIT, "parcel": PARCEL}, "file 1"),
        *_of(JOB, "PrintJob", {"contentHash": "1e" * 32, "fileName": "job.gcode", "slicer": "Slicer 2",
             "printer": PRINTER, "printedAt": "2024-04-28", "finding": "review"}, "file 2"),
        *_of(DESIGN, "Design", {"name": "hand-cranked pump", "watchlist": "demo", "authority": "Lab 3"}),
        Statement(match, "Match", "item", ITEM, "file 1", bits=14.25),
        Statement(match, "Match", "design", DESIGN, "file 1", bits=14.25),
        *_of(match, "Match", {"part": "crank", "relation": "edited", "finding": "match"}, "file 1"),
        Statement(same, "SameSource", "item", ITEM, "link 1", bits=7.5),
        Statement(same, "SameSource", "other", JOB, "link 1", bits=7.5),
        *_of(assembly, "Assembly", {"design": DESIGN, "items": [ITEM, JOB], "group": PARCEL,
             "missing": "valve", "finding": "review"}, "assembly 1"),
    ]  # fmt: skip


def hearsay() -> list[Statement]:
    """What will be withdrawn."""
    return [
        *_of(RUMOUR, "Person", {"name": "Somebody Else"}, "page 1"),
        *_of(ANNA, "Person", {"alias": "The Rumoured"}, "page 2"),
    ]


SOURCES = (
    (SourceInfo("table", "parcels.csv", TABLE, "the post", Reliability.USUALLY, "order 12/2024", "1"), table),
    (
        SourceInfo("telegram", "phone of Anna Koval.json", CHAT, "a user of the phone", Reliability.FAIRLY),
        chat,
    ),
    (SourceInfo("screened", "disk", SCREENED, "partwatch", Reliability.COMPLETELY), screened),
    (SourceInfo("table", "hearsay of Mallory.csv", HEARSAY, "an informant", Reliability.UNRELIABLE), hearsay),
)


def make_case(folder: Path, sources: Iterable[tuple[SourceInfo, list[Statement]]]) -> CaseStore:
    """A case of these sources."""
    charter = Charter("Operation Crank", "Lab 3", "article 1", "tracing pumps", date(2099, 1, 1))
    store = CaseStore.create(str(folder), charter, "officer Dupont")
    for info, statements in sources:
        with Spool() as spool:
            spool.add(statements)
            store.take_in(info, spool, "officer Dupont")
    return store


def sample_case(folder: Path) -> CaseStore:
    """Every schema, two people who are one, and a source that was withdrawn."""
    store = make_case(folder, [(info, said()) for info, said in SOURCES])
    store.decide(ANNA, ANA, Verdict.SAME, "same e-mail", "officer Dupont")
    store.stand(4, False, "Mallory made it up", "officer Dupont")
    return store


HOSTILE = (
    "</script><script>alert(1)</script>", "]]>&amp;<!--", "\x00\x01\x08\x1b[31m", "\u202egnp.exe\u2066",
    "\ud800",
    "a\r\nb\tc", '"quoted", \'too\'\n=cmd|x', "\ufffe\uffff\x85\u2028", "é" * 5_000, " ", "", "﷽🏴\u200d☠️",
)  # fmt: skip


def hostile_statements() -> list[Statement]:
    """Four entities of every schema, each property of which has a hostile text, another in each entity."""
    said = []
    for schema in SCHEMATA.values():
        for number in range(4):
            key = record_key(TABLE, schema.name, str(number))
            other = record_key(TABLE, schema.name, str((number + 1) % 4))
            for at, prop in enumerate(schema.properties.values()):
                text = HOSTILE[(at + 3 * number) % len(HOSTILE)]
                if prop.type is Type.ENTITY:
                    said.append(Statement(key, schema.name, prop.name, other, text))
                else:
                    said.append(Statement(key, schema.name, prop.name, text, text, text + "!", text, 1.5))
    return said


def storable(statements: Iterable[Statement]) -> list[Statement]:
    """Those that a database takes: it refuses lone surrogates, and so none can be in a case."""
    return [one for one in statements if "\ud800" not in one.value + one.place]


def written(
    store: CaseStore, kind: str, options: Options | None = None, view: CaseView | None = None
) -> tuple[bytes, ExportSummary]:
    """What an export of a case is."""
    out = io.BytesIO()
    summary = export(view or view_of(store), store, kind, out, options or Options(AT, "officer Dupont"))
    return out.getvalue(), summary
