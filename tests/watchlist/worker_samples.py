"""What workers run instead of the real reader: bytes of our choice."""

from __future__ import annotations

import io
import json
import os
import zipfile
from pathlib import Path

import numpy as np
from watchlist_samples import local_features, part

from partwatch.model.errors import DamagedError
from partwatch.watchlist.features import plain_records


def sample_part(path: str) -> bytes:
    """The sample part of the number in the file; or what its word asks for."""
    word = Path(path).read_text()
    if word == "damaged":
        raise DamagedError("the bytes end early; get the file again")
    if word == "crash":
        os._exit(3)
    if word == "nonsense":
        return b"PK nonsense"
    if word == "bomb":
        return _bomb()
    if word == "stray features":
        return _packed(1, np.zeros((3, 35), dtype=np.uint8))
    if word == "zero features":
        return _packed(1, np.zeros((3, 36), dtype=np.uint8))
    return _packed(int(word), plain_records(local_features(int(word))))


def _packed(seed: int, features: np.ndarray) -> bytes:
    known = part(seed)
    assert known.mesh is not None
    about = {
        "sha256": known.sha256,
        "medium": known.medium.value,
        "distinctiveness": known.distinctiveness,
        "area_mm2": known.area_mm2,
        "extents_mm": known.extents_mm,
        "shells": [one.shell for one in known.prints],
    }
    file = io.BytesIO()
    np.savez(
        file,
        about=np.frombuffer(json.dumps(about).encode(), dtype="u1"),
        vertices=known.mesh.vertices,
        triangles=known.mesh.triangles,
        descriptors=np.stack([one.descriptor for one in known.prints]),
        clouds=np.stack([one.cloud for one in known.prints if one.cloud is not None]),
        features=features,
    )
    return file.getvalue()


def _bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("about.npy", bytes(50_000_000))
    return file.getvalue()
