"""The sources of a case: who keeps what, in which columns, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from benchmarks.cases.tables import Slot, Table
from partwatch.case.statements import Reliability

MESSENGER: Final = "telegram"
MARKET: Final = "market.example.com"
MARKET_URL: Final = "https://market.example.com"


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


def _party(name: str, schema: str, *props: str) -> Slot:
    """Somebody, of whom columns NAME_PROP tell."""
    return Slot(name, schema, {prop: f"{name}_{prop}" for prop in props})


def _carrier(name: str, who: str, heads: Mapping[str, str], delimiter: str, dates: str) -> Table:
    parcel = Slot(
        "parcel",
        "Parcel",
        {"trackingNumber": "tracking", "carrier": f"={who}", "postedAt": "posted", "deliveredAt": "delivered",
         "weight": "grams"},
        {"sender": "sender", "recipient": "recipient"},
        keys=("tracking",),
    )  # fmt: skip
    ends = [
        _party(end, "LegalEntity", "name", "address", "phone", "email") for end in ("sender", "recipient")
    ]
    return Table(name, "table", who, Reliability.USUALLY, (parcel, *ends), heads,
                 delimiter=delimiter, dates=dates, by=("posted", "tracking"))  # fmt: skip


_CARRIER_COLUMNS: Final = (
    "tracking", "posted", "delivered", "grams", "sender_name", "sender_address", "sender_phone",
    "sender_email", "recipient_name", "recipient_address", "recipient_phone", "recipient_email",
)  # fmt: skip
NORTH_POST: Final = _carrier("north-post.csv", "North Post", _same(*_CARRIER_COLUMNS), ",", "%Y-%m-%d")
COLIS: Final = _carrier(
    "colis-rapide.csv",
    "Colis Rapide",
    dict(zip(_CARRIER_COLUMNS, (
        "N° de suivi", "Dépôt", "Remise", "Poids (g)", "Expéditeur", "Adresse exp.", "Tél. exp.", "Mél exp.",
        "Destinataire", "Adresse dest.", "Tél. dest.", "Mél dest."), strict=True)),
    ";",
    "%d/%m/%Y",
)  # fmt: skip
SUBSCRIBERS: Final = Table(
    "subscribers.csv",
    "table",
    "Telco One",
    Reliability.USUALLY,
    (_party("subscriber", "Person", "name", "birthDate", "idNumber", "address", "phone", "email"),),
    _same(*(f"subscriber_{one}" for one in ("phone", "name", "birthDate", "idNumber", "address", "email"))),
    by=("subscriber_phone",),
)
ACCOUNTS: Final = Table(
    "messenger-accounts.csv",
    "table",
    "the messenger's provider",
    Reliability.FAIRLY,
    (
        Slot("account", "UserAccount",
             {"service": f"={MESSENGER}", "username": "user_id", "phone": "owner_phone", "ipAddress": "ip",
              "createdAt": "created"}, {"owner": "owner"}, keys=(f"={MESSENGER}", "user_id")),
        _party("owner", "Person", "name", "phone", "email"),
    ),
    _same("user_id", "created", "ip", "owner_name", "owner_phone", "owner_email"),
    by=("user_id",),
)  # fmt: skip
MARKET_SELLERS: Final = Table(
    "market-sellers.csv",
    "table",
    "the marketplace",
    Reliability.FAIRLY,
    (
        Slot("account", "UserAccount",
             {"service": f"={MARKET}", "username": "username", "email": "owner_email", "ipAddress": "ip"},
             {"owner": "owner"}, keys=(f"={MARKET}", "username")),
        _party("owner", "Person", "name", "phone", "email", "address"),
        Slot("payout", "BankAccount", {"iban": "iban"}, keys=("iban",)),
        Slot("holding", "Ownership", {}, {"owner": "owner", "asset": "payout"}, edge=("owner", "payout")),
    ),
    _same("username", "owner_name", "owner_phone", "owner_email", "owner_address", "ip", "iban"),
    by=("username",),
)  # fmt: skip
HOLDERS: Final = Table(
    "bank-holders.csv",
    "table",
    "Bank of Nowhere",
    Reliability.USUALLY,
    (
        _party("holder", "Person", "name", "birthDate", "address", "phone", "email"),
        Slot("account", "BankAccount", {"iban": "iban", "bankName": "=Bank of Nowhere"}, keys=("iban",)),
        Slot("holding", "Ownership", {}, {"owner": "holder", "asset": "account"}, edge=("holder", "account")),
    ),
    _same("iban", *(f"holder_{one}" for one in ("name", "birthDate", "address", "phone", "email"))),
    by=("iban",),
)
PAYMENTS: Final = Table(
    "bank-payments.csv",
    "table",
    "Bank of Nowhere",
    Reliability.USUALLY,
    (
        _party("payer", "LegalEntity", "name"),
        _party("payee", "LegalEntity", "name"),
        Slot("from", "BankAccount", {"iban": "payer_iban"}, keys=("payer_iban",)),
        Slot("to", "BankAccount", {"iban": "payee_iban"}, keys=("payee_iban",)),
        Slot("payment", "Payment",
             {"transactionNumber": "number", "date": "date", "amount": "amount", "currency": "currency",
              "purpose": "purpose"},
             {"payer": "payer", "beneficiary": "payee", "payerAccount": "from", "beneficiaryAccount": "to"}),
    ),
    _same("number", "date", "amount", "currency", "payer_name", "payer_iban", "payee_name", "payee_iban",
          "purpose"),
    delimiter=";",
    by=("date", "number"),
)  # fmt: skip
WALLETS: Final = Table(
    "exchange-customers.csv",
    "table",
    "the exchange",
    Reliability.FAIRLY,
    (
        Slot("wallet", "CryptoWallet",
             {"publicKey": "wallet", "currencySymbol": "=BTC", "managingExchange": "=Exchange of Nowhere"},
             {"holder": "holder"}, keys=("wallet",)),
        _party("holder", "Person", "name", "birthDate", "idNumber", "email", "phone"),
    ),
    _same("wallet", *(f"holder_{one}" for one in ("name", "birthDate", "idNumber", "email", "phone"))),
    by=("wallet",),
)  # fmt: skip
TRANSFERS: Final = Table(
    "exchange-transfers.csv",
    "table",
    "the exchange",
    Reliability.FAIRLY,
    (
        Slot("from", "CryptoWallet", {"publicKey": "from_wallet"}, keys=("from_wallet",)),
        Slot("to", "CryptoWallet", {"publicKey": "to_wallet"}, keys=("to_wallet",)),
        Slot("transfer", "UnknownLink",
             {"recordId": "txid", "date": "date", "role": "=transfer", "summary": "amount"},
             {"subject": "from", "object": "to"}),
    ),
    _same("txid", "date", "from_wallet", "to_wallet", "amount"),
    by=("date", "txid"),
)  # fmt: skip
EXHIBITS: Final = Table(
    "seizures.xlsx",
    "table",
    "Judicial police, Montclair",
    Reliability.COMPLETELY,
    (
        Slot("exhibit", "Exhibit",
             {"exhibitNumber": "number", "seizedAt": "date", "seizedPlace": "place", "description": "what"},
             {"seizedFrom": "holder", "parcel": "parcel", "contents": "item"}, keys=("number",)),
        _party("holder", "Person", "name", "birthDate", "idNumber"),
        Slot("parcel", "Parcel", {"trackingNumber": "tracking"}, keys=("tracking",)),
        Slot("item", "Item", {"contentHash": "sha256", "fileName": "file"}, {"exhibit": "exhibit"},
             keys=("sha256",)),
    ),
    _same("number", "date", "place", "holder_name", "holder_birthDate", "holder_idNumber", "tracking", "what",
          "file", "sha256"),
    by=("date", "number"),
)  # fmt: skip
PRINTERS: Final = Table(
    "printer-warranties.csv",
    "table",
    "Printworks (maker of printers)",
    Reliability.FAIRLY,
    (
        Slot("printer", "Printer",
             {"serialNumber": "serial", "vendor": "=Printworks", "model": "model"}, {"owner": "owner"},
             keys=("serial",)),
        _party("owner", "Person", "name", "email", "phone"),
    ),
    _same("serial", "model", "owner_name", "owner_email", "owner_phone"),
    by=("serial",),
)  # fmt: skip
LISTINGS: Final = Table(
    "listings.warc",
    "web",
    MARKET,
    Reliability.FAIRLY,
    (
        Slot("seller", "UserAccount", {"service": f"={MARKET}", "username": "username", "name": "username"},
             keys=(f"={MARKET}", "username"), once=True),
        Slot("listing", "Listing",
             {"platform": f"={MARKET}", "listingId": "id", "title": "title", "description": "text",
              "amount": "price", "currency": "=EUR", "publishedAt": "published", "sourceUrl": "url",
              "retrievedAt": "saved"},
             {"seller": "seller"}, keys=(f"={MARKET}", "id")),
    ),
    _same("id", "username", "title", "price", "published", "url", "text", "saved"),
    said_at="saved",
    place="record",
    first=1,
    by=("saved", "id"),
)  # fmt: skip
JOBS: Final = Table(
    "screening-jobs",
    "screened",
    "the laboratory",
    Reliability.COMPLETELY,
    (
        Slot("printer", "Printer", {"serialNumber": "serial"}, keys=("serial",)),
        Slot("exhibit", "Exhibit", {"exhibitNumber": "exhibit"}, keys=("exhibit",)),
        Slot("job", "PrintJob",
             {"contentHash": "sha256", "fileName": "file", "slicer": "slicer", "printedAt": "printed"},
             {"printer": "printer", "exhibit": "exhibit"}, keys=("sha256",)),
    ),
    _same("sha256", "file", "slicer", "printed", "serial", "exhibit"),
    place="record",
    first=1,
    by=("sha256",),
)  # fmt: skip
MATCHES: Final = Table(
    "screening-matches",
    "screened",
    "the laboratory",
    Reliability.COMPLETELY,
    (
        Slot("item", "Item", {"contentHash": "sha256"}, keys=("sha256",)),
        Slot("design", "Design", {"name": "design", "watchlist": "=the list of the case"}, keys=("design",)),
        Slot("match", "Match", {"part": "part", "finding": "finding"}, {"item": "item", "design": "design"},
             edge=("item", "design")),
    ),
    _same("sha256", "design", "part", "finding", "bits"),
    bits="bits",
    place="record",
    first=1,
    by=("sha256",),
)  # fmt: skip
LINKS: Final = Table(
    "screening-links",
    "screened",
    "the laboratory",
    Reliability.COMPLETELY,
    (
        Slot("item", "Item", {"contentHash": "sha256"}, keys=("sha256",)),
        Slot("other", "Item", {"contentHash": "other"}, keys=("other",)),
        Slot("same", "SameSource", {"marks": "marks"}, {"item": "item", "other": "other"},
             edge=("item", "other")),
    ),
    _same("sha256", "other", "marks", "bits"),
    bits="bits",
    place="record",
    first=1,
    by=("sha256", "other"),
)  # fmt: skip
