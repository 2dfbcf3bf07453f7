"""Where the entities of a page are: coordinates, countries that sources state, and those that numbers
belong to.

A phone number, an IBAN and a postal tracking number name a country (ITU-T E.164, ISO 13616, UPU S10). That
is where the number belongs, not where anybody was: such places say so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import numpy as np

from partwatch.case.extras import CASE
from partwatch.case.graph.links import CaseGraph
from partwatch.case.overview_choice import country_rows
from partwatch.case.view import CaseView
from partwatch.case.vocabulary import Type, property_of
from partwatch.model.case_overview import By, Place

_IBAN: Final = re.compile(r"([A-Z]{2})\d{2}[A-Z0-9]{10,30}")
_S10: Final = re.compile(r"[A-Z]{2}\d{9}([A-Z]{2})")


class Places:
    """Looks up where the entities of a case are."""

    def __init__(self, graph: CaseGraph) -> None:
        self._graph, self._view = graph, graph.view
        self._stated: dict[int, dict[str, None]] = {}
        for row in country_rows(self._view):
            code = self._view.values[row].strip().lower()
            self._stated.setdefault(int(self._view.about[row]), {})[code] = None
        self._phones = CASE.module("phonenumbers", "telling which country a phone number belongs to")

    def countries(self, node: int) -> tuple[str, ...]:
        """ISO 3166 codes that sources state of it."""
        return tuple(self._stated.get(node, ()))

    def coordinates(self, node: int) -> tuple[float, float] | None:
        """Latitude and longitude in degrees, where a source gives both."""
        if node >= len(self._view.keys):
            return None
        told = [self._view.values_of(node, name)[:1] for name in ("latitude", "longitude")]
        try:
            latitude, longitude = (float(one[0]) for one in told if one)
        except ValueError:
            return None
        within = np.isfinite((latitude, longitude)).all() and abs(latitude) <= 90 and abs(longitude) <= 180
        return (latitude, longitude) if within else None

    def of(self, node: int, place: int) -> Iterator[Place]:
        """Where a node is, which the page has at `place`."""
        spot, stated = self.coordinates(node), self.countries(node)
        if spot is not None:
            country = stated[0] if stated else None
            yield Place(node=place, by=By.COORDINATES, country=country, latitude=spot[0], longitude=spot[1])
            return
        by = By.STATED if stated else By.NUMBER
        for code in stated or sorted(self._by_numbers(node)):
            yield Place(node=place, by=by, country=code, latitude=None, longitude=None)

    def _by_numbers(self, node: int) -> set[str]:
        if node >= len(self._view.keys):
            kind, value = self._graph.values[node - len(self._view.keys)]
            return self._of_phone(value) if kind == Type.PHONE.value else set()
        found: set[str] = set()
        for row in self._view.rows_of(node).tolist():
            found |= self._of_value(self._view, row)
        return found

    def _of_value(self, view: CaseView, row: int) -> set[str]:
        name, value = view.props[view.prop[row]], view.values[row]
        if name == "iban":
            told = _IBAN.fullmatch(value)
        elif name == "trackingNumber":
            told = _S10.fullmatch(value)
        else:
            prop = property_of(view.schemata[view.schema[row]], name)
            return self._of_phone(value) if prop is not None and prop.type is Type.PHONE else set()
        return {told[1].lower()} if told else set()

    def _of_phone(self, value: str) -> set[str]:
        if not value.startswith("+"):
            return set()
        try:
            told = self._phones.region_code_for_number(self._phones.parse(value, None))
        except self._phones.NumberParseException:
            return set()
        return {told.lower()} if told and told.isalpha() else set()
