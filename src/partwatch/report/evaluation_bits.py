"""The part of the evaluation page that judges the bits: Cllr, Tippett, cross-entropy, stated and observed."""

from __future__ import annotations

import math

from partwatch.model.evaluation import Likelihood, Misleading, Stated
from partwatch.report.markup import Cell, number, share, table
from partwatch.report.plots import Axis, Line, Whisker, chart, ticks

# Where the plot of shares ends: what was seen in none lies on this line.
_FLOOR = -5
# Entropy beyond this is drawn at the edge.
_MOST_ENTROPY = 3.0

_VERDICTS = {
    "more": "more often than stated",
    "within": "as stated, within its interval",
    "fewer": "less often than stated",
    "too few": "too few families to tell",
}


def section(llr: Likelihood | None) -> str:
    """The whole section; a sentence where the bits were not judged."""
    if llr is None:
        return (
            '<section><h2>How honest the bits are</h2>\n<p class="muted">Not measured: there is no '
            "calibration, or nothing was observed that it had not seen.</p></section>\n"
        )
    return (
        f"<section><h2>How honest the bits are</h2>\n{_sentences(llr)}"
        f'<div class="plots">{_tippett(llr)}{_entropy(llr)}{_observed(llr)}</div>\n'
        f"<h3>Stated and observed</h3>\n{_stated(llr)}</section>\n"
    )


def _sentences(llr: Likelihood) -> str:
    interval = ""
    if llr["cllr_low"] is not None and llr["cllr_high"] is not None:
        interval = f" (95 % interval by family {llr['cllr_low']:.4f} to {llr['cllr_high']:.4f})"
    else:
        interval = " (of too few families for an interval)"
    of_which = llr["cllr"] - llr["cllr_min"]
    weighing = (
        "each family counts the same" if llr.get("weighing", "family") == "family" else "each body counts"
    )
    lines = [
        f"{number(llr['mates'])} mates (bodies that do derive from the part) and {number(llr['non_mates'])} "
        f"non-mates (unrelated bodies) of {number(llr['families'])} families; {weighing}.",
        f"<b>Cllr {llr['cllr']:.4f}</b>{interval}: what the bits cost who believes them, 0 for perfect and "
        f"1 for saying nothing. Of it {llr['cllr_min']:.4f} (Cllr_min) is lost because mates and non-mates "
        f"overlap, and {max(of_which, 0.0):.4f} (Cllr_cal) because bits are too many or too few.",
    ]
    if "misleading_mates" in llr and "misleading_non_mates" in llr:
        lines.append(
            f"Misleading: {_misled(llr['misleading_mates'])} mates have less than 0 bits, "
            f"{_misled(llr['misleading_non_mates'])} non-mates more than 0."
        )
    return "".join(f"<p>{line}</p>\n" for line in lines)


def _misled(row: Misleading) -> str:
    return (
        f"{number(row['hits'])} of {number(row['of'])} (by family {_percent(row['share'])}, "
        f"{_percent(row['low'])} to {_percent(row['high'])})"
    )


def _percent(value: float) -> str:
    """Two digits that mean something, however small."""
    if value == 0:
        return "0 %"
    digits = max(0, min(6, 1 - math.floor(math.log10(100 * value))))
    return f"{100 * value:.{digits}f} %"


def _tippett(llr: Likelihood) -> str:
    curves = llr["tippett"]
    if not curves["bits"]:
        return ""
    low, high = min(curves["bits"]), max(curves["bits"])
    x = Axis(low, max(high, low + 1), [(value, f"{value:g}") for value in ticks(low, high, 8)], "bits")
    y = Axis(0, 1, [(k / 4, f"{25 * k} %") for k in range(5)], "share with at least so many")
    return chart(
        "Tippett plot: the share of mates and of non-mates with at least so many bits. The farther apart, "
        "and the better parted at 0, the better.",
        x,
        y,
        [
            Line("mates", "p-a", curves["bits"], curves["mates"], stepped=True),
            Line("non-mates", "p-b", curves["bits"], curves["non_mates"], stepped=True),
        ],
    )


