"""The result as the HTML report's script needs it: sentences and numbers, every string already visible.

What is said, and in which words, is decided here and in `words`; the script only lays it out.
"""

from __future__ import annotations

import json
import math
from typing import Any

from partwatch.model.document import Body, Evidence, Finding, Header, Item, Match, MatchFinding, Summary
from partwatch.report import weight, words
from partwatch.report.escape import visible
from partwatch.report.pictures import Blocks

Facts = dict[str, Any]

NO_PICTURE = "No picture was kept; run it again with --views, or with --html."
GHOST_NOTICE = "This picture contains listed geometry: the listed part is drawn as a violet ghost."


def row(item: Item, header: Header) -> list[Any]:
    """One line of the overview; the order is the script's `COLUMNS`."""
    best = words.best_match(item)
    match = best[1] if best else None
    sizes = f"{len(item.bodies):,} {'body' if len(item.bodies) == 1 else 'bodies'}"
    about = [visible(item.format) if item.format else "unknown format", *([sizes] if item.bodies else [])]
    return [
        item.finding.value,
        words.place(item),
        " · ".join(about),
        words.target(match) if match else "",
        _relation(match) if match else _why(item),
        _sortable(match.coverage_part) if match else -1,
        words.percent(match.coverage_part) if match else "",
        _sortable(match.deviation_mm.p95) if match else -1,
        words.millimetres(match.deviation_mm.p95) if match else "",
        _sortable(match.score) if match else -1,
        item.sha256 or "",
        0 if item.complete else 1,
        1 if words.is_accepted_clear(item) else 0,
        weight.bits_of(match) if match else None,
        weight.compact(match) if match else "",
        (weight.support(match) or "") if match else "",
        (weight.limit(match, header) or "") if match else "",
    ]


def _relation(match: Match) -> str:
    return words.RELATIONS[match.relation] + ("; accepted" if match.accepted is not None else "")


def _sortable(value: float) -> float:
    """The value, or -1 for what JSON has no word for."""
    return value if math.isfinite(value) else -1


def _why(item: Item) -> str:
    return visible(item.reasons[0].message) if item.reasons else ""


def details(item: Item, header: Header, blocks: Blocks) -> Facts:
    """All of one item; pictures and views are put into `blocks` and named by their keys."""
    return {
        "meaning": words.meaning(item),
        "facts": [
            ["SHA-256", visible(item.sha256) if item.sha256 else "not known"],
            ["Format", visible(item.format) if item.format else "not known"],
            ["Read completely", "yes" if item.complete else "no"],
        ],
        "reasons": [[visible(reason.message), visible(reason.code)] for reason in item.reasons],
        "bodies": [_body(body, header, blocks) for body in item.bodies],
    }


def _body(body: Body, header: Header, blocks: Blocks) -> Facts:
    unit = f"{body.unit.value} ({body.unit_source.value})"
    return {
        "title": words.body_title(body),
        "size": words.extents(body),
        "triangles": f"{body.triangles:,} {'triangle' if body.triangles == 1 else 'triangles'}",
        "unit": unit,
        "notes": [visible(note) for note in body.notes],
        "matches": [_match(body, match, header, blocks) for match in body.matches],
    }


def _match(body: Body, match: Match, header: Header, blocks: Blocks) -> Facts:
    picture = blocks.add(match)
    return {
        "title": words.target(match),
        "finding": match.finding.value,
        "relation": words.RELATIONS[match.relation],
        "explained": words.RELATIONS_EXPLAINED[match.relation],
        "sentences": [words.coverage(match), words.coverage_back(match)],
        "accepted": words.accepted(match),
        "remarks": words.remarks(body, match),
        "generic": words.GENERIC if words.is_generic(match, header) else None,
        "weight": weight.facts(match, header),
        "meaning": words.MATCH_FINDINGS[match.finding],
        "raw": _raw(match),
        "transform": [[f"{value:.6g}" for value in line] for line in match.T_part_body],
        "picture": picture or NO_PICTURE,
        "ghost": GHOST_NOTICE if match.view is not None and match.view.part_positions is not None else None,
    }


def _raw(match: Match) -> list[list[str]]:
    deviation = match.deviation_mm
    values: dict[str, Any] = {
        "finding": match.finding.value,
        "relation": match.relation.value,
        "medium": match.medium.value,
        "scale": match.scale,
        "scale_ambiguous": match.scale_ambiguous,
        "mirrored": match.mirrored,
        "coverage_part": match.coverage_part,
        "coverage_body": match.coverage_body,
        "tolerance_mm": match.tolerance_mm,
        "deviation_mm.median": deviation.median,
        "deviation_mm.p95": deviation.p95,
        "deviation_mm.max": deviation.max,
        "score": match.score,
        "bits": match.bits,
        "distinctiveness": match.distinctiveness,
        **_raw_evidence(match.evidence),
    }
    return [[name, value if isinstance(value, str) else json.dumps(value)] for name, value in values.items()]


def _raw_evidence(evidence: Evidence | None) -> dict[str, Any]:
    if evidence is None:
        return {}
    return {
        "evidence.bound": evidence.bound,
        "evidence.at_bound": evidence.at_bound,
        "evidence.false_per_10000": evidence.false_per_10000,
        "evidence.support": evidence.support.value,
    }


def overview(header: Header, summary: Summary) -> Facts:
    """What the page's top and bottom say."""
    policy = header.policy
    return {
        "counts": {finding.value: summary.findings.get(finding, 0) for finding in Finding},
        "items": summary.items,
        "bodies": summary.bodies,
        "incomplete": summary.incomplete,
        "accepted": summary.accepted,
        "weighed": header.calibration is not None,
        "basis": weight.rests_on(header.basis) if header.basis is not None else [],
        "unweighed": None if header.calibration else words.UNCALIBRATED_RESULT,
        "bits": {"meaning": weight.MEANING, "claimed": weight.NOT_CLAIMED, "words": weight.verbal_scale()},
        "meanings": {finding.value: words.FINDINGS[finding] for finding in Finding},
        "candidate": words.MATCH_FINDINGS[MatchFinding.CANDIDATE],
        "made": [
            ["As of", visible(header.as_of)],
            ["Watch-list version", visible(header.watchlist.version)],
            ["Watch-list size", f"{header.watchlist.designs:,} designs, {header.watchlist.parts:,} parts"],
            ["Program", f"partwatch {visible(header.program_version)}"],
            ["Fingerprint version", visible(header.fingerprint_version)],
            ["Calibration", visible(header.calibration) if header.calibration else "none yet, so no bits"],
            ["Policy", visible(policy.name)],
            ["Baseline", visible(header.baseline) if header.baseline else "none"],
            ["Schema version", visible(header.schema_version)],
        ],
        "thresholds": [[visible(name), f"{value:g}"] for name, value in sorted(policy.thresholds.items())],
    }
