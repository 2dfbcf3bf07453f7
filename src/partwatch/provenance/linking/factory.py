"""Factory presets: what a slicer and its vendors put into a profile, which says nothing of who uses it.

The table holds truncated digests of names and values (as `marks.rarity`) of presets that PrusaSlicer ships,
and of the slicers' own settings, each flattened as a job writes it. Where two jobs agree, the preset that
explains the most of it explains it away: the same printer out of the same box is a class of many owners.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib import resources
from math import log2
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from partwatch.model.errors import UsageError
from partwatch.model.marks import MarkKind
from partwatch.provenance.marks.rarity import name_digest, upper_share, value_digest

FORMAT: Final = "partwatch-factory-1"
# A value that the preset says nothing of.
UNSAID: Final = -1

_MOST_KEPT: Final = 1 << 18

# The kind whose presets are the slicers' own; others have them as well, by the same labels.
SLICER: Final = "slicer"

Named = tuple[MarkKind, str]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Presets:
    """Presets of one kind (printer, print, filament). names: (n,) digests, sorted; values: (presets, n)
    digests, UNSAID for none. labels: what the presets are called."""

    labels: tuple[str, ...]
    names: Codes
    values: Codes


@dataclass(frozen=True, eq=False)
class Factory:
    """kinds: presets by what they are of. macros: sorted digests of start and end
    commands, and of comments in them."""

    source: str
    kinds: Mapping[str, Presets]
    macros: Codes
    _shares: dict[tuple[MarkKind, str, str], float] = field(default_factory=dict, repr=False)

    def explained(self, agreed: Mapping[Named, str]) -> tuple[frozenset[Named], tuple[str, ...]]:
        """Of values that two items share, those that one preset of each kind has as well, and its name."""
        gone: set[Named] = set()
        labels = []
        keys = list(agreed)
        digests = np.array([_name(*key) for key in keys], dtype=np.int64)
        told = np.array([_value(*key, agreed[key]) for key in keys], dtype=np.int64)
        for presets in self.kinds.values():
            at = _places(presets.names, digests)
            known = np.flatnonzero(at >= 0)
            if not len(known):
                continue
            same = presets.values[:, at[known]] == told[known]
            # The one that explains what is rarest among presets, not the most that all of them have.
            best = int((same @ -np.log2((same.sum(axis=0) + 1) / (len(same) + 1))).argmax())
            if same[best].any():
                gone |= {keys[k] for k in known[same[best]]}
                labels.append(presets.labels[best])
        return frozenset(gone), tuple(labels)

    def bits(self, kind: MarkKind, name: str, value: str) -> float | None:
        """-log2 of the upper limit of the share of presets that have the value; None of a name they lack."""
        share = self._shares.get((kind, name, value))
        if share is None:
            share = self._share(kind, name, value)
            if len(self._shares) < _MOST_KEPT:
                self._shares[kind, name, value] = share
        return max(0.0, -log2(share)) if share else None

    def _share(self, kind: MarkKind, name: str, value: str) -> float:
        """The upper limit of the share; 0 of a name that no preset has."""
        seen = of = 0
        digest, told = _name(kind, name), _value(kind, name, value)
        for presets in self.kinds.values():
            at = int(_places(presets.names, np.array([digest]))[0])
            if at >= 0:
                column = presets.values[:, at]
                seen += int((column == told).sum())
                of += int((column != UNSAID).sum())
        return upper_share(seen, of) if of else 0.0

    def is_default(self, kind: MarkKind, name: str, value: str) -> bool:
        """Whether a slicer has the value where nobody chose another."""
        digest, told = _name(kind, name), _value(kind, name, value)
        for presets in self.kinds.values():
            at = int(_places(presets.names, np.array([digest]))[0])
            if at >= 0:
                own = [label in self.slicers for label in presets.labels]
                if (presets.values[own, at] == told).any():
                    return True
        return False

    @property
    def slicers(self) -> frozenset[str]:
        """Labels of presets that are no vendor's."""
        return frozenset(self.kinds[SLICER].labels) if SLICER in self.kinds else frozenset()

    def is_macro(self, kind: MarkKind, name: str, value: str) -> bool:
        """Whether commands, or a comment, are those of a printer as it comes."""
        digest = np.array([value_digest(kind, name, value)])
        return bool(_places(self.macros, digest)[0] >= 0)


