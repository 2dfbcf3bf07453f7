"""What `partwatch evaluate --json` writes, and its page and `--baseline` read: the keys, their checks.

Plain dictionaries. Shares and bounds lie in 0..1, `bits` are log2 of a likelihood ratio. Further keys are
kept and not looked at. None stands where something was not measured.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    NotRequired,  # pydantic wants this one before Python 3.12
    cast,
)

from pydantic import Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from partwatch.model.errors import DocumentError

SCHEMA: Final = "partwatch-evaluation-1"

# Strict, because the value is handed on as it came; bounded, so that no edited file is drawn for ever.
Count = Annotated[int, Field(strict=True, ge=0, le=10**9)]
Share = Annotated[float, Field(strict=True, ge=0, le=1)]
Amount = Annotated[float, Field(strict=True, ge=0, le=1e9)]
Number = Annotated[float, Field(strict=True, ge=-1e9, le=1e9)]
Verdict = Literal["more", "within", "fewer", "too few"]


class Population(TypedDict):
    """Whom it was measured against."""

    name: str
    bodies: Count
    families: Count
    projects: Count


# By call, because `class` is a word of the language. `at`: the least finding that counts as found.
Recall = TypedDict(
    "Recall",
    {
        "group": Literal["change", "relation", "size", "disguise", "surviving", "telling", "revision"],
        "class": str,
        "hits": Count,
        "trials": Count,
        "low": Share,
        "high": Share,
        "family_low": Share,
        "family_high": Share,
        "at": Literal["match", "review"],
    },
)


class FalseAlerts(TypedDict):
    """Benign bodies that raised a finding. Bounds are one-sided; the estimate is the tail model's.

    family_hits: families with at least one such body.
    """

    finding: Literal["match", "review"]
    bodies: Count
    families: Count
    hits: Count
    per_10000: Amount
    upper_per_10000: Amount
    family_upper_per_10000: Amount
    estimated_per_10000: Amount | None
    family_hits: NotRequired[Count]


class HeldBack(TypedDict):
    """Parts that the goodware gate holds back; gate_rate: benign bodies in 10,000 above which it does."""

    parts: Count
    of: Count
    gate_rate: Amount


class Tippett(TypedDict):
    """Shares of mates and of non-mates with at least so many bits."""

    bits: list[Number]
    mates: list[Share]
    non_mates: list[Share]


class CrossEntropy(TypedDict):
    """Empirical cross-entropy in bits, over prior odds."""

    log10_prior_odds: list[Number]
    system: list[Amount]
    pav: list[Amount]
    neutral: list[Amount]


class Stated(TypedDict):
    """How often non-mates get the bits that should come by chance in a `stated` share of them.

    low, high: exact interval on families, of `share` (each family counts the same). holds: not shown to
    happen more often than stated. verdict: against that interval; `too few` families to tell.
    """

    stated: Share
    bits: Number
    non_mates_at_or_above: Count
    of: Count
    low: Share
    high: Share
    holds: Annotated[bool, Field(strict=True)]
    families: NotRequired[Count]
    families_at_or_above: NotRequired[Count]
    share: NotRequired[Share]
    verdict: NotRequired[Verdict]


class Misleading(TypedDict):
    """How often bits point the wrong way; the interval is on families, and so is `share`."""

    hits: Count
    of: Count
    share: Share
    low: Share
    high: Share


class Likelihood(TypedDict):
    """The measures of honesty of the bits."""

    mates: Count
    non_mates: Count
    families: Count
    cllr: Amount
    cllr_low: Amount | None
    cllr_high: Amount | None
    cllr_min: Amount
    tippett: Tippett
    ece: CrossEntropy
    stated: list[Stated]
    weighing: NotRequired[Literal["body", "family"]]
    misleading_mates: NotRequired[Misleading]
    misleading_non_mates: NotRequired[Misleading]


class Quantiles(TypedDict):
    """Quantiles of bits."""

    p5: Number
    p25: Number
    p50: Number
    p75: Number
    p95: Number


class Revisions(TypedDict):
    """Revisions of one part against each other: related, and so neither mates nor non-mates."""

    pairs: Count
    bits: Quantiles | None


class Disguised(TypedDict):
    """A disguised part, screened. truth: the relation that it was made as; surviving: the share of the part's
    surface that is left, None where the trial failed. Then what was said of the part itself, None where
    nothing was."""

    kind: str
    part: str
    truth: str
    surviving: Share | None
    finding: Literal["match", "review", "candidate"] | None
    relation: str | None
    score: Share | None
    coverage_part: Share | None
    coverage_body: Share | None
    bits: Number | None


class Cost(TypedDict):
    """The share of a screening's time that the weighing takes."""

    share: Amount | None


