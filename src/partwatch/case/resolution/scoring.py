"""Comparing pairs by Splink on DuckDB: quietly, and the same each time."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from partwatch.case.extras import CASE
from partwatch.case.resolution.blocking import Blocks
from partwatch.case.resolution.model import COMPARISONS, TRAINED_ON, Shares, settings_of, shipped_shares
from partwatch.case.resolution.records import LISTS, TEXTS, Kind, Records

# Fewer records than these teach nothing of how often a field agrees; more pairs teach no more.
LEAST_TO_LEARN: Final = 2000
LEAST_PAIRS: Final = 200
_MOST_TRAINING: Final = 500_000
# As many pairs of one entity as what ships counts for beside what is learned.
SHIPPED_COUNTS: Final = 500
_DIGITS: Final = 6


@dataclass(frozen=True)
class Scored:
    """p pairs. left, right: int32 (p,), rows of the records, left < right; pairs in rising order. raw:
    float64 (p,), the model's match weight. weights: float32 (p, c), what each comparison gave to it, what
    is rare included; levels: int8 (p, c), its level, 0 the best, -1 where a value is missing."""

    left: NDArray[np.int32]
    right: NDArray[np.int32]
    raw: NDArray[np.float64]
    weights: NDArray[np.float32]
    levels: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.raw)

    def at(self, rows: NDArray[Any]) -> Scored:
        """Some of them."""
        return Scored(
            self.left[rows], self.right[rows], self.raw[rows], self.weights[rows], self.levels[rows]
        )


def no_pairs(kind: Kind) -> Scored:
    """None."""
    count = len(COMPARISONS[kind])
    return Scored(
        np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0), np.zeros((0, count), np.float32),
        np.zeros((0, count), np.int8),
    )  # fmt: skip


def together(kind: Kind, parts: Sequence[Scored]) -> Scored:
    """All of them in their order."""
    every = [no_pairs(kind), *parts]
    joined = Scored(
        np.concatenate([one.left for one in every]), np.concatenate([one.right for one in every]),
        np.concatenate([one.raw for one in every]), np.concatenate([one.weights for one in every]),
        np.concatenate([one.levels for one in every]),
    )  # fmt: skip
    return joined.at(np.lexsort((joined.right, joined.left)))


class Scorer:
    """Compares records of a kind. Use it as a context: it holds a database in memory. Raises UsageError
    where the extra `case` is not installed."""

    def __init__(self, records: Records, shares: Shares | None = None, shipped: Shares | None = None) -> None:
        """shares: m and u; where left out, those that ship (or `shipped`), and what the records teach."""
        self.records = records
        self._shipped = shipped or shipped_shares(records.kind)
        self.learned = False
        self._given = shares
        self._duckdb = CASE.module("duckdb", "resolving entities")
        self._arrow = CASE.module("pyarrow", "resolving entities")
        self._splink = CASE.module("splink", "resolving entities")

    def __enter__(self) -> Scorer:
        self._connection = self._duckdb.connect(":memory:")
        self._connection.execute("SET enable_progress_bar = false")
        with _quiet():
            self._api = self._splink.DuckDBAPI(self._connection)
            self._input = self._api.register(self._table())
            self.shares = self._given or self._learned()
            self._settings = settings_of(self.records.kind, self.shares)
            self._linker = self._splink.Linker(
                self._input, self._settings, log_level=None, validate_settings=False
            )
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def blocked(self, blocks: Blocks, floor: float) -> Scored:
        """Pairs that share a block, of a match weight of at least `floor` bits."""
        rows = [row for row, keys in enumerate(blocks.keys) for _ in keys]
        keys = [key for own in blocks.keys for key in own]
        if not keys:
            return no_pairs(self.records.kind)
        self._connection.register(
            "partwatch_keys", self._arrow.table({"row": self._arrow.array(rows, "int32"), "key": keys})
        )
        self._connection.execute(
            "CREATE OR REPLACE TABLE partwatch_pairs AS SELECT DISTINCT '0' AS match_key, "
            "l.row AS join_key_l, r.row AS join_key_r FROM partwatch_keys l "
            "JOIN partwatch_keys r ON l.key = r.key AND l.row < r.row"
        )
        self._connection.unregister("partwatch_keys")
        return self._scored(floor)

    def pairs(self, left: NDArray[np.int32], right: NDArray[np.int32]) -> Scored:
        """These pairs of rows, left < right, whatever their weight."""
        if not len(left):
            return no_pairs(self.records.kind)
        self._connection.register("partwatch_given", self._arrow.table({"l": left, "r": right}))
        self._connection.execute(
            "CREATE OR REPLACE TABLE partwatch_pairs AS SELECT DISTINCT '0' AS match_key, l AS join_key_l, "
            "r AS join_key_r FROM partwatch_given"
        )
        self._connection.unregister("partwatch_given")
        return self._scored(None)

    def _scored(self, floor: float | None) -> Scored:
        with _quiet():
            blocked = self._api.register("partwatch_pairs")
            self._linker.table_management.register_blocked_pairs_for_predict(blocked)
            found = self._linker.inference.predict(threshold_match_weight=floor, warning_mode="never")
            names = [one.name for one in COMPARISONS[self.records.kind]]
            shared = {
                one.name for one in COMPARISONS[self.records.kind] if any(level.share for level in one.levels)
            }
            columns = [f"mw_{name}" for name in names] + [f"mw_tf_adj_{name}" for name in sorted(shared)]
            table = self._connection.execute(
                f"SELECT unique_id_l, unique_id_r, {', '.join(columns)} FROM {found.physical_name} "
                "ORDER BY unique_id_l, unique_id_r"
            ).to_arrow_table()
            found.drop_table_from_database_and_remove_from_cache()
        return self._read(table, names, shared)

    def _read(self, table: Any, names: list[str], shared: set[str]) -> Scored:
        left, right = (
            table.column(name).to_numpy().astype(np.int32) for name in ("unique_id_l", "unique_id_r")
        )
        weights = np.zeros((len(left), len(names)))
        levels = np.zeros((len(left), len(names)), np.int8)
        for place, name in enumerate(names):
            plain = table.column(f"mw_{name}").to_numpy()
            levels[:, place] = _levels(plain, self.shares[name])
            weights[:, place] = plain
            if name in shared:
                weights[:, place] += table.column(f"mw_tf_adj_{name}").to_numpy()
        return Scored(left, right, weights.sum(axis=1), weights.astype(np.float32), levels)

    def _table(self) -> Any:
        pa = self._arrow
        kind, columns = self.records.kind, self.records.columns
        made = {"unique_id": pa.array(np.arange(len(self.records), dtype=np.int32))}
        made |= {name: pa.array(columns[name], pa.string()) for name in TEXTS[kind]}
        made |= {name: pa.array(columns[name], pa.list_(pa.string())) for name in LISTS[kind]}
        made |= {
            name: pa.array(values, pa.float64()) for name, values in columns.items() if name[:3] == "tf_"
        }
        return pa.table(made)

    def _learned(self) -> Shares:
        """What ships, its m mixed with what expectation maximisation finds in a case that is large enough."""
        shipped = distinct(self._shipped)
        if len(self.records) < LEAST_TO_LEARN:
            return shipped
        # Sums of floating numbers must come in one order.
        threads = self._connection.execute("SELECT current_setting('threads')").fetchall()[0][0]
        self._connection.execute("SET threads = 1")
        found: dict[str, list[tuple[float, list[float]]]] = {}
        for columns in TRAINED_ON[self.records.kind]:
            pairs = self._pairs_on(columns)
            if pairs < LEAST_PAIRS:
                continue
            self.learned = True
            for name, told in self._trained(columns, shipped, pairs).items():
                found.setdefault(name, []).append(told)
        self._connection.execute(f"SET threads = {int(threads)}")
        return distinct({name: _mixed(levels, found.get(name, [])) for name, levels in shipped.items()})

    def _pairs_on(self, columns: tuple[str, ...]) -> int:
        names = ", ".join(columns)
        told = " AND ".join(f"{name} IS NOT NULL" for name in columns)
        rows = self._connection.execute(
            f"SELECT coalesce(sum(n * (n - 1) / 2), 0) FROM (SELECT count(*) AS n FROM "
            f"{self._input.physical_name} WHERE {told} GROUP BY {names})"
        ).fetchall()
        return int(rows[0][0])

    def _trained(
        self, columns: tuple[str, ...], shares: Shares, pairs: int
    ) -> dict[str, tuple[float, list[float]]]:
        """For each comparison that can be learned so: how many pairs of one entity taught it, and its m."""
        settings = settings_of(self.records.kind, shares) | {"probability_two_random_records_match": 1e-4}
        linker = self._splink.Linker(self._input, settings, log_level=None, validate_settings=False)
        session = linker.training.estimate_parameters_using_expectation_maximisation(
            self._splink.block_on(*columns), max_pairs=_MOST_TRAINING if pairs > _MOST_TRAINING else None,
            estimate_without_term_frequencies=True, record_sample_proportion=0.3,
        )  # fmt: skip
        model = session.core_model_settings
        taught = model.probability_two_random_records_match * min(pairs, _MOST_TRAINING)
        told = {}
        for one in model.comparisons:
            levels = [level for level in one.comparison_levels if not level.is_null_level]
            m = [level.m_probability for level in levels]
            told[one.output_column_name] = (
                taught, [value if isinstance(value, float) else 0.0 for value in m],
            )  # fmt: skip
        return told


def _mixed(
    shipped: Sequence[tuple[float, float]], found: Sequence[tuple[float, list[float]]]
) -> tuple[tuple[float, float], ...]:
    """Shipped m count as SHIPPED_COUNTS pairs beside those that taught."""
    counts = np.array([m for m, _ in shipped]) * SHIPPED_COUNTS
    for taught, m in found:
        counts = counts + taught / len(found) * np.array(m)
    shares = counts / counts.sum()
    return tuple((float(m), u) for m, (_, u) in zip(shares, shipped, strict=True))


def distinct(shares: Shares) -> Shares:
    """Rounded, and no two levels of a comparison of one weight: levels are told by it."""
    found = {}
    for name, levels in shares.items():
        taken: list[float] = [0.0]
        made = []
        for m, u in levels:
            m, u = _rounded(max(m, 1e-5)), _rounded(max(u, 1e-9))
            while any(abs(np.log2(m / u) - other) < 1e-4 for other in taken):
                m *= 1.001
            taken.append(float(np.log2(m / u)))
            made.append((m, u))
        found[name] = tuple(made)
    return found


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def _levels(plain: NDArray[np.float64], levels: Sequence[tuple[float, float]]) -> NDArray[np.int8]:
    """The level that gave each weight; a missing value gives none at all."""
    weights = np.array([0.0, *(np.log2(m / u) for m, u in levels)])
    order = np.argsort(weights)
    middles = (weights[order][1:] + weights[order][:-1]) / 2
    found: NDArray[np.int8] = (order[np.searchsorted(middles, plain)] - 1).astype(np.int8)
    return found


@contextmanager
def _quiet() -> Iterator[None]:
    """Splink tells much of its progress to the log, and warns of what is meant so."""
    logger = logging.getLogger("splink")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            logger.setLevel(level)
