"""How many pictures a result carries: the first ones, in the order of the items."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from partwatch.model.document import Item, Match


def keep_views(items: Iterable[Item], most: int) -> Iterator[Item]:
    """The items with at most that many views in all, the first ones."""
    left = most
    for item in items:
        matches = [match for body in item.bodies for match in body.matches]
        views = sum(match.view is not None for match in matches)
        if views <= left:
            left -= views
            yield item
        else:
            kept = {id(match) for match in [match for match in matches if match.view is not None][:left]}
            left = 0
            yield _with_only(item, kept)


def without_views(item: Item) -> Item:
    """The item without any."""
    return _with_only(item, set())


def _with_only(item: Item, kept: set[int]) -> Item:
    def stripped(match: Match) -> Match:
        return match if id(match) in kept else match.model_copy(update={"view": None})

    bodies = tuple(
        body.model_copy(update={"matches": tuple(stripped(match) for match in body.matches)})
        for body in item.bodies
    )
    return item.model_copy(update={"bodies": bodies})
