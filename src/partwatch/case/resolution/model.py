"""The model that Splink compares with: what is compared how, and how often it agrees.

One description, written in Splink's own terms, gives the settings for any of its backends: `settings_of`
makes the JSON that a linker on DuckDB takes, or one on Spark. m is the share of pairs of one entity that are
on a level, u that of pairs of two. Those that ship were counted in worlds of the generator; where a case is
large enough, its own m are learned from it and mixed with these.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

from partwatch.case.extras import CASE
from partwatch.case.resolution.records import LEAST_SHARE, Kind

# m and u of each level of each comparison, the level of missing values left out, best level first.
Shares = Mapping[str, tuple[tuple[float, float], ...]]


@dataclass(frozen=True)
class Level:
    """A level of a comparison. rule: in the small language of `_level`. share: the text column whose share
    among the records says how often two agree by chance."""

    label: str
    rule: tuple[Any, ...]
    share: str | None = None


@dataclass(frozen=True)
class Comparison:
    """What is compared. missing: columns of which one must be there on both sides. levels: best first;
    below the last, "else". shown: the columns to show of either side."""

    name: str
    missing: tuple[str, ...]
    levels: tuple[Level, ...]
    shown: tuple[str, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """What levels are called, the last one as well."""
        return (*(level.label for level in self.levels), "differs")


def _same(column: str) -> tuple[Any, ...]:
    return ("same", column)


_PHONE: Final = Comparison(
    "phone", ("phone",),
    (Level("the same", _same("phone"), "phone"), Level("one in common", ("common", "phones"))), ("phones",),
)  # fmt: skip
_IDS: Final = Comparison("identifier", ("ids",), (Level("one in common", ("common", "ids")),), ("ids",))
_PLACE: Final = Comparison(
    "address", ("street", "postcode", "city"),
    (
        Level("the same street and place",
              ("and", _same("street"), ("or", _same("postcode"), _same("city"))), "street"),
        Level("a like street in the same place",
              ("and", ("like", "street", 0.9), ("or", _same("postcode"), _same("city")))),
        Level("the same postcode", _same("postcode"), "postcode"),
        Level("the same town", _same("city"), "city"),
    ),
    ("street", "postcode", "city"),
)  # fmt: skip

COMPARISONS: Final[Mapping[Kind, tuple[Comparison, ...]]] = {
    Kind.PERSON: (
        Comparison(
            "given", ("given",),
            (
                Level("the same", _same("given"), "given"),
                Level("names exchanged", ("crossed", "given", "family")),
                Level("much alike", ("like", "given", 0.92)),
                Level("another in common", ("common", "givens")),
                Level("an initial that fits", ("initial", "given")),
                Level("somewhat alike", ("like", "given", 0.8)),
            ),
            ("givens",),
        ),
        Comparison(
            "family", ("family",),
            (
                Level("the same", _same("family"), "family"),
                Level("names exchanged", ("crossed", "family", "given")),
                Level("much alike", ("like", "family", 0.92)),
                Level("somewhat alike", ("like", "family", 0.8)),
            ),
            ("family",),
        ),
        Comparison("generation", ("generation",), (Level("the same", _same("generation")),), ("generation",)),
        Comparison(
            "birth", ("birth",),
            (
                Level("the same", _same("birth")),
                Level("as far as it is told", ("prefix", "birth")),
                Level("day and month exchanged", ("exchanged", "birth")),
                Level("one digit apart", ("near", "birth", 1)),
                Level("the same year", ("year", "birth")),
                Level("the same day of another year", ("day", "birth")),
            ),
            ("birth",),
        ),
        _PHONE,
        Comparison(
            "email", ("email",),
            (
                Level("the same", _same("email"), "email"),
                Level("one in common", ("common", "emails")),
                Level("the same before the @", _same("mailname")),
                Level("alike before the @", ("like", "mailname", 0.92)),
            ),
            ("emails",),
        ),
        _IDS,
        _PLACE,
    ),
    Kind.ORGANIZATION: (
        Comparison(
            "name", ("name",),
            (
                Level("the same", _same("name"), "name"),
                Level("much alike", ("like", "name", 0.95)),
                Level("all words of one", ("within", "words")),
                Level("alike", ("like", "name", 0.88)),
                Level("a word in common", ("common", "words")),
            ),
            ("name",),
        ),
        _PHONE,
        Comparison(
            "email", ("email",),
            (Level("the same", _same("email"), "email"), Level("the same domain", _same("domain"))),
            ("email",),
        ),
        _IDS,
        _PLACE,
        Comparison("country", ("country",), (Level("the same", _same("country")),), ("country",)),
    ),
    Kind.ADDRESS: (
        Comparison(
            "street", ("street",),
            (
                Level("the same", _same("street"), "street"),
                Level("much alike, the same number", ("and", ("like", "street", 0.95), _same("number"))),
                Level("alike, the same number", ("and", ("like", "street", 0.88), _same("number"))),
                Level("alike, another number", ("like", "street", 0.88)),
            ),
            ("street",),
        ),
        Comparison(
            "postcode", ("postcode",),
            (Level("the same", _same("postcode"), "postcode"),
             Level("one digit apart", ("near", "postcode", 1))),
            ("postcode",),
        ),
        Comparison(
            "city", ("city",),
            (Level("the same", _same("city"), "city"), Level("alike", ("like", "city", 0.88))), ("city",),
        ),
        Comparison("country", ("country",), (Level("the same", _same("country")),), ("country",)),
    ),
}  # fmt: skip

# What m is learned on: columns that pairs share, so that what is not of them can be learned.
TRAINED_ON: Final[Mapping[Kind, tuple[tuple[str, ...], ...]]] = {
    Kind.PERSON: (("given", "family"), ("birth",)),
    Kind.ORGANIZATION: (("name",), ("phone",)),
    Kind.ADDRESS: (("street",),),
}


def settings_of(kind: Kind, shares: Shares | None = None, dialect: str = "duckdb") -> dict[str, Any]:
    """Splink's settings, as its linkers take them. shares: m and u; those that ship where left out. dialect:
    of the backend: `duckdb`, `spark`. Raises MissingExtraError's UsageError without the extra `case`."""
    creator = CASE.module("splink", "resolving entities").SettingsCreator
    told: dict[str, Any] = creator(
        link_type="dedupe_only",
        comparisons=[_comparison(one) for one in COMPARISONS[kind]],
        blocking_rules_to_generate_predictions=[
            {"blocking_rule": "l.keys = r.keys", "sql_dialect": dialect, "arrays_to_explode": ["keys"]}
        ],
        # Even odds: the weight is that of the comparisons alone, the prior comes with the calibration.
        probability_two_random_records_match=0.5,
        retain_matching_columns=False,
        retain_intermediate_calculation_columns=True,
        linker_uid="partwatch",
    ).create_settings_dict(dialect)
    known = shares or shipped_shares(kind)
    for one in told["comparisons"]:
        levels = [level for level in one["comparison_levels"] if not level.get("is_null_level")]
        for level, (m, u) in zip(levels, known[one["output_column_name"]], strict=True):
            level["m_probability"], level["u_probability"] = m, u
    return told


