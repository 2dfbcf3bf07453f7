"""A calibration with the population that it was made with: one says nothing without the other."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from partwatch.evidence.calibration import Calibration, calibration_at, shipped_calibration
from partwatch.evidence.population import Population, read_population, shipped_population
from partwatch.model.errors import UsageError

# As `partwatch calibrate` writes it beside the calibration.
POPULATION_FILE: Final = "population.npz"


def calibrated(file: Path | None) -> tuple[Calibration, Population]:
    """The calibration in a file with the population beside it; without a file, the shipped ones.

    UsageError where one cannot be read, or the two are not of one `partwatch calibrate`.
    """
    calibration = shipped_calibration() if file is None else calibration_at(file)
    population = shipped_population() if file is None else read_population(file.parent / POPULATION_FILE)
    if calibration.population_version != population.version:
        raise UsageError(
            f"{file or 'the shipped calibration'}: made for population {calibration.population_version}, and "
            f"the one beside it is {population.version}: put both files of one `partwatch calibrate` there"
        )
    return calibration, population
