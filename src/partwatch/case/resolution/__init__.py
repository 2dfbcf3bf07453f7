"""Which records of a case are of one person, company or address: scored, weighed, merged, or asked."""

from partwatch.case.resolution.policy import Policy
from partwatch.case.resolution.queue import explain, queue, undo
from partwatch.case.resolution.run import resolve

__all__ = ["Policy", "explain", "queue", "resolve", "undo"]
