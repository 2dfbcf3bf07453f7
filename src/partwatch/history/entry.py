"""One body that was screened, as the history keeps it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from partwatch.fingerprint import FINGERPRINT_VERSION


@dataclass(frozen=True, eq=False)
class Entry:
    """A body of an item of a submission's file. No file, no name of a file, no name of a customer.

    submission: its id. position: of the file in it. file_sha256, item_sha256: of the file that was handed in,
    and of the member that the body is in. member: its path within the file, None for the file itself. body:
    its index in that item. customer: a key, see `store.customer_key`. screened_at: in UTC to the millisecond.
    descriptor: (DESCRIPTOR_SIZE,) float32. radius_mm: root mean square radius. version: the fingerprint's.
    """

    submission: str
    position: int
    file_sha256: str
    item_sha256: str | None
    member: str | None
    body: int
    customer: str
    screened_at: str
    descriptor: npt.NDArray[np.float32]
    radius_mm: float
    area_mm2: float
    extents_mm: tuple[float, float, float]
    version: str = FINGERPRINT_VERSION

    @property
    def id(self) -> str:
        """The same for the same body of the same submission, whenever it is written: 32 hex digits."""
        told = json.dumps([self.submission, self.position, self.member, self.body])
        return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def customer_key(service: str, customer: str) -> str:
    """What stands for a customer of a service in the history: without that service's name it tells nothing.

    It hides the customer from whoever has the history alone, not from whoever has the service's database.
    """
    return hashlib.sha256(f"partwatch.history\0{service}\0{customer}".encode()).hexdigest()[:24]
