"""A job's habits, of how it is worded and of how it goes about its parts; comments are not asked."""

from __future__ import annotations

from partwatch.model.toolpath import Toolpath
from partwatch.provenance.manner import manner_of
from partwatch.provenance.slicers import MANNER, WORDING, Habits
from partwatch.provenance.wording import wording_of
from partwatch.toolpath.runs import Runs, runs_of

# Of a job with fewer moves too little is seen.
LEAST_MOVES = 500


def habits_of(text: bytes, path: Toolpath, runs: Runs | None = None) -> Habits:
    """text: the job's; path: its moves. runs: of the path, where they are known."""
    return {WORDING: wording_of(text), MANNER: manner_of(path, runs_of(path) if runs is None else runs)}
