"""What each property is to the network: a link, a shared value, an end of a link, a date."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from partwatch.case.view import CaseView
from partwatch.case.vocabulary import SCHEMATA, SHARED_TYPES, Type, property_of


class Role(IntEnum):
    """What a statement does."""

    NOTHING = 0
    LINK = 1
    VALUE = 2
    FROM = 3
    TO = 4
    FROM_ACCOUNT = 5
    TO_ACCOUNT = 6
    WHEN = 7


# Schemata that are no edges to followthemoney, but join two parties all the same.
_EVENTS: Final = {
    "Payment": (("payer", "payerAccount"), ("beneficiary", "beneficiaryAccount")),
    "Message": (("sender", "senderAccount"), ("recipients", "recipientAccount")),
    "Call": (("caller", "callerNumber"), ("receiver", "receiverNumber")),
}
# Where a page was found is no tie between the things on it.
_NO_TIES: Final = frozenset(("sourceUrl",))
# Dates on which something happened to it. When a person was born or a record changed ties nobody to anything.
_WHEN: Final = frozenset(
    [
        "date",
        "startDate",
        "endDate",
        "postedAt",
        "deliveredAt",
        "seizedAt",
        "publishedAt",
        "removedAt",
        "printedAt",
        "authoredAt",
    ]
)


def joins(schema: str) -> bool:
    """Whether what is of that schema is a link and no thing."""
    found = SCHEMATA.get(schema)
    return found is not None and (found.edge is not None or schema in _EVENTS)


def directed(schema: str) -> bool:
    """Whether its ends differ."""
    found = SCHEMATA.get(schema)
    return schema in _EVENTS or (found is not None and found.edge is not None and found.edge.directed)


def role_of(schema: str, prop: str) -> Role:
    """What a property of a schema does."""
    found = property_of(schema, prop)
    if found is None:
        return Role.NOTHING
    if found.type is Type.DATE:
        return Role.WHEN if prop in _WHEN else Role.NOTHING
    if joins(schema):
        return _end(schema, prop)
    if found.type is Type.ENTITY:
        return Role.LINK
    return Role.VALUE if found.type in SHARED_TYPES and prop not in _NO_TIES else Role.NOTHING


def _end(schema: str, prop: str) -> Role:
    if schema in _EVENTS:
        (sender, sender_account), (receiver, receiver_account) = _EVENTS[schema]
        ends = {
            sender: Role.FROM,
            sender_account: Role.FROM_ACCOUNT,
            receiver: Role.TO,
            receiver_account: Role.TO_ACCOUNT,
        }
        return ends.get(prop, Role.NOTHING)
    edge = SCHEMATA[schema].edge
    assert edge is not None
    return {edge.source: Role.FROM, edge.target: Role.TO}.get(prop, Role.NOTHING)


def roles(view: CaseView) -> NDArray[np.int8]:
    """int8 (n,): the role of each statement."""
    table = np.array(
        [[role_of(schema, prop) for prop in view.props] for schema in view.schemata], dtype=np.int8
    ).reshape(len(view.schemata), len(view.props))
    found: NDArray[np.int8] = table[view.schema, view.prop] if len(view) else np.zeros(0, dtype=np.int8)
    return found


def value_type(schema: str, prop: str) -> str:
    """The type of a property that holds a value; an end that is a number of a phone is one as well."""
    found = property_of(schema, prop)
    return found.type.value if found else ""
