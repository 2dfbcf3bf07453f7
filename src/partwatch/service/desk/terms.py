"""With what a desk screens: one list, one calibration, one day, until any of them changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from partwatch.formats.base import ReadLimits
from partwatch.model.document import Header
from partwatch.screening.terms import Terms, header_of, terms_of
from partwatch.service.settings import Settings
from partwatch.watchlist.snapshot import Snapshot
from partwatch.watchlist.store import Watchlist


@dataclass(frozen=True, eq=False)
class Bench:
    """What is set up for screening. Closed when the list, the terms or the day have changed."""

    home: Path
    settings: Settings
    snapshot: Snapshot
    terms: Terms
    as_of: date
    header: Header
    read_limits: ReadLimits

    @classmethod
    def set_up(cls, home: Path, settings: Settings) -> Bench:
        """The list as it is now. Raises StoreError where there is none: nothing passes for want of a list."""
        snapshot = Watchlist.open(home).snapshot()
        try:
            terms = terms_of(home, None, None)
        except BaseException:
            snapshot.close()
            raise
        as_of = date.today()
        limits = ReadLimits(max_file_bytes=settings.intake.file_mb << 20)
        header = header_of(snapshot, terms, as_of, settings.screening.pieces)
        return cls(home, settings, snapshot, terms, as_of, header, limits)

    def setup_args(self) -> Mapping[str, Any]:
        """For `screening.job.setup` in a worker."""
        return {
            "home": str(self.home.absolute()),
            "snapshot_key": self.snapshot.key,
            "as_of": self.as_of.isoformat(),
            "views": True,
            "limits": asdict(self.read_limits),
            "terms": self.terms.told(),
            "pieces": self.settings.screening.pieces,
            "prints": True,
        }

    def is_current(self) -> bool:
        """Whether what is screened now would be screened with the same."""
        if date.today() != self.as_of:
            return False
        if Watchlist.open(self.home).version() != self.snapshot.version:
            return False
        now = terms_of(self.home, None, None)
        return (now.versions, now.policy) == (self.terms.versions, self.terms.policy)

    def close(self) -> None:
        """Let go of the list."""
        self.snapshot.close()