def _entropy(llr: Likelihood) -> str:
    curves = llr["ece"]
    odds = curves["log10_prior_odds"]
    if not odds:
        return ""
    most = max([1.0, *curves["system"]])
    low, high = min(odds), max(odds)
    x = Axis(low, max(high, low + 1), [(value, _odds(value)) for value in ticks(low, high, 5)], "prior odds")
    top = min(most, _MOST_ENTROPY)
    y = Axis(0, top, [(value, f"{value:g}") for value in ticks(0, top, 6)], "cross-entropy, bits")
    cut = " Above, it goes on beyond the plot." if most > _MOST_ENTROPY else ""
    return chart(
        "Empirical cross-entropy: how surprised by the truth is who adds the bits to prior odds. Below the "
        f"dotted line they help; the gap to the dashed one is lost to calibration.{cut}",
        x,
        y,
        [
            Line("the bits", "p-a", odds, curves["system"]),
            Line("best possible of this order (PAV)", "p-b", odds, curves["pav"]),
            Line("no evidence", "p-plain", odds, curves["neutral"]),
        ],
    )


def _odds(log10: float) -> str:
    """`1:1,000`, `10:1`."""
    if not float(log10).is_integer():
        return ""
    size = f"{10 ** abs(int(log10)):,}" if abs(log10) < 7 else f"10^{abs(int(log10))}"
    return f"{size}:1" if log10 > 0 else f"1:{size}"


def _observed(llr: Likelihood) -> str:
    rows = [row for row in llr["stated"] if row["stated"] > 0]
    if not rows:
        return ""
    least = min(_FLOOR, *(math.floor(math.log10(row["stated"])) - 1 for row in rows))
    labels = [(k, "1" if k == 0 else f"1 in {10**-k:,}") for k in range(least + 1, 1)]
    x = Axis(least, 0, labels[::2], "stated")
    y = Axis(least, 0, [(least, "none"), *labels], "observed")
    whiskers = [
        Whisker(
            math.log10(row["stated"]),
            _log(_seen(row), least),
            _log(row["low"], least),
            _log(row["high"], least),
            "p-a" if row["holds"] else "p-bad",
            hollow=not _seen(row),
        )
        for row in rows
    ]
    return chart(
        "Stated against observed: the share of non-mates with the bits that should come to 1 in 10, 1 in "
        "100 and so on of them by chance, and its interval on families. A statement keeps at or below the "
        "dotted line.",
        x,
        y,
        [Line("as stated", "p-plain", [least, 0], [least, 0])],
        whiskers,
    )


def _seen(row: Stated) -> float:
    """The share observed; by family where it was counted so."""
    plain = row["non_mates_at_or_above"] / row["of"] if row["of"] else 0.0
    return row.get("share", plain)


def _log(value: float, least: int) -> float:
    return max(math.log10(value), least) if value > 0 else least


def _stated(llr: Likelihood) -> str:
    heads = ["stated", "bits", "non-mates", "observed", "95 % interval by family", "verdict"]
    return table(heads, [_stated_row(row) for row in llr["stated"]])


def _stated_row(row: Stated) -> list[Cell]:
    families = ""
    if "families_at_or_above" in row and "families" in row:
        families = f", {number(row['families_at_or_above'])} of {number(row['families'])} families"
    verdict = _VERDICTS[row.get("verdict", "within" if row["holds"] else "more")]
    observed = _percent(row["share"]) if "share" in row else share(row["non_mates_at_or_above"], row["of"])
    return [
        Cell(f"<b>1 in {1 / row['stated']:,.0f}</b>" if row["stated"] else "<b>never</b>"),
        Cell(f"{row['bits']:.2f}", "n", "bits"),
        Cell(f"{number(row['non_mates_at_or_above'])} of {number(row['of'])}{families}", "n", "non-mates"),
        Cell(observed, "n", "observed"),
        Cell(f"{_percent(row['low'])} to {_percent(row['high'])}", "n", "95 % interval by family"),
        Cell(verdict, "" if row["holds"] else "bad", "verdict"),
    ]
