"""How importers say things: statements of one place of a source, each value in its normal form.

What cannot be said is a RowError of that place; everything else of the place is said all the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from partwatch.case.identifiers.base import Found, Hint, NotValidError
from partwatch.case.identifiers.registry import KINDS, NO_HINT, find_all
from partwatch.case.identifiers.wallets import wallet_of
from partwatch.case.imports.base import Limits, RowError, Told
from partwatch.case.imports.values import clean, normaliser
from partwatch.case.statements import Statement, keyed, record_key

# What a text names; dates in it say little of who is meant.
MENTIONED: Final = frozenset(KINDS) - {"date"}
_KEYS = 1 << 14
_MOST_SEEN = 1 << 16
_MENTIONS = {"phone": "phoneMentioned", "email": "emailMentioned", "iban": "ibanMentioned",
             "ip": "ipMentioned",
             "url": "urlMentioned"}  # fmt: skip


@lru_cache(maxsize=_KEYS)
def key_of(schema: str, *identifiers: str) -> str:
    """`keyed`, remembered: the same few accounts speak again and again."""
    return keyed(schema, *identifiers)


@dataclass
class Telling:
    """What is said in one place. sha256: of the source. place: row 12, message 345. said_at: ISO 8601. hint:
    where its numbers come from. told: statements and errors, in order. seen: accounts that the source has
    named already, shared by its places: what makes an account is said where it first comes, not a million
    times."""

    sha256: str
    place: str
    said_at: str | None = None
    hint: Hint = NO_HINT
    limits: Limits = field(default_factory=Limits)
    told: list[Told] = field(default_factory=list)
    seen: set[tuple[str, ...]] = field(default_factory=set)

    def record(self, schema: str, local: str) -> str:
        """The key of a record of this source."""
        return record_key(self.sha256, schema, local)

    def error(self, problem: str, mend: str = "") -> None:
        """Something of this place could not be read."""
        self.told.append(RowError(self.place, clean(problem), mend))

    def say(self, entity: str, schema: str, prop: str, value: str, original: str | None = None) -> None:
        """A value that is in its normal form already; of an entity property, a key."""
        if original == value:
            original = None
        self.told.append(Statement(entity, schema, prop, value, self.place, original, self.said_at))

    def put(self, entity: str, schema: str, prop: str, text: object) -> None:
        """A value as the source has it; nothing where there is none, an error where it is not valid."""
        if text is None or isinstance(text, (dict, list)):
            return
        written = text if isinstance(text, str) else str(text)
        if not written or written.isspace():
            return
        if len(written) > self.limits.field_chars:
            self.error(
                f"{prop} has {len(written):,} characters, more than the limit of {self.limits.field_chars:,}"
            )
            return
        try:
            value = normaliser(schema, prop)(written, self.hint)
        except NotValidError as error:
            self.error(f"{schema} {prop}: {error}")
            return
        if value:
            self.say(entity, schema, prop, value, clean(written) if value != written.strip() else None)

    def account(self, service: str, username: str, name: str | None = None) -> str:
        """An account on a service; its key."""
        service, username = clean(service).strip().lower(), clean(username).strip()
        key = key_of("UserAccount", service, username)
        if self.is_new(key):
            self.say(key, "UserAccount", "service", service)
            self.say(key, "UserAccount", "username", username)
        if name and self.is_new(key, name):
            self.put(key, "UserAccount", "name", name)
        return key

    def is_new(self, *what: str) -> bool:
        """Whether it was not said before in this source, as far as remembered."""
        if what in self.seen:
            return False
        if len(self.seen) >= _MOST_SEEN:
            self.seen.clear()
        self.seen.add(what)
        return True

    def mailbox(self, address: str, name: str | None = None) -> str:
        """The account that an e-mail address is."""
        key = self.account("email", address, name)
        if self.is_new(key, "email", address):
            self.say(key, "UserAccount", "email", address)
        return key

    def mentions(self, entity: str, schema: str, text: str, service: str | None = None) -> None:
        """All identifiers that stand in a text of an entity; each once."""
        hint = Hint(self.hint.region, service) if service else self.hint
        seen = set()
        for found in find_all(text, hint, MENTIONED):
            if (found.kind, found.value) not in seen:
                seen.add((found.kind, found.value))
                self.mention(entity, schema, found)

    def mention(self, entity: str, schema: str, found: Found) -> None:
        """One identifier that an entity's text has."""
        prop = _MENTIONS.get(found.kind)
        if prop:
            self.say(entity, schema, prop, found.value, found.original)
        elif found.kind == "handle":
            service, _, name = found.value.partition(":")
            self.say(entity, schema, "accountMentioned", self.account(service, name), found.original)
        elif found.kind == "wallet":
            self.say(entity, schema, "walletMentioned", self.wallet(found.value), found.original)
        elif found.kind == "tracking":
            key = self._named("Parcel", "trackingNumber", found)
            self.say(entity, schema, "parcelMentioned", key, found.original)
        elif found.kind == "plate":
            key = self._named("Vehicle", "registrationNumber", found)
            self.say(entity, schema, "vehicleMentioned", key, found.original)

    def _named(self, schema: str, prop: str, found: Found) -> str:
        key = key_of(schema, found.value)
        if self.is_new(key):
            self.say(key, schema, prop, found.value, found.original)
        return key

    def wallet(self, address: str) -> str:
        """A wallet by its address, and the currency that its form says."""
        key = key_of("CryptoWallet", address)
        if self.is_new(key):
            self.say(key, "CryptoWallet", "publicKey", address)
            if known := wallet_of(address):
                self.say(key, "CryptoWallet", "currencySymbol", known.currency)
        return key
