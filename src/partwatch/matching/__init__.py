"""Candidates, alignment, verification, relation: one body against the parts of a list."""

from partwatch.matching.matcher import FINGERPRINT_ONLY, Matcher
from partwatch.matching.policy import Policy

__all__ = ["FINGERPRINT_ONLY", "Matcher", "Policy"]
