"""A case in the words of others: followthemoney, CASE/UCO, MISP, STIX, GraphML.

One module a format, each an `Exporter` of the registry; what they write comes from `Material`, which chooses,
leaves out and replaces for all of them alike.
"""

from partwatch.exchange.base import TLP, Exporter, ExportSummary, Options
from partwatch.exchange.registry import EXPORTERS, export

__all__ = ["EXPORTERS", "TLP", "ExportSummary", "Exporter", "Options", "export"]
