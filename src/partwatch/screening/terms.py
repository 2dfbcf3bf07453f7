"""On what terms matches are weighed in one run: calibration, population, policy; the same in every worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from partwatch import __version__
from partwatch.evidence.calibration import Calibration
from partwatch.evidence.judge import Judge, basis_of
from partwatch.evidence.pair import calibrated
from partwatch.evidence.policy import AlertPolicy, read_policy
from partwatch.evidence.population import Population, population_of
from partwatch.matching.index import ListedPart
from partwatch.matching.policy import Policy
from partwatch.matching.weight import SizeFit, Weight
from partwatch.model import document
from partwatch.model.document import Evidence, Header, Medium
from partwatch.model.errors import UsageError
from partwatch.watchlist.snapshot import Snapshot

POLICY_FILE = "policy.toml"


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

    @property
    def calibration(self) -> Calibration:
        """What turns scores into bits."""
        return self._weighing[0]

    @property
    def population(self) -> Population:
        """The calibration's own one with the operator's stock."""
        return self._weighing[1]

    @cached_property
    def _weighing(self) -> tuple[Calibration, Population]:
        return _weighing(Path(self.home), self.calibration_file)

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
    calibration, population = _weighing(home, named)
    return Terms(str(home.absolute()), policy, named, (calibration.version, population.version))


def _weighing(home: Path, calibration_file: str | None) -> tuple[Calibration, Population]:
    calibration, base = calibrated(Path(calibration_file) if calibration_file else None)
    return calibration, population_of(home, base)


def header_of(
    snapshot: Snapshot, terms: Terms, as_of: date, pieces: bool, baseline: str | None = None
) -> Header:
    """What a result says of itself. pieces: whether regions are looked for; baseline: its file's SHA-256."""
    thresholds = Policy().thresholds() | {
        "pieces": float(pieces),
        "match_per_10000": terms.policy.match_per_10000,
        "review_per_10000": terms.policy.review_per_10000,
    }
    return document.Header(
        schema_version=document.SCHEMA_VERSION,
        program_version=__version__,
        fingerprint_version=snapshot.layout.version,
        watchlist=snapshot.list_version,
        calibration=terms.calibration.version,
        basis=basis_of(terms.calibration, terms.population, len(snapshot.parts)),
        policy=document.Policy(name=terms.policy.name, thresholds=thresholds),
        as_of=as_of.isoformat(),
        baseline=baseline,
    )


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

    def of_medium(self, medium: Medium) -> LateJudge:
        """As `Judge.of_medium`."""
        return _OfMedium(self, medium)

    def weigh(self, part: int, score: float, size: SizeFit) -> Weight:
        """As `Judge.weigh`."""
        return self._judge.weigh(part, score, size)

    def weigh_region(self, information: float) -> Weight:
        """As `Judge.weigh_region`."""
        return self._judge.weigh_region(information)

    def evidence(self, part: int, weight: Weight, rival: tuple[int, float] | None) -> Evidence:
        """As `Judge.evidence`."""
        return self._judge.evidence(part, weight, rival)


class _OfMedium(LateJudge):
    """The same for one medium, made of the one judge when a match asks for it."""

    def __init__(self, every: LateJudge, medium: Medium) -> None:
        super().__init__(every._terms, every._listed)
        self._every = every
        self._medium = medium

    @cached_property
    def _judge(self) -> Judge:
        return self._every._judge.of_medium(self._medium)


def judge_of(terms: Terms, listed: _Prints) -> Judge:
    """A judge of one list on those terms."""
    parts = int(listed.part_index[-1]) + 1 if len(listed.part_index) else 0
    return Judge(terms.calibration, terms.population, terms.policy, parts, listed.part, listed.prints)
