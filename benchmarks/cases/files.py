"""The slow way out: a case as the files that carriers, banks and laboratories hand over.

Tables as CSV and XLSX with a mapping file each, phones as Telegram Desktop exports them, mail as mbox,
listings as WARC. What the laboratory found is no export but our own result: it stays a file of statements.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks.cases.mail_files import mbox
from benchmarks.cases.mappings import mapping_of
from benchmarks.cases.page_files import warc
from benchmarks.cases.phone_files import telegram
from benchmarks.cases.tables import Row, Table, written_of
from benchmarks.cases.workbook import workbook
from benchmarks.cases.world import World

SCREENED: Final = "screened"


def write_files(world: World, folder: Path) -> dict[str, str]:
    """Writes every source into a folder, the mappings into FOLDER/mappings, and sources.json. Returns the
    sha256 of each source by its table's name; of what is screened that of its rows."""
    from benchmarks.cases.said import digest_of

    (folder / "mappings").mkdir(parents=True, exist_ok=True)
    digests = {}
    for name, table in world.tables.items():
        if table.kind == SCREENED:
            digests[name] = digest_of(world, name)
            continue
        content = _WRITERS[table.kind](world, table)
        path = folder / file_name(table)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        digests[name] = hashlib.sha256(content).hexdigest()
        if table.kind == "table":
            mapping_path(folder, table).write_text(mapping_of(table), encoding="utf-8")
    told = json.dumps([_listed(table) for table in world.tables.values()], ensure_ascii=False, indent=1)
    (folder / "sources.json").write_text(told + "\n", encoding="utf-8")
    return digests


def _listed(table: Table) -> dict[str, str | None]:
    """A source among the others: where it lies, and whose words it is."""
    mapping = f"mappings/{mapping_path(Path(), table).name}" if table.kind == "table" else None
    path = None if table.kind == SCREENED else file_name(table)
    return {"name": table.name, "kind": table.kind, "path": path, "mapping": mapping,
            "said_by": table.said_by,
            "reliability": table.reliability.value, "legal_ref": table.legal_ref}  # fmt: skip


def file_name(table: Table) -> str:
    """The file of a source, in the folder of its case."""
    return {"telegram": f"{table.name}/result.json", "mail": f"{table.name}.mbox"}.get(table.kind, table.name)


def mapping_path(folder: Path, table: Table) -> Path:
    """The mapping file of a table."""
    return folder / "mappings" / f"{table.name.rpartition('.')[0]}.toml"


def _table(world: World, table: Table) -> bytes:
    rows = [list(table.heads.values())]
    rows += [
        [written_of(table, kept.row, column) for column in table.heads] for kept in world.rows[table.name]
    ]
    if table.name.endswith(".xlsx"):
        return workbook(rows)
    stream = io.StringIO()
    csv.writer(stream, delimiter=table.delimiter, lineterminator="\r\n").writerows(rows)
    return stream.getvalue().encode("utf-8-sig" if table.delimiter == ";" else "utf-8")


def _rows(world: World, table: Table) -> list[Row]:
    return [kept.row for kept in world.rows[table.name]]


_WRITERS: Final[dict[str, Callable[[World, Table], bytes]]] = {
    "table": _table,
    "telegram": lambda world, table: telegram(_rows(world, table)),
    "mail": lambda world, table: mbox(_rows(world, table), world.files),
    "web": lambda world, table: warc(_rows(world, table)),
}
