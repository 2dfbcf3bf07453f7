"""The kernel in use: the compiled one, or, where that cannot be loaded, the same functions in numpy.

Both have the interface of `_kernel.pyi`, are held to the same reference (tests/reference), and give the
same fingerprints, so that a list made with one is searched with the other. PARTWATCH_KERNEL=compiled or
numpy forces the choice. partwatch.geometry explains what each function is for.
"""

from __future__ import annotations

import importlib
import os
from types import ModuleType
from typing import TYPE_CHECKING, Final

from partwatch.model.errors import UsageError

if TYPE_CHECKING:
    from partwatch._kernel import (
        CODE_SIZE,
        D2_BINS,
        LOCAL_SIZE,
        PPF_BINS,
        Field,
        PointGrid,
        Sheets,
        TriangleTree,
        distance_outside,
        farthest,
        first_of_equals,
        gcode_moves,
        lay_strokes,
        local_features,
        local_normals,
        pair_histograms,
        sample,
        shells,
        signed_volume,
        vote,
        weld,
        weld_within,
    )

__all__ = [
    "CODE_SIZE",
    "D2_BINS",
    "LOCAL_SIZE",
    "PPF_BINS",
    "Field",
    "PointGrid",
    "Sheets",
    "TriangleTree",
    "distance_outside",
    "farthest",
    "first_of_equals",
    "gcode_moves",
    "lay_strokes",
    "local_features",
    "local_normals",
    "pair_histograms",
    "sample",
    "shells",
    "signed_volume",
    "vote",
    "weld",
    "weld_within",
]

COMPILED: Final = "compiled"
NUMPY: Final = "numpy"
VARIABLE: Final = "PARTWATCH_KERNEL"
_MODULES: Final = {COMPILED: "partwatch._kernel", NUMPY: "partwatch.kernel.in_numpy"}


def load(name: str) -> ModuleType:
    """The kernel of that name, COMPILED or NUMPY; ImportError where it cannot be loaded."""
    return importlib.import_module(_MODULES[name])


def _choose() -> tuple[ModuleType, str, str]:
    """The kernel, its name, and why it is that one."""
    wanted = os.environ.get(VARIABLE, "")
    if wanted:
        if wanted not in _MODULES:
            raise UsageError(f"{VARIABLE}={wanted}: give {COMPILED} or {NUMPY}, or leave it out")
        try:
            return load(wanted), wanted, f"{VARIABLE}={wanted}"
        except ImportError as error:
            raise UsageError(f"{VARIABLE}={wanted}: that kernel cannot be loaded ({error})") from None
    try:
        return load(COMPILED), COMPILED, "it is there"
    except ImportError as error:
        return load(NUMPY), NUMPY, f"the compiled kernel cannot be loaded ({error})"


_chosen, KERNEL, WHY = _choose()
globals().update({name: getattr(_chosen, name) for name in __all__})
