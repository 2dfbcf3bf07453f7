"""An evaluation as one HTML page that opens anywhere, offline, without a script.

It only reads the evaluation (model/evaluation.py). Strings in it are outsiders' (names of parts, classes,
populations): each is made visible and escaped where it becomes markup.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from partwatch.model.evaluation import Evaluation, FalseAlerts, Recall, checked
from partwatch.report import evaluation_bits, evaluation_disguises
from partwatch.report.escape import visible
from partwatch.report.markup import Cell, number, said, share, table, words_of
from partwatch.report.page import head
from partwatch.report.plots import Axis, scale_of, strip, ticks

# More rows than this help nobody on a page; the JSON has all.
MOST_ROWS = 200

_GROUPS = (
    ("change", "Recall by class of change", "A listed part, changed in one way, written and screened."),
    ("relation", "Recall by relation", "The same trials, by what the copy is to the part."),
    ("size", "Recall by size", "The same trials, by the root mean square radius of the part."),
    (
        "disguise",
        "Recall of disguised parts",
        "A listed part cut, joined to a body, edited or scanned; found as itself or as a near-duplicate "
        "of it in the list.",
    ),
    (
        "surviving",
        "Disguised parts by the surface left",
        "The same, by how much of the part's surface is left; of revisions, in its own place.",
    ),
    (
        "telling",
        "Pieces that carry enough of their own to be told",
        "Laid where they were cut out, by who knows: whether what coincides is rare enough. Of the others no "
        "search could say whose they are.",
    ),
    (
        "revision",
        "Revisions",
        "One revision of a part screened against a list that holds another, and one of each other part.",
    ),
)
_NOT_CLAIMED = (
    "Bits weigh two statements against each other: this body derives from the listed part, or it is an "
    "unrelated printed body of the population named above. They do not say what an object is for, who made "
    "it, or that anybody did wrong.",
    "They are not the probability that a body derives from a part. That also depends on what else is known, "
    "which is for a person, or a court, to judge.",
    "Among other bodies than those of this population, the figures may be others.",
    "Recall is that of changes made by our own code to parts of this corpus. What is not in the tables was "
    "not tried: assume that it is missed.",
    "No false alert among so many bodies is not none ever: the upper bound beside it is what was shown. What "
    "is labelled an estimate rests on a model of the tail, not on a count.",
    "Revisions of a part are related to it, so they count neither as mates nor as non-mates.",
)


def page(evaluation: Mapping[str, Any]) -> str:
    """The whole page; the same evaluation gives the same text. DocumentError where it is none."""
    known = checked(evaluation)
    sections = [
        _cards(known),
        _false(known),
        *(_recall(known, *group) for group in _GROUPS),
        evaluation_disguises.section(known.get("disguises", [])),
        _aside(known),
        evaluation_bits.section(known["llr"]),
        _not_claimed(),
        _misses(known),
        _wrong(known),
    ]
    begin = head("Evaluation", ("report.css", "evaluation.css"))
    return f"{begin}{_made(known)}</header>\n<main>\n{''.join(sections)}</main>\n{_foot()}"


def _made(known: Evaluation) -> str:
    population = known["population"]
    calibration = "none" if known["calibration"] is None else said(known["calibration"])
    return (
        f'<p class="muted">{number(known["list_parts"])} parts listed; measured against '
        f"{number(population['bodies'])} benign bodies, {number(population['families'])} families of "
        f"near-duplicates, {number(population['projects'])} projects: {said(population['name'])}.</p>"
        f'<p class="muted">Partwatch {said(known["program_version"])}, fingerprint '
        f"{said(known['fingerprint_version'])}, calibration {calibration}, seed {said(known['seed'])}.</p>\n"
    )


def _cards(known: Evaluation) -> str:
    cards = []
    for alerts in known["false"]:
        cards.append(
            _card(
                number(alerts["hits"]),
                f"false {words_of(alerts['finding'])}",
                f"of {number(alerts['bodies'])} benign bodies; at most "
                f"{_rate(alerts['family_upper_per_10000'])} in 10,000, by family",
            )
        )
    changes = [row for row in known["recall"] if row["group"] == "change"]
    if changes:
        worst = min(changes, key=lambda row: row["hits"] / max(row["trials"], 1))
        cards.append(_card(share(worst["hits"], worst["trials"]), "least recall", said(worst["class"])))
    if known["llr"] is not None:
        cards.append(
            _card(
                f"{known['llr']['cllr']:.3f}",
                "Cllr",
                f"0 is perfect, 1 says nothing; {number(known['llr']['mates'])} mates, "
                f"{number(known['llr']['non_mates'])} non-mates",
            )
        )
    return f'<div class="cards">{"".join(cards)}</div>\n'


def _card(figure: str, name: str, note: str) -> str:
    return f'<div class="card"><b>{figure}</b><span>{name}</span><small>{note}</small></div>'


def _section(title: str, *content: str) -> str:
    return f"<section><h2>{title}</h2>\n{''.join(content)}</section>\n"


def _recall(known: Evaluation, group: str, title: str, about: str) -> str:
    rows = [row for row in known["recall"] if row["group"] == group]
    if not rows:
        return _section(title, '<p class="muted">Not measured.</p>')
    low = math.floor(20 * min(min(row["low"], row["family_low"]) for row in rows)) / 20
    axis = Axis(
        min(low, 0.95),
        1.0,
        [(value, f"{100 * value:.0f} %") for value in ticks(min(low, 0.95), 1.0, 4)],
        "recall",
    )
    heads = ["class", "found", "recall", scale_of(axis), "95 % interval", "by family"]
    return _section(
        title,
        f"<p>{about} A trial counts only where that part itself is found. Intervals are exact; the plot "
        f"shows those by family, from {100 * axis.low:.0f} to 100&nbsp;%.</p>",
        table(heads, [_recall_row(row, axis) for row in rows]),
    )


def _recall_row(row: Recall, axis: Axis) -> list[Cell]:
    value = row["hits"] / row["trials"] if row["trials"] else 0.0
    at = "" if row["at"] == "match" else ' <span class="muted">(at review)</span>'
    return [
        Cell(said(row["class"]) + at),
        Cell(f"{number(row['hits'])} of {number(row['trials'])}", "n"),
        Cell(f"<b>{share(row['hits'], row['trials'])}</b>", "n"),
        Cell(strip(axis, value, row["family_low"], row["family_high"]), "w-plot"),
        Cell(_interval(row["low"], row["high"]), "n", "95 % interval"),
        Cell(_interval(row["family_low"], row["family_high"]), "n", "by family"),
    ]


def _interval(low: float, high: float) -> str:
    return f"{100 * low:.1f} to {100 * high:.1f} %"


def _false(known: Evaluation) -> str:
    if not known["false"]:
        return _section("False alerts", '<p class="muted">Not measured.</p>')
    axis = Axis(-1, 4, [(-1, "none"), (1, "10"), (2, "100"), (4, "10,000")], "false alerts per 10,000 bodies")
    heads = ["finding", "bodies", "in 10,000", scale_of(axis), "at most", "at most, by family", "estimate"]
    return _section(
        "False alerts per 10,000 benign bodies",
        "<p>Bodies that derive from no listed part, and what they raised. Bounds are one-sided, exact at "
        "95&nbsp;%; by family, near-duplicates count once. The estimate is the tail model's. The plot runs "
        "from the rate to the bound by family, in powers of ten from none to 10,000.</p>",
        table(heads, [_false_row(row, axis) for row in known["false"]]),
    )


def _false_row(row: FalseAlerts, axis: Axis) -> list[Cell]:
    value, most = (math.log10(max(rate, 0.1)) for rate in (row["per_10000"], row["family_upper_per_10000"]))
    estimated = row["estimated_per_10000"]
    return [
        Cell(f"<b>{said(row['finding'])}</b>"),
        Cell(f"{number(row['hits'])} of {number(row['bodies'])}", "n"),
        Cell(f"<b>{_rate(row['per_10000'])}</b>", "n"),
        Cell(strip(axis, value, value, max(value, most)), "w-plot"),
        Cell(_rate(row["upper_per_10000"]), "n", "at most, one-sided 95 %"),
        Cell(_rate(row["family_upper_per_10000"]), "n", "at most, by family"),
        Cell("none" if estimated is None else _rate(estimated), "n", "estimate by the tail model"),
    ]


def _rate(per_10000: float) -> str:
    """A rate, never zero unless it is."""
    if 0 < per_10000 < 0.01:
        return "&lt; 0.01"
    digits = 0 if per_10000 >= 100 or per_10000 == 0 else 1 if per_10000 >= 1 else 2
    return f"{per_10000:,.{digits}f}"


def _aside(known: Evaluation) -> str:
    lines = []
    held = known["held_back"]
    if held is not None:
        lines.append(
            f"The goodware gate holds back {number(held['parts'])} of {number(held['of'])} parts "
            f"({share(held['parts'], held['of'])}): each would flag more than {_rate(held['gate_rate'])} in "
            "10,000 benign bodies. They are left out of recall."
        )
    revisions = known["revisions"]
    if revisions is not None and revisions["bits"] is not None:
        bits = revisions["bits"]
        lines.append(
            f"Revisions of one part against each other, {number(revisions['pairs'])} pairs: half have "
            f"between {bits['p25']:.1f} and {bits['p75']:.1f} bits (median {bits['p50']:.1f}), nine in ten "
            f"between {bits['p5']:.1f} and {bits['p95']:.1f}."
        )
    cost = known["cost"]["share"]
    if cost is not None:
        lines.append(f"Weighing takes {100 * cost:.1f} % of a screening's time.")
    if not lines:
        return ""
    return _section("Held back, revisions, cost", *(f"<p>{line}</p>" for line in lines))


def _not_claimed() -> str:
    items = "".join(f"<li>{line}</li>" for line in _NOT_CLAIMED)
    return _section("What is not claimed", f'<ul class="not-claimed">{items}</ul>')


def _misses(known: Evaluation) -> str:
    rows = [[Cell(said(kind)), Cell(said(part))] for kind, part in known["misses"][:MOST_ROWS]]
    return _folded("Parts that were missed", ["class", "part"], rows, len(known["misses"]))


def _wrong(known: Evaluation) -> str:
    shown = known["wrong"][:MOST_ROWS]
    keys = list(dict.fromkeys(key for facts in shown for key in facts))
    rows = [[Cell(_fact(facts.get(key)), label=visible(key)) for key in keys] for facts in shown if facts]
    return _folded("False alerts, one by one", [said(key) for key in keys], rows, len(known["wrong"]))


def _fact(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else said(value)


def _folded(title: str, heads: Sequence[str], rows: Sequence[Iterable[Cell]], total: int) -> str:
    if not total:
        return _section(title, '<p class="muted">None.</p>')
    left = f"<p>{number(total - len(rows))} more are in the JSON.</p>" if total > len(rows) else ""
    summary = f"<summary>{number(total)}, as a table</summary>"
    return _section(title, f'<details class="plain">{summary}{table(heads, rows)}{left}</details>')


def _foot() -> str:
    return (
        '<footer class="bottom"><p class="muted">Made by <span class="mono">partwatch evaluate</span>; run '
        "again with the same seed and corpus it gives the same figures. This file opens no network "
        "connection and runs no script.</p></footer>\n</body>\n</html>\n"
    )
