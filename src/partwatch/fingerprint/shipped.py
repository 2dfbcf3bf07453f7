"""The codebook that comes with the program: a table too long for source code."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib.resources import files

import numpy as np

from partwatch import kernel
from partwatch.fingerprint.codebook import Codebook

ARRAYS = ("mean", "basis", "centroids", "rarity")


@lru_cache(maxsize=1)
def codebook() -> Codebook:
    """As `curation.vocabulary` made it."""
    with (files("partwatch.fingerprint") / "data" / "codebook.npz").open("rb") as file:
        arrays = np.load(file, allow_pickle=False)
        mean, basis, centroids, rarity = tables = [
            np.ascontiguousarray(arrays[name], dtype="<f4") for name in ARRAYS
        ]
    if basis.shape != (kernel.LOCAL_SIZE, kernel.CODE_SIZE):
        raise RuntimeError("the codebook was made for other local features: install the program anew")
    state = hashlib.sha256()
    for table in tables:
        state.update(str(table.shape).encode())
        state.update(table.tobytes())
    return Codebook(mean, basis, centroids, rarity, state.hexdigest()[:12])
