"""The whole path in one process: a file is opened, read, split, compared with a small list, and judged."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from fuzz.promises import LIMITS
from partwatch.formats import FORMATS
from partwatch.matching import Matcher, Policy
from partwatch.model.document import Item
from partwatch.screening.expansion import Expansion, ExpansionLimits, folded
from partwatch.screening.job import Listed, Screener
from partwatch.screening.walk import Source
from partwatch.watchlist.enrol import enrol
from partwatch.watchlist.manifest import read_manifests
from partwatch.watchlist.store import Watchlist

AS_OF = date(2026, 1, 1)
# A wedge, a prism with an inward corner, a box.
_LISTED = (("stl", "binary"), ("obj", "polygons"), ("step", "box"))
# What pictures need takes long to make: one file in so many asks for it.
_WITH_VIEWS = 8
_MANIFEST = """\
name = "examples"
authority = "fuzzing"
reason = "what the formats' own examples are compared with"
expires = 2099-12-31
"""


def write_list(folder: Path) -> Watchlist:
    """A list in that folder of the shapes that most examples are."""
    manifest = _MANIFEST
    examples = {known.name: known.examples() for known in FORMATS}
    for kind, name in _LISTED:
        path = folder / f"{name}.{kind}"
        path.write_bytes(examples[kind][name])
        manifest += f'\n[[parts]]\nname = "{name}"\nfile = "{path.name}"\n'
    (folder / "design.toml").write_text(manifest)
    watchlist = Watchlist.open(folder / "home", create=True)
    watchlist.add(enrol(read_manifests([folder / "design.toml"]), jobs=1))
    return watchlist


class WholePath:
    """Screens bytes as the worker does, and folds archives as the parent does."""

    def __init__(self, folder: Path) -> None:
        listed = Listed(write_list(folder).snapshot())
        self._screeners = [
            Screener(Matcher(listed, Policy(), AS_OF, views=views), LIMITS) for views in (False, True)
        ]
        self._path = folder / "input"

    def items(self, data: bytes) -> list[Item]:
        """The item of the file, and those of all that unfolds from it, as the result has them."""
        screener = self._screeners[len(data) % _WITH_VIEWS == 0]
        self._path.write_bytes(data)
        source = Source(str(self._path), "input")
        expansion = Expansion(source, ExpansionLimits(LIMITS.max_members, LIMITS.max_depth))
        waiting = [expansion.root]
        while waiting:
            node = waiting.pop()
            answer = screener.screen(source.path, node.chain)
            waiting += reversed(expansion.take(node, answer.item, answer.members))
        return folded(expansion.items())