def digest(kind: Kind, shares: Shares) -> str:
    """Of what is compared how, and of m and u: sixteen hex digits."""
    told = json.dumps([repr(COMPARISONS[kind]), {name: shares[name] for name in sorted(shares)}])
    return hashlib.sha256(told.encode()).hexdigest()[:16]


@cache
def shipped_shares(kind: Kind) -> Shares:
    """m and u that come with the program."""
    file = resources.files("partwatch.case.resolution") / "data" / "shares.json"
    return shares_of(json.loads(file.read_text(encoding="utf-8"))[kind.value])


def shares_of(told: Mapping[str, Any]) -> Shares:
    """m and u as JSON holds them."""
    return {name: tuple((float(m), float(u)) for m, u in levels) for name, levels in told.items()}


def even_shares(kind: Kind) -> Shares:
    """Something to start from, before anything was counted."""
    found = {}
    for one in COMPARISONS[kind]:
        count = len(one.labels)
        weights = [2.0**-place for place in range(count)]
        m = [weight / sum(weights) for weight in weights]
        found[one.name] = tuple(zip(m, reversed(m), strict=True))
    return found


def _comparison(one: Comparison) -> Any:
    comparisons = CASE.module("splink.comparison_library", "resolving entities")
    levels = CASE.module("splink.comparison_level_library", "resolving entities")
    missing = levels.And(*(levels.NullLevel(column) for column in one.missing))
    missing = (levels.NullLevel(one.missing[0]) if len(one.missing) == 1 else missing).configure(
        is_null_level=True
    )
    told = [missing]
    for level in one.levels:
        made = _level(levels, level.rule).configure(label_for_charts=level.label)
        if level.share:
            made = made.configure(
                tf_adjustment_column=level.share, tf_minimum_u_value=LEAST_SHARE,
                disable_tf_exact_match_detection=True,
            )  # fmt: skip
        told.append(made)
    told.append(levels.ElseLevel())
    return comparisons.CustomComparison(output_column_name=one.name, comparison_levels=told)


def _level(levels: Any, rule: tuple[Any, ...]) -> Any:
    """A rule in the backend's SQL; what Splink has a level for is left to it."""
    name, *rest = rule
    if name in ("and", "or"):
        return {"and": levels.And, "or": levels.Or}[name](*(_level(levels, one) for one in rest))
    column = rest[0]
    left, right = f"{column}_l", f"{column}_r"
    if name == "same":
        return levels.ExactMatchLevel(column)
    if name == "like":
        return levels.JaroWinklerLevel(column, rest[1])
    if name == "common":
        return levels.ArrayIntersectLevel(column, 1)
    if name == "within":
        return levels.ArraySubsetLevel(column)
    if name == "near":
        return levels.DamerauLevenshteinLevel(column, rest[1])
    sql = {
        "crossed": "({0}_l = {1}_r) OR ({1}_l = {0}_r)".format(column, *rest[1:] or [column]),
        "initial": f"SUBSTRING({left}, 1, 1) = SUBSTRING({right}, 1, 1) "
        f"AND (LENGTH({left}) = 1 OR LENGTH({right}) = 1)",
        "prefix": f"(LENGTH({left}) < 10 OR LENGTH({right}) < 10) "
        f"AND SUBSTRING({left}, 1, LENGTH({right})) = SUBSTRING({right}, 1, LENGTH({left}))",
        "exchanged": f"SUBSTRING({left}, 1, 4) = SUBSTRING({right}, 1, 4) AND LENGTH({left}) = 10 "
        f"AND SUBSTRING({left}, 6, 2) = SUBSTRING({right}, 9, 2) "
        f"AND SUBSTRING({left}, 9, 2) = SUBSTRING({right}, 6, 2)",
        "year": f"SUBSTRING({left}, 1, 4) = SUBSTRING({right}, 1, 4)",
        "day": f"LENGTH({left}) = 10 AND SUBSTRING({left}, 5, 6) = SUBSTRING({right}, 5, 6)",
    }[name]
    return levels.CustomLevel(sql)