# Of many pairs the same values are asked for again and again.
_name = lru_cache(maxsize=1 << 16)(name_digest)
_value = lru_cache(maxsize=1 << 18)(value_digest)


def _places(known: Codes, asked: Codes) -> Codes:
    """Of each asked its place among the sorted known ones, -1 for none."""
    if not len(known):
        return np.full(len(asked), -1, dtype=np.int64)
    at = np.minimum(np.searchsorted(known, asked), len(known) - 1)
    return np.where(known[at] == asked, at, -1)


def made_factory(
    source: str,
    kinds: Mapping[str, Mapping[str, Mapping[Named, str]]],
    macros: Iterable[tuple[MarkKind, str, str]],
) -> Factory:
    """From the values of every preset by its label, by kind, and and from marks of macros."""
    tables = {}
    for kind, of in kinds.items():
        names = sorted({name_digest(*key) for own in of.values() for key in own})
        column = {name: k for k, name in enumerate(names)}
        values = np.full((len(of), len(names)), UNSAID, dtype=np.int64)
        for row, own in enumerate(of.values()):
            for key, told in own.items():
                values[row, column[name_digest(*key)]] = value_digest(*key, told)
        tables[kind] = Presets(tuple(of), np.array(names, dtype=np.int64), values)
    digests = sorted({value_digest(*each) for each in macros})
    return Factory(source, tables, np.array(digests, dtype=np.int64))


def factory_bytes(factory: Factory) -> bytes:
    """As a file; the same table gives the same bytes."""
    about = {
        "format": FORMAT,
        "source": factory.source,
        "labels": {kind: presets.labels for kind, presets in factory.kinds.items()},
    }
    # Few values in many presets: each stands once, and is named by its place.
    values = np.unique(np.concatenate([presets.values.ravel() for presets in factory.kinds.values()]))
    arrays: dict[str, npt.NDArray[Any]] = {
        "about": np.frombuffer(json.dumps(about, ensure_ascii=False).encode(), dtype="u1"),
        "values": values.astype("<i8"),
        "macros": factory.macros.astype("<i8"),
    }
    for kind, presets in factory.kinds.items():
        arrays[f"{kind}_names"] = presets.names.astype("<i8")
        arrays[f"{kind}_codes"] = np.searchsorted(values, presets.values).astype("<u2")
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, np.ascontiguousarray(array), allow_pickle=False)
            # Of no time: the same table gives the same bytes.
            member = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            archive.writestr(member, content.getvalue(), zipfile.ZIP_DEFLATED, 9)
    return into.getvalue()


def read_factory(data: bytes) -> Factory:
    """From a file's bytes. UsageError where it is none or is damaged."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            about = json.loads(stored["about"].tobytes())
            if about["format"] != FORMAT:
                raise ValueError("it is of another format")
            values = stored["values"].astype(np.int64)
            kinds = {
                kind: Presets(
                    tuple(labels), stored[f"{kind}_names"].astype(np.int64), values[stored[f"{kind}_codes"]]
                )
                for kind, labels in about["labels"].items()
            }
            factory = Factory(about["source"], kinds, stored["macros"].astype(np.int64))
    except (OSError, ValueError, KeyError, TypeError, IndexError, EOFError, zipfile.BadZipFile) as error:
        raise UsageError(
            f"the table of factory presets is damaged ({error}): install the program anew"
        ) from error
    for kind, presets in factory.kinds.items():
        if presets.values.shape != (len(presets.labels), len(presets.names)):
            raise UsageError(f"the table of factory presets is damaged ({kind}): install the program anew")
    return factory


@cache
def shipped_factory() -> Factory:
    """The table that comes with the program."""
    return read_factory(resources.files("partwatch.provenance").joinpath("data/factory.npz").read_bytes())
