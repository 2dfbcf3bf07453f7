"""Counts over items as they pass, so that no item need be kept for the summary."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from partwatch.model.document import Finding, Item, Summary, is_accepted_in


class Tally:
    """What `model.document.summarise` says of a list, said of a stream."""

    def __init__(self) -> None:
        self._items = 0
        self._bodies = 0
        self._incomplete = 0
        self._accepted = 0
        self._findings = dict.fromkeys(Finding, 0)

    def over(self, items: Iterable[Item]) -> Iterator[Item]:
        """The same items, counted."""
        for item in items:
            self._items += 1
            self._bodies += len(item.bodies)
            self._incomplete += not item.complete
            self._accepted += is_accepted_in(item)
            self._findings[item.finding] += 1
            yield item

    @property
    def summary(self) -> Summary:
        """The counts so far."""
        return Summary(
            items=self._items,
            bodies=self._bodies,
            incomplete=self._incomplete,
            findings=dict(self._findings),
            accepted=self._accepted,
        )
