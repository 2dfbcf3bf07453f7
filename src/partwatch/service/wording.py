"""What may be said to submitters: what could not be read; no listed name or measurement in a question."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from partwatch.model.document import Finding, Item
from partwatch.report.escape import visible

# Numbers with these behind them are measurements, whoever wrote them.
_MEASURED: Final = re.compile(
    r"\d\s*(?:bits?\b|%|mm\b|percent\b|per ?cent\b|of 10[,. ]?000)|\bscore\b|\bcoverage\b|\bdeviation\b",
    re.IGNORECASE,
)
_LEAST_NAME: Final = 3
_MOST_UNREAD: Final = 50


def unread(items: Iterable[Item]) -> tuple[tuple[str, str], ...]:
    """What could not be read, by name, with the reasons: a submitter mends it by them."""
    found = []
    for item in items:
        if item.finding is Finding.UNSCREENABLE:
            name = item.path if item.member is None else f"{item.path} › {item.member}"
            found += [(visible(name), visible(reason.message)) for reason in item.reasons]
    return tuple(found[:_MOST_UNREAD])


def names_in(items: Iterable[Item]) -> frozenset[str]:
    """The names of all designs and parts that anything in these items was compared with."""
    names = set()
    for match in (match for item in items for body in item.bodies for match in body.matches):
        names |= {match.design, match.part}
        if match.evidence is not None:
            rival = match.evidence.rival
            names |= {name for name in (rival.design, rival.part, rival.look_alike) if name is not None}
    return frozenset(names)


def leak_in(text: str, names: Iterable[str]) -> str | None:
    """What of a text a submitter must not read: a listed name or a measurement; None where nothing is.

    It catches what slips from the pen, in whatever case and with whatever between the words; no more.
    """
    plain = _plain(text)
    for name in sorted(names, key=len, reverse=True):
        wanted = _plain(name)
        if len(wanted) >= _LEAST_NAME and re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", plain):
            return name
    found = _MEASURED.search(text)
    return None if found is None else found[0]


def _plain(text: str) -> str:
    """Lower-case words with single spaces: `Crank-Arm`, `crank_arm` and `crank  arm` are one name."""
    return " ".join(re.split(r"[\s_\-./]+", text.casefold())).strip()
