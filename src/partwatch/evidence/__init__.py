"""From similarity to bits: populations, calibration, the policy of false alerts."""

from partwatch.evidence.calibration import Calibration, calibration_at, shipped_calibration
from partwatch.evidence.judge import Judge
from partwatch.evidence.policy import AlertPolicy, read_policy
from partwatch.evidence.population import Population, population_of, shipped_population

__all__ = [
    "AlertPolicy",
    "Calibration",
    "Judge",
    "Population",
    "calibration_at",
    "population_of",
    "read_policy",
    "shipped_calibration",
    "shipped_population",
]
