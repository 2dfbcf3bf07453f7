"""What the goodware gate asks of a part: how many benign bodies it would flag, which look most like it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from partwatch.evidence.calibration import Calibration
from partwatch.evidence.judge import false_share, profile_of
from partwatch.evidence.population import Population
from partwatch.fingerprint.cloud import radius_of
from partwatch.matching.weight import SizeFit
from partwatch.watchlist.types import GateReport, LookAlike, PartEntry

# A body is flagged from about this score on: where coverage reaches a review's.
FLAGGED_SCORE = 0.75
LOOK_ALIKES = 3
_BODIES = 10_000


@dataclass(frozen=True, eq=False)
class Assessor:
    """Reports on parts against one population."""

    population: Population
    calibration: Calibration

    def report(self, part: PartEntry, made: date | None = None) -> GateReport:
        """For one part; bodies of any size count, for a review asks for none."""
        descriptors = np.stack([one.descriptor for one in part.prints])
        cloud = part.prints[0].cloud
        radius = radius_of(cloud) if cloud is not None else 1.0
        profile = profile_of(
            self.population, descriptors, radius, part.distinctiveness, self.calibration.size_tolerance
        )
        rate = _BODIES * false_share(
            self.calibration.tail,
            self.calibration.plain_shapes,
            self.population,
            profile,
            FLAGGED_SCORE,
            SizeFit.NONE,
        )
        near = self.population.look_alikes(profile.similarity, LOOK_ALIKES)
        return GateReport(
            rate=float(f"{rate:.3g}"),
            look_alikes=tuple(
                LookAlike(self.population.full_name(k), round(float(profile.similarity[k]), 3)) for k in near
            ),
            population=self.population.version,
            calibration=self.calibration.version,
            made=made or date.today(),
        )
