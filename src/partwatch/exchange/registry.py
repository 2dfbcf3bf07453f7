"""Every format by its name, and the one way to export."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from partwatch.case.store import CaseStore
from partwatch.case.view import CaseView
from partwatch.exchange import case_uco, ftm, ftm_statements, graphml, misp, stix
from partwatch.exchange.base import TLP, Counts, Entity, Exporter, ExportSummary, Options
from partwatch.exchange.material import Material
from partwatch.exchange.writing import Sink
from partwatch.model.errors import UsageError

EXPORTERS: Final[dict[str, Exporter]] = {
    one.name: one
    for one in (
        ftm.EXPORTER,
        ftm_statements.CSV_EXPORTER,
        ftm_statements.JSON_EXPORTER,
        case_uco.EXPORTER,
        misp.EXPORTER,
        stix.EXPORTER,
        graphml.EXPORTER,
    )
}
_MOMENT: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")


class _Counted(Material):
    """Counts what goes out, in whichever pass it was."""

    def __init__(self, view: CaseView, store: CaseStore, options: Options) -> None:
        super().__init__(view, store, options)
        self.entities_out = 0
        self.statements_out = 0

    def entities(self) -> Iterator[Entity]:
        self.entities_out = self.statements_out = 0
        for one in super().entities():
            self.entities_out += 1
            self.statements_out += len(one.said)
            yield one


def export(view: CaseView, store: CaseStore, kind: str, out: BinaryIO, options: Options) -> ExportSummary:
    """Write what the options choose of a case to a stream of bytes. The same case, options and version: the
    same bytes. Raises UsageError for a kind or options that mean nothing, before anything is written;
    StoreError."""
    exporter = EXPORTERS.get(kind)
    if exporter is None:
        raise UsageError(f"{kind}: no such export; there are {', '.join(EXPORTERS)}")
    if not _MOMENT.fullmatch(options.at):
        raise UsageError(f"{options.at}: is no moment; write 2026-01-31T12:00:00Z")
    if options.tlp not in TLP:
        raise UsageError(f"{options.tlp}: no such level; there are {', '.join(TLP)}")
    material = _Counted(view, store, options)
    sink = Sink(out)
    counts = Counts()
    own = exporter.write(material, sink)
    counts.add("entities", material.entities_out)
    counts.add("statements", material.statements_out)
    counts.add("sources", len(material.standing))
    for name, count in own.items():
        counts.add(name, count)
    return ExportSummary(kind, counts.of, material.left_out, sink.sha256, sink.size_bytes)
