"""Candidates, alignment, verification, relation: one body against the parts of a list."""

from partwatch.matching.matcher import Matcher
from partwatch.matching.policy import Policy

__all__ = ["Matcher", "Policy"]
