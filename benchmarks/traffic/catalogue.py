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
from partwatch.evidence.tail import TailModel, score_nearness
from partwatch.model.document import MatchFinding, Medium, Relation

_NUMBER = re.compile(r"\d+$")


@dataclass(frozen=True)
class Likeness:
    """A body of a file on a listed part. listed: the part's number among the corpus' parts."""

    body: int
    listed: int
    surprise: float
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

    def itself(self) -> Likeness | None:
        """The file on its own listed part; None where it is not found."""
        own = (one for one in self.likenesses if one.listed == self.number)
        return max(own, key=lambda one: one.surprise, default=None)

    @property
    def tells(self) -> bool:
        """Whether the part is one that a gate would take: its own file is a match."""
        own = self.itself()
        return own is not None and own.finding is MatchFinding.MATCH


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
        surprise = (match["evidence"] or {}).get("surprise")
        number = _NUMBER.search(match["design"])
        if surprise is None or number is None:
            raise SystemExit("screen the corpus again: no surprise in the result, or other designs")
        yield Likeness(
            body["index"],
            int(number[0]),
            surprise,
            MatchFinding(match["finding"]),
            Relation(match["relation"]),
            Medium(match["medium"]),
        )


def lost_surprise(tail: TailModel, score: float) -> float:
    """How much less surprising a copy of that score is than a perfect one, for a part unlike the population:
    the slope of the tail model in the score."""
    return tail.score / math.log(2) * float(score_nearness(1.0) - score_nearness(score))
