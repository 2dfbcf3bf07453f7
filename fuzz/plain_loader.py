"""Plain loaders for an editable install, whose own one would hide the code from instrumentation."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import ModuleType


class PlainLoaders(MetaPathFinder):
    """Finds what the other finders find of one package, and loads its source files as Python itself does."""

    def __init__(self, package: str) -> None:
        self._package = package

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """As the protocol has it; None for other packages and for compiled modules."""
        if fullname.partition(".")[0] != self._package:
            return None
        for finder in sys.meta_path[sys.meta_path.index(self) + 1 :]:
            spec = finder.find_spec(fullname, path, target)
            if spec is not None:
                if spec.origin is None or not spec.origin.endswith(".py"):
                    return None
                spec.loader = SourceFileLoader(fullname, spec.origin)
                return spec
        return None
