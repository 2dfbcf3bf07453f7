"""On what terms matches are weighed in one run: calibration, population, policy; the same in every worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from partwatch.evidence.calibration import Calibration, calibration_at, shipped_calibration
from partwatch.evidence.judge import Judge
from partwatch.evidence.policy import AlertPolicy, read_policy
from partwatch.evidence.population import (
    Population,
    population_of,
    read_population,
    shipped_population,
)
from partwatch.matching.index import ListedPart
from partwatch.matching.weight import SizeFit, Weight
from partwatch.model.document import Evidence
from partwatch.model.errors import UsageError

POLICY_FILE = "policy.toml"
# As `partwatch calibrate` writes it.
POPULATION_FILE = "population.npz"


@dataclass(frozen=True)
class Terms:
    """calibration_file: None for the shipped one. versions: of calibration and population, so that a worker
    that starts late finds what the run began with, or says so."""

    home: str
    policy: AlertPolicy
    calibration_file: str | None
    versions: tuple[str, str]

    def told(self) -> dict[str, Any]:
        """For a worker."""
        return asdict(self)

    @classmethod
    def heard(cls, told: Mapping[str, Any]) -> Terms:
        """What `told` gave."""
        return cls(
            home=told["home"],
            policy=AlertPolicy(**told["policy"]),
            calibration_file=told["calibration_file"],
            versions=(told["versions"][0], told["versions"][1]),
        )

    @cached_property
    def calibration(self) -> Calibration:
        """UsageError where it is not the one that the run began with."""
        return _calibration(self.calibration_file)

    @cached_property
    def population(self) -> Population:
        """The calibration's own one with the operator's stock."""
        return population_of(Path(self.home), _base(self.calibration_file))

    def check(self) -> None:
        """Raise UsageError where calibration or population changed since the run began."""
        if (self.calibration.version, self.population.version) != self.versions:
            raise UsageError("the calibration or the background changed while it was in use; run again")


def terms_of(home: Path, policy_file: Path | None, calibration_file: Path | None) -> Terms:
    """The terms of a run that begins. policy_file: else HOME/policy.toml where it is there, else the default.

    UsageError where a file is damaged, or the calibration was made for another fingerprint or population.
    """
    own = home / POLICY_FILE
    chosen = policy_file or (own if own.is_file() else None)
    policy = read_policy(chosen) if chosen else AlertPolicy()
    named = str(calibration_file.absolute()) if calibration_file else None
    calibration = _calibration(named)
    versions = calibration.version, population_of(home, _base(named)).version
    return Terms(str(home.absolute()), policy, named, versions)


def _base(file: str | None) -> Population:
    """The population that a calibration was made with: it lies beside it."""
    return shipped_population() if file is None else read_population(Path(file).parent / POPULATION_FILE)


def _calibration(file: str | None) -> Calibration:
    calibration = shipped_calibration() if file is None else calibration_at(Path(file))
    base = _base(file)
    if calibration.population_version != base.version:
        raise UsageError(
            f"{file or 'the shipped calibration'}: made for population {calibration.population_version}, and "
            f"the one beside it is {base.version}: put both files of one `partwatch calibrate` there"
        )
    return calibration


class _Prints(Protocol):
    """What a judge needs of a list."""

    def part(self, index: int) -> ListedPart: ...
    def prints(self, part: int) -> tuple[npt.NDArray[np.float32], float]: ...
    @property
    def part_index(self) -> npt.NDArray[np.int32]: ...


class LateJudge:
    """A judge that is made when the first match asks for it: most files have none."""

    def __init__(self, terms: Terms, listed: _Prints) -> None:
        self._terms = terms
        self._listed = listed

    @cached_property
    def _judge(self) -> Judge:
        self._terms.check()
        return judge_of(self._terms, self._listed)

    def weigh(self, part: int, score: float, size: SizeFit) -> Weight:
        """As `Judge.weigh`."""
        return self._judge.weigh(part, score, size)

    def evidence(self, part: int, weight: Weight, rival: tuple[int, float] | None) -> Evidence:
        """As `Judge.evidence`."""
        return self._judge.evidence(part, weight, rival)


def judge_of(terms: Terms, listed: _Prints) -> Judge:
    """A judge of one list on those terms."""
    parts = int(listed.part_index[-1]) + 1 if len(listed.part_index) else 0
    return Judge(terms.calibration, terms.population, terms.policy, parts, listed.part, listed.prints)
