"""Near-copies of what was held: nobody is to find out by trying what the list lets pass.

A submission that looks like something of the same customer that was held is a near-copy, whatever was found
of it. After so many within so many days the next one waits for a person, and its finding is not told before.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Row, insert, select

from partwatch.fingerprint import DESCRIPTOR_SIZE
from partwatch.service.settings import NearCopies
from partwatch.service.store import now
from partwatch.service.tables import FILES, HELD_PRINTS, PRINTS

# Sizes of near-copies: within this factor, so that a rescaled one is still one.
_SIZES = 4.0


def is_one_too_many(connection: Connection, policy: NearCopies, customer: str, number: int) -> bool:
    """Whether a submission, its prints being in, is like more held ones of its customer than are let pass."""
    held = connection.execute(
        select(HELD_PRINTS.c.submission, HELD_PRINTS.c.descriptor, HELD_PRINTS.c.radius_mm).where(
            HELD_PRINTS.c.customer == customer,
            HELD_PRINTS.c.at >= now(timedelta(days=-policy.days)),
            HELD_PRINTS.c.submission != number,
        )
    ).all()
    if not held:
        return False
    own = _prints_of(connection, number)
    if not own:
        return False
    near = like(
        rows_of([one.descriptor for one in own]), np.array([one.radius_mm for one in own]),
        rows_of([one.descriptor for one in held]), np.array([one.radius_mm for one in held]),
        policy.likeness,
    )  # fmt: skip
    hits = np.atleast_1d(near.any(axis=0)).tolist()
    submissions = {one.submission for one, is_near in zip(held, hits, strict=True) if is_near}
    return len(submissions) >= policy.most


def keep_held(connection: Connection, customer: str, number: int) -> None:
    """Remember the prints of a submission that was held: what near-copies are told by."""
    common = {"customer": customer, "submission": number, "at": now()}
    rows = [
        common | {"descriptor": one.descriptor, "radius_mm": one.radius_mm}
        for one in _prints_of(connection, number)
    ]
    if rows:
        connection.execute(insert(HELD_PRINTS), rows)


def _prints_of(connection: Connection, number: int) -> Sequence[Row[Any, Any]]:
    asked = select(PRINTS.c.descriptor, PRINTS.c.radius_mm).join(FILES, FILES.c.id == PRINTS.c.file)
    return connection.execute(asked.where(FILES.c.submission == number)).all()


def like(
    ours: npt.NDArray[np.float32],
    our_radii: npt.NDArray[np.float64],
    theirs: npt.NDArray[np.float32],
    their_radii: npt.NDArray[np.float64],
    likeness: float,
) -> npt.NDArray[np.bool_]:
    """(n, m): whether bodies are near-copies by their descriptors, (n, D) and (m, D), and radii."""
    squares = (ours**2).sum(axis=1)[:, None] + (theirs**2).sum(axis=1)[None, :] - 2 * ours @ theirs.T
    distance = np.sqrt(np.maximum(squares, 0.0))
    ratio = our_radii[:, None] / np.maximum(their_radii[None, :], 1e-12)
    return np.asarray((distance <= likeness) & (ratio <= _SIZES) & (ratio >= 1 / _SIZES))


def rows_of(blobs: list[bytes]) -> npt.NDArray[np.float32]:
    """(n, DESCRIPTOR_SIZE) from what the tables hold."""
    return np.frombuffer(b"".join(blobs), dtype="<f4").reshape(len(blobs), DESCRIPTOR_SIZE)
