"""CASE/UCO in JSON-LD: files with their hashes, accounts, phones, addresses of e-mail, messages, calls,
devices, people and what relates them. Read twice: which key an identifier stands for is known once its
facets are seen.

Names are those of UCO 1.x (observable, identity, core) and CASE 1.x (investigation).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from partwatch.case.identifiers.base import Hint, NotValidError
from partwatch.case.identifiers.emails import normalise as address_of
from partwatch.case.identifiers.phones import normalise as phone_of
from partwatch.case.imports import uco_nodes as uco
from partwatch.case.imports.base import Importer, Note, Reading, RowError, Told
from partwatch.case.imports.case_uco_examples import examples
from partwatch.case.imports.jsonstream import BrokenJsonError, TooLargeError, each
from partwatch.case.imports.keyspool import KeySpool, Remembered
from partwatch.case.imports.telling import Telling, key_of
from partwatch.case.imports.textual import check_file, head_of
from partwatch.case.imports.uco_nodes import Node
from partwatch.case.imports.values import checksum, clean, compact
from partwatch.case.statements import record_key
from partwatch.model.errors import UsageError

_GRAPH: Final = "@graph.item"
_PEOPLE = {"Person": "Person", "Organization": "Organization", "Identity": "LegalEntity"}
_RELATIONS = frozenset(("Relationship", "ObservableRelationship"))
_HINT = Hint()


def schema_of(node: Node, facets: Node) -> str | None:
    """What an object is in a case; None where a case has nothing of the kind."""
    kinds, parts = uco.types(node), uco.types(facets)
    for name, schema in _PEOPLE.items():
        if name in kinds:
            return schema
    if kinds & _RELATIONS:
        return "UnknownLink"
    for wanted, schema in (
        ({"EmailMessageFacet", "MessageFacet", "SMSMessageFacet"}, "Message"),
        ({"CallFacet", "PhoneCallFacet"}, "Call"),
        ({"DeviceFacet", "MobileDeviceFacet"}, "Device"),
        ({"PhoneAccountFacet", "EmailAccountFacet", "EmailAddressFacet", "DigitalAccountFacet",
          "ApplicationAccountFacet", "AccountFacet", "MobileAccountFacet"}, "UserAccount"),
        ({"ContactFacet"}, "Person"),
        ({"FileFacet", "ContentDataFacet"}, "Item"),
    ):  # fmt: skip
        if parts & wanted:
            return schema
    return "Exhibit" if "ProvenanceRecord" in kinds and uco.first(node, "exhibitNumber") else None


def identity(schema: str, node: Node, facets: Node, address: str, hint: Hint) -> tuple[str, ...] | None:
    """The identifiers of a keyed object, in normal form; None where it has none. address: of the e-mail
    address that it points to."""
    try:
        if schema == "Item":
            found = _sha256(facets)
            return (found,) if found else None
        if schema == "UserAccount":
            return _account(facets, address, hint)
        if schema == "Device":
            serial = compact(uco.first(facets, "serialNumber"), hint)
            return (serial,) if serial else None
        if schema == "Exhibit":
            return (" ".join(uco.first(node, "exhibitNumber").split()),)
    except NotValidError:
        pass
    return None


def _sha256(facets: Node) -> str | None:
    for kind, value in hashes(facets):
        if kind in ("SHA256", "") and len(value) == 64:
            return value
    return None


def hashes(facets: Node) -> Iterator[tuple[str, str]]:
    """Method (SHA256) and hex digits of each hash that is one."""
    for one in uco.values(facets, "hash"):
        if isinstance(one, dict):
            try:
                yield (
                    uco.first(one, "hashMethod").upper().replace("-", ""),
                    checksum(uco.first(one, "hashValue"), _HINT),
                )
            except NotValidError:
                continue


def _account(facets: Node, address: str, hint: Hint) -> tuple[str, str] | None:
    parts = uco.types(facets)
    address = uco.first(facets, "addressValue") or address
    if parts & {"EmailAddressFacet", "EmailAccountFacet"} and address:
        return "email", address_of(address, hint)
    phone = uco.first(facets, "phoneNumber")
    if phone:
        return "phone", phone_of(phone, hint)
    name = uco.first(facets, "accountIdentifier", "accountLogin") or uco.first(facets, "displayName")
    service = uco.first(facets, "serviceName") or _issuer(facets)
    return (service.lower(), name) if name and service else None


def _issuer(facets: Node) -> str:
    return uco.first(facets, "application", "accountIssuer")


def read(reading: Reading) -> Iterator[Told]:
    """Each object of the graph, in order. Raises UsageError where there is none that a case knows."""
    check_file(reading)
    with KeySpool() as spool:
        _first_pass(reading, spool)
        spool.done()
        yield from _Reader(reading, spool).told()


def _objects(reading: Reading) -> Iterator[Any]:
    """Objects of the graph, with those written within them; a TooLargeError for one beyond its bounds."""
    for _, value in each(reading.path, lambda prefix: prefix in (_GRAPH, "item")):
        if isinstance(value, dict):
            yield from (value["@graph"] if isinstance(value.get("@graph"), list) else uco.inner(value))
        else:
            yield value


def _first_pass(reading: Reading, spool: KeySpool) -> None:
    """Names of applications and addresses first come as objects of their own: their texts are kept by id."""
    try:
        for node in _objects(reading):
            if not isinstance(node, dict) or not isinstance(node.get("@id"), str):
                continue
            facets = uco.facets(node)
            schema = schema_of(node, facets)
            name = uco.first(node, "name") or uco.first(facets, "applicationIdentifier", "displayName")
            if name and schema is None:
                spool.add(node["@id"], "name", name)
            if schema in ("Item", "UserAccount", "Device", "Exhibit"):
                spool.add(node["@id"], "schema", schema)
                spool.add(node["@id"], "told", json.dumps([_slim(node), _slim(facets)]))
            elif schema:
                spool.add(node["@id"], "schema", schema)
    except BrokenJsonError:
        # The second pass tells, beside what came before.
        return


def _slim(node: Node) -> Node:
    """What decides the identity, and no more."""
    names = ("addressValue", "phoneNumber", "accountIdentifier", "accountLogin", "displayName", "application",
             "accountIssuer", "serialNumber", "exhibitNumber", "hash", "emailAddress")  # fmt: skip
    told: Node = {"@type": sorted(uco.types(node))}
    for name in names:
        if found := uco.values(node, name):
            told[name] = found[:8]
    return told


class _Reader:
    """The second pass."""

    def __init__(self, reading: Reading, spool: KeySpool) -> None:
        self.reading, self.spool = reading, spool
        self.hint = Hint(reading.region)
        self.left_out: Counter[str] = Counter()
        self.seen: set[tuple[str, ...]] = set()
        self._keys = Remembered(self._key)
        self._tellers: dict[str, Callable[[str, str, Node, Node, Telling], None]] = {
            "Item": self._item, "UserAccount": self._user_account, "Device": self._device,
            "Message": self._message,
            "Call": self._call, "UnknownLink": self._relation, "Exhibit": self._exhibit,
        }  # fmt: skip

    def told(self) -> Iterator[Told]:
        """All statements, and what was left out at the end."""
        count = known = 0
        try:
            for node in _objects(self.reading):
                count += 1
                telling = Telling(
                    self.reading.sha256,
                    f"object {count}",
                    None,
                    self.hint,
                    self.reading.limits,
                    seen=self.seen,
                )
                if count > self.reading.limits.rows:
                    telling.error(f"more than {self.reading.limits.rows:,} objects", "split the document")
                    yield from telling.told
                    break
                known += self._object(node, telling)
                yield from telling.told
        except BrokenJsonError as error:
            if not known:
                raise UsageError(
                    f"{self.reading.path.name}: is no whole JSON ({error}): export it again"
                ) from None
            yield RowError(f"behind object {count}", f"is no JSON from here on ({error})", "export it again")
        if not known:
            raise UsageError(f"{self.reading.path.name}: holds no object of CASE/UCO that a case knows")
        for kind, number in sorted(self.left_out.items()):
            yield Note("the graph", f"{number:,} objects of {kind} have no place in a case and are left out")

    def _object(self, node: Any, telling: Telling) -> bool:
        if isinstance(node, TooLargeError):
            telling.error(str(node))
            return False
        if not isinstance(node, dict):
            telling.error("is no object")
            return False
        facets = uco.facets(node)
        schema = schema_of(node, facets)
        if schema is None:
            kind = clean(", ".join(sorted(uco.types(node))))[:80] or "no type"
            self.left_out[kind] += 1
            return False
        identifier = node.get("@id")
        key = self.key(identifier) if isinstance(identifier, str) else telling.record(schema, telling.place)
        self._tellers.get(schema, self._person)(key, schema, node, facets, telling)
        return True

    def key(self, identifier: str) -> str:
        """The key that an identifier of the document stands for."""
        return self._keys.of(identifier)

    def _key(self, identifier: str) -> str:
        told = self.spool.of(identifier)
        if "told" in told:
            node, facets = json.loads(told["told"][-1])
            schema = told["schema"][-1]
            parts = self.identity_of(schema, node, facets)
            if parts:
                return key_of(schema, *parts)
        return record_key(self.reading.sha256, "case-uco", identifier)

    def identity_of(self, schema: str, node: Node, facets: Node) -> tuple[str, ...] | None:
        """Its identifiers, with the objects looked up that they are told by."""
        return identity(schema, node, self._named(facets), self._address(facets), self.hint)

    def _named(self, facets: Node) -> Node:
        """With the name of the application or issuer that it points to."""
        for one in uco.refs(facets, "application", "accountIssuer"):
            names = self.spool.of(one).get("name")
            if names:
                return facets | {"serviceName": [names[-1]]}
        return facets

    def _address(self, facets: Node) -> str:
        """The text of the e-mail address that an account points to."""
        for one in uco.refs(facets, "emailAddress"):
            told = self.spool.of(one).get("told")
            if told:
                return uco.first(json.loads(told[-1])[1], "addressValue")
        return ""

    def _item(self, key: str, schema: str, node: Node, facets: Node, telling: Telling) -> None:
        for kind, value in hashes(facets):
            telling.say(
                key, schema, "contentHash", value, f"{kind} {value}" if kind and kind != "SHA256" else None
            )
        telling.put(key, schema, "fileName", uco.first(facets, "fileName") or uco.first(node, "name"))
        telling.put(key, schema, "path", uco.first(facets, "filePath"))
        telling.put(key, schema, "extension", uco.first(facets, "extension"))
        telling.put(key, schema, "mimeType", uco.first(facets, "mimeType"))
        telling.put(key, schema, "fileSize", uco.first(facets, "sizeInBytes"))
        telling.put(key, schema, "createdAt", uco.first(facets, "observableCreatedTime"))
        telling.put(key, schema, "modifiedAt", uco.first(facets, "modifiedTime"))
        telling.put(key, schema, "description", uco.first(node, "description"))

    def _user_account(self, key: str, schema: str, node: Node, facets: Node, telling: Telling) -> None:
        parts = self.identity_of(schema, node, facets)
        if parts:
            telling.account(*parts)
            prop = {"email": "email", "phone": "phone"}.get(parts[0])
            if prop and telling.is_new(key, prop, parts[1]):
                telling.say(key, schema, prop, parts[1])
        telling.put(key, schema, "name", uco.first(facets, "displayName") or uco.first(node, "name"))
        if not parts:
            telling.put(key, schema, "phone", uco.first(facets, "phoneNumber"))
            telling.put(key, schema, "username", uco.first(facets, "accountIdentifier", "accountLogin"))
        for owner in uco.refs(facets, "owner"):
            telling.say(key, schema, "owner", self.key(owner))

    def _device(self, key: str, schema: str, node: Node, facets: Node, telling: Telling) -> None:
        telling.put(key, schema, "name", uco.first(node, "name"))
        telling.put(key, schema, "serialNumber", uco.first(facets, "serialNumber"))
        telling.put(key, schema, "imei", uco.first(facets, "IMEI"))
        telling.put(key, schema, "model", uco.first(facets, "model"))
        telling.put(key, schema, "deviceType", uco.first(facets, "deviceType"))
        maker = uco.first(facets, "manufacturer")
        for one in uco.refs(facets, "manufacturer"):
            maker = maker or (self.spool.of(one).get("name") or [""])[-1]
        telling.put(key, schema, "vendor", maker)

    def _message(self, key: str, schema: str, node: Node, facets: Node, telling: Telling) -> None:
        sent = uco.first(facets, "sentTime", "receivedTime")
        telling.put(key, schema, "date", sent)
        last = telling.told[-1] if telling.told else None
        telling.said_at = last.value if last is not None and not isinstance(last, RowError) else None
        telling.put(key, schema, "messageId", uco.first(facets, "messageID"))
        telling.put(key, schema, "subject", uco.first(facets, "subject"))
        text = uco.first(facets, "messageText", "body")
        telling.put(key, schema, "bodyText", text)
        for names, prop in ((("from", "sender"), "senderAccount"), (("to", "cc", "bcc"), "recipientAccount")):
            for one in uco.refs(facets, *names):
                telling.say(key, schema, prop, self.key(one))
        for one in uco.refs(facets, "inReplyTo"):
            telling.say(key, schema, "inReplyToMessage", self.key(one))
        telling.mentions(key, schema, text)

    def _call(self, key: str, schema: str, node: Node, facets: Node, telling: Telling) -> None:
        telling.put(key, schema, "startDate", uco.first(facets, "startTime"))
        telling.put(key, schema, "endDate", uco.first(facets, "endTime"))
        telling.put(key, schema, "duration", uco.first(facets, "duration"))
        for name, prop in (("from", "callerNumber"), ("to", "receiverNumber")):
            for one in uco.refs(facets, name):
                told = self.spool.of(one).get("told")
                if told:
                    telling.put(key, schema, prop, uco.first(json.loads(told[-1])[1], "phoneNumber"))

    def _person(self, key: str, schema: str, node: Node, facets: Node, telling: Telling) -> None:
        given, family = (
            uco.first(facets, "givenName", "firstName"),
            uco.first(facets, "familyName", "lastName"),
        )
        name = uco.first(node, "name") or f"{given} {family}".strip() or uco.first(facets, "displayName")
        telling.put(key, schema, "name", name)
        if schema == "Person":
            telling.put(key, schema, "firstName", given)
            telling.put(key, schema, "lastName", family)
            telling.put(key, schema, "birthDate", uco.first(facets, "birthdate"))
        telling.put(key, schema, "description", uco.first(node, "description"))
        parts = [uco.first(facets, one) for one in ("street", "postalCode", "locality", "region", "country")]
        telling.put(key, schema, "address", ", ".join(one for one in parts if one))

    def _exhibit(self, key: str, schema: str, node: Node, facets: Node, telling: Telling) -> None:
        telling.put(key, schema, "exhibitNumber", uco.first(node, "exhibitNumber"))
        telling.put(key, schema, "description", uco.first(node, "description"))
        for one in uco.refs(node, "object"):
            telling.say(key, schema, "contents", self.key(one))

    def _relation(self, key: str, schema: str, node: Node, facets: Node, telling: Telling) -> None:
        ends = [uco.refs(node, "source"), uco.refs(node, "target")]
        if not all(ends):
            telling.error("a relationship lacks one of its ends")
            return
        for prop, told in zip(("subject", "object"), ends, strict=True):
            for one in told:
                telling.say(key, schema, prop, self.key(one))
        telling.put(key, schema, "role", uco.first(node, "kindOfRelationship").replace("_", " "))
        telling.put(key, schema, "startDate", uco.first(node, "startTime"))
        telling.put(key, schema, "endDate", uco.first(node, "endTime"))


def looks(path: Path) -> bool:
    """JSON with a context that names UCO or CASE."""
    head = head_of(path, 1 << 16).lstrip(b"\xef\xbb\xbf \r\n\t")
    if head[:1] not in (b"{", b"["):
        return False
    named = b"unifiedcyberontology" in head or b"caseontology" in head or b'"uco-' in head
    return named and (b'"@context"' in head or b'"@graph"' in head or b'"@type"' in head)


IMPORTER = Importer(
    name="case_uco",
    version="1",
    title="CASE/UCO in JSON-LD",
    looks=looks,
    read=read,
    examples=examples,
)
