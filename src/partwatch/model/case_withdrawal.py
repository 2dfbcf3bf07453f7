"""What a withdrawal changes in a case."""

from __future__ import annotations

from typing import Final, Literal

from partwatch.model.case_assemblies import AssembliesDifference
from partwatch.model.case_difference import CaseDifferenceDocument
from partwatch.model.document import Record

SCHEMA: Final = "partwatch-case-withdrawal-1"


class CaseWithdrawalDocument(Record):
    """A source falls (or stands again: `stands`): links, entities, merges and answers that change, and the
    assemblies."""

    schema_version: Literal["partwatch-case-withdrawal-1"] = SCHEMA
    source: int
    stands: bool
    network: CaseDifferenceDocument
    assemblies: AssembliesDifference
