"""Which items of a case together hold a listed design: sightings from its matches, groups from its graph."""

from partwatch.case.assemblies.base_rates import BaseRates, base_rates
from partwatch.case.assemblies.difference import difference
from partwatch.case.assemblies.document import CaseTelling, assemblies_of
from partwatch.case.assemblies.plans import ListedPlans, listed_plans

__all__ = [
    "BaseRates",
    "CaseTelling",
    "ListedPlans",
    "assemblies_of",
    "base_rates",
    "difference",
    "listed_plans",
]
