"""What can be ordered, and what screening says of it: files of the corpus, as they were screened."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from partwatch.curation.corpus import CorpusFile, listed_parts
from partwatch.evidence.calibration import Calibration
from partwatch.model.document import MatchFinding, Medium, Relation

_NUMBER = re.compile(r"\d+$")


@dataclass(frozen=True)
class Likeness:
    """A body of a file on a listed part. listed: the part's number among the corpus' parts."""

    body: int
    listed: int
    bits: float
    finding: MatchFinding
    relation: Relation
    medium: Medium


@dataclass(frozen=True)
class Article:
    """A file that can be ordered. number: among the corpus' parts."""

    number: int
    project: str
    geometry: str
    bodies: int
    complete: bool
    likenesses: tuple[Likeness, ...]

    def itself(self) -> float | None:
        """Bits of the file on its own listed part; None where it is not found."""
        return max((one.bits for one in self.likenesses if one.listed == self.number), default=None)


def articles(result: Path, corpus: Sequence[CorpusFile]) -> list[Article]:
    """result: NDJSON of the corpus, screened against the list of all its parts, each a design whose name ends
    in the part's number (benchmarks.lists.of_corpus)."""
    files = listed_parts(list(corpus))
    number_of = {file.sha256: number for number, file in enumerate(files)}
    found: dict[int, Article] = {}
    for item in _items(result):
        number = number_of.get(item["sha256"] or "")
        if number is None or not item["bodies"]:
            continue
        likenesses = [likeness for body in item["bodies"] for likeness in _likenesses(body)]
        file = files[number]
        found.setdefault(
            number,
            Article(
                number, file.project, file.geometry, len(item["bodies"]), item["complete"], tuple(likenesses)
            ),
        )
    return [found[number] for number in sorted(found)]


def _items(result: Path) -> Iterator[dict[str, Any]]:
    with result.open(encoding="utf-8") as stream:
        for line in stream:
            record = json.loads(line)
            if record["type"] == "item":
                yield record


def _likenesses(body: dict[str, Any]) -> Iterator[Likeness]:
    for match in body["matches"]:
        bits = (match["evidence"] or {}).get("pair_bits")
        number = _NUMBER.search(match["design"])
        if bits is None or number is None:
            raise SystemExit("screen the corpus again: no pair_bits in the result, or other designs")
        yield Likeness(
            body["index"],
            int(number[0]),
            bits,
            MatchFinding(match["finding"]),
            Relation(match["relation"]),
            Medium(match["medium"]),
        )


def lost_bits(calibration: Calibration, score: float) -> float:
    """How many bits a copy of that score carries less than a perfect one, for a body unlike the population:
    the slope of the calibration's tail model in the score, times that of its weight (partwatch.evidence)."""
    per_well = calibration.weight.slope * calibration.tail.score / math.log(2)
    return per_well * (_well(1.0) - _well(score))


def _well(score: float) -> float:
    return -math.log(1 - score + 0.02)
