"""One service in one process: where it lives, how it is set, what it keeps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from partwatch.service.settings import Settings
from partwatch.service.store import ServiceStore


@dataclass(frozen=True, eq=False)
class Service:
    """What every request, chore and process of a service is given."""

    home: Path
    settings: Settings
    store: ServiceStore

    @classmethod
    def open(cls, home: Path, settings: Settings) -> Service:
        """The service of a home folder. Raises StoreError."""
        return cls(home, settings, ServiceStore.open(home, settings))
