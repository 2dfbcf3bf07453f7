"""One source and what unfolds from it: an archive, its members, theirs, in the archive's order."""

from __future__ import annotations

from dataclasses import dataclass

from partwatch.formats.labels import free_label
from partwatch.model.document import Finding, Item, Reason, worst
from partwatch.screening.findings import with_members
from partwatch.screening.walk import Source

# Items as they are on their own, each with the place of its archive among them: None for the source itself.
Unfolded = tuple[tuple[Item, int | None], ...]

# Eight names of the longest that readers hand over.
_MOST_SHOWN = 8 * 1100


@dataclass(frozen=True)
class ExpansionLimits:
    """How many members one source may have in all, and how deeply archives may nest."""

    max_members: int = 10_000
    max_depth: int = 8


@dataclass(eq=False)
class Node:
    """The source itself, with an empty chain, or a member: its names from the outermost archive in.

    member: the path within the archive, as the result shows it; no two nodes of a source share one.
    """

    expansion: Expansion
    chain: tuple[str, ...]
    parent: Node | None = None
    item: Item | None = None
    members: tuple[str, ...] = ()
    member: str | None = None


class Expansion:
    """All nodes of one source in the order of output, growing as archives open.

    A nested archive unfolds only once all before it is known: which members fall to the limit must not
    depend on which worker was faster.
    """

    def __init__(self, source: Source, limits: ExpansionLimits) -> None:
        self.source = source
        self.size_bytes = 0
        self._limits = limits
        self._nodes = [Node(self, ())]
        self._known = 0
        self._shown: set[str] = set()

    @property
    def root(self) -> Node:
        """The source itself."""
        return self._nodes[0]

    @property
    def done(self) -> bool:
        """Whether every node has its item."""
        return self._known == len(self._nodes)

    def take(self, node: Node, item: Item, members: tuple[str, ...], size_bytes: int = 0) -> list[Node]:
        """Keep a node's result; returns the nodes that are to be screened next."""
        node.item, node.members = item, members
        self.size_bytes += size_bytes
        fresh: list[Node] = []
        while not self.done and self._nodes[self._known].item is not None:
            opened = self._open(self._nodes[self._known])
            self._known += 1
            self._nodes[self._known : self._known] = opened
            fresh += opened
        return fresh

    def _open(self, archive: Node) -> list[Node]:
        if not archive.members:
            return []
        limit = None
        if len(archive.chain) >= self._limits.max_depth:
            limit = f"archives nest more than {self._limits.max_depth} deep"
        # The root is no member.
        elif len(self._nodes) - 1 + len(archive.members) > self._limits.max_members:
            limit = f"with what came before, there are more than {self._limits.max_members:,} members"
        if limit is not None:
            _refuse(archive, f"{limit}: unpack it and screen the files themselves")
            return []
        return [self._below(archive, name) for name in archive.members]

    def _below(self, archive: Node, name: str) -> Node:
        chain = (*archive.chain, name)
        # "a" may hold "b/c" and "a/b" hold "c": both would be shown alike.
        member = free_label("/".join(chain), len(self._shown) + 1, self._shown, most_chars=_MOST_SHOWN)
        self._shown.add(member)
        return Node(self, chain, archive, member=member)

    def items(self) -> Unfolded:
        """Each node's own item with the place of its archive among them, in the order of output."""
        places = {node: place for place, node in enumerate(self._nodes)}
        items = []
        for node in self._nodes:
            if node.item is None:
                raise ValueError("not every node has its item yet")
            items.append((node.item, None if node.parent is None else places[node.parent]))
        return tuple(items)


def folded(unfolded: Unfolded) -> list[Item]:
    """All items, each archive's finding the worst of its own and its members'."""
    items: list[Item] = []
    below: dict[int, list[Item]] = {}
    for place, (own, parent) in reversed(list(enumerate(unfolded))):
        item = with_members(own, below.pop(place, []))
        items.append(item)
        if parent is not None:
            below.setdefault(parent, []).append(item)
    return items[::-1]


def _refuse(archive: Node, message: str) -> None:
    """Mark an archive as not unfolded."""
    item = archive.item
    if item is not None:
        archive.item = item.model_copy(
            update={
                "finding": worst([item.finding, Finding.UNSCREENABLE]),
                "complete": False,
                "reasons": (*item.reasons, Reason(code="limit", message=message)),
            }
        )
