"""What changes when a source falls or stands again: the case with it and without it, compared."""

from __future__ import annotations

from collections.abc import Callable

from partwatch.case.assemblies import difference as assemblies_difference
from partwatch.case.graph.build import graph_of_case
from partwatch.case.graph.difference import difference
from partwatch.case.store import CaseStore
from partwatch.case.view import CaseView
from partwatch.model.case_assemblies import CaseAssembliesDocument
from partwatch.model.case_withdrawal import CaseWithdrawalDocument


def fallen(
    store: CaseStore,
    source: int,
    standing: bool,
    weighed: Callable[[CaseView], CaseAssembliesDocument],
) -> CaseWithdrawalDocument:
    """The difference that it makes, whatever was decided already. standing: whether it shall stand again.
    weighed: what assemblies of a view are worked out by."""
    whole, less = graph_of_case(store, standing=[source]), graph_of_case(store, [source])
    before, after = (less, whole) if standing else (whole, less)
    return CaseWithdrawalDocument(
        source=source,
        stands=standing,
        network=difference(before, after, store.questions()),
        assemblies=assemblies_difference(weighed(before.view), weighed(after.view)),
    )