class Evaluation(TypedDict):
    """All of it. misses: (class, part); wrong: one dictionary of facts a false alert."""

    schema: Literal["partwatch-evaluation-1"]
    program_version: str
    fingerprint_version: str | int
    calibration: str | None
    population: Population
    list_parts: Count
    seed: Annotated[int, Field(strict=True)]
    recall: list[Recall]
    false: list[FalseAlerts]
    held_back: HeldBack | None
    llr: Likelihood | None
    revisions: Revisions | None
    cost: Cost
    misses: list[tuple[str, str]]
    wrong: list[dict[str, Any]]
    disguises: NotRequired[list[Disguised]]


_ADAPTER: TypeAdapter[Evaluation] = TypeAdapter(Evaluation)


def load(path: Path) -> Evaluation:
    """The evaluation saved at `path`; DocumentError names the place and the mend."""
    again = "give a whole file that `partwatch evaluate --json` wrote"
    try:
        value = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise DocumentError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    except UnicodeDecodeError as error:
        raise DocumentError(f"{path}: byte {error.start} is not UTF-8; {again}") from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise DocumentError(f"{path}: {place}: not JSON ({error.msg}); {again}") from error
    except (RecursionError, ValueError) as error:  # a number of more digits than Python reads
        raise DocumentError(f"{path}: no evaluation has such contents ({error}); {again}") from error
    return checked(value, str(path))


def checked(value: object, source: str = "the evaluation") -> Evaluation:
    """The same value, once it is known to be an evaluation of this schema; else DocumentError."""
    if not isinstance(value, Mapping):
        raise DocumentError(f"{source}: not an evaluation; give what `partwatch evaluate --json` wrote")
    if value.get("schema") != SCHEMA:
        raise DocumentError(
            f"{source}: its schema is {value.get('schema')!r}, and this program reads {SCHEMA!r}; "
            "evaluate again with this version, or use the version that wrote it"
        )
    try:
        _ADAPTER.validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        says = f"{source}: {place}: {first['msg']}; damaged or edited, evaluate again"
        raise DocumentError(says) from error
    evaluation = cast(Evaluation, value)
    if (wrong := next(_contradictions(evaluation), None)) is not None:
        raise DocumentError(f"{source}: {wrong}; damaged or edited, evaluate again")
    return evaluation


def _contradictions(evaluation: Evaluation) -> Iterator[str]:
    """What no evaluation can say, whatever the types."""
    for n, row in enumerate(evaluation["recall"]):
        if row["hits"] > row["trials"]:
            yield f"recall.{n}: {row['hits']} hits of {row['trials']} trials"
    seen = [(row["group"], row["class"], row["at"]) for row in evaluation["recall"]]
    if len(set(seen)) < len(seen):
        twice = next(name for name in seen if seen.count(name) > 1)
        yield f"recall: {' '.join(twice)} is there twice"
    for n, alerts in enumerate(evaluation["false"]):
        if alerts["hits"] > alerts["bodies"]:
            yield f"false.{n}: {alerts['hits']} hits of {alerts['bodies']} bodies"
        if alerts.get("family_hits", 0) > alerts["families"]:
            yield f"false.{n}: {alerts['family_hits']} of {alerts['families']} families"
    findings = [alerts["finding"] for alerts in evaluation["false"]]
    if len(set(findings)) < len(findings):
        yield "false: a finding is there twice"
    held = evaluation["held_back"]
    if held is not None and held["parts"] > held["of"]:
        yield f"held_back: {held['parts']} parts of {held['of']}"
    if evaluation["llr"] is not None:
        yield from _contradictions_of_bits(evaluation["llr"])


def _contradictions_of_bits(llr: Likelihood) -> Iterator[str]:
    for n, row in enumerate(llr["stated"]):
        if row["non_mates_at_or_above"] > row["of"]:
            yield f"llr.stated.{n}: {row['non_mates_at_or_above']} of {row['of']} non-mates"
    for name, curves in (("tippett", llr["tippett"]), ("ece", llr["ece"])):
        lengths = {key: len(cast(Mapping[str, list[float]], curves)[key]) for key in curves}
        if len(set(lengths.values())) > 1:
            yield f"llr.{name}: curves of different lengths ({lengths})"
    if (llr["cllr_low"] is None) != (llr["cllr_high"] is None):
        yield "llr: half an interval of Cllr"
