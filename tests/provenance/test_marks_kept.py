"""What workers keep of a content is whole whenever it is looked at, however many keep the same."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

from examples.writers import marked

from partwatch.formats import ReadLimits
from partwatch.model.document import Finding, Item
from partwatch.provenance.marks.job import Reader
from partwatch.provenance.marks.of_files import _kept
from partwatch.provenance.marks.sources import marks_of


def test_marks_are_never_half_there_while_another_worker_keeps_the_same_content(tmp_path: Path) -> None:
    data = marked.prusa_job()
    sha256 = hashlib.sha256(data).hexdigest()
    found, reader, stop = marks_of(data, ReadLimits()), Reader(tmp_path), threading.Event()
    item = Item(
        path="a.gcode", member=None, sha256=sha256, format="gcode", finding=Finding.CLEAR, complete=True,
        reasons=(), bodies=(),
    )  # fmt: skip
    reader._keep(sha256, found)

    def again_and_again() -> None:
        while not stop.is_set():
            reader._keep(sha256, found)

    other = threading.Thread(target=again_and_again)
    other.start()
    try:
        seen = [_kept(item, tmp_path) for _ in range(400)]
    finally:
        stop.set()
        other.join()
    assert all(kept is not None and kept.marks == found.marks for kept in seen)
    assert [path.name for path in tmp_path.iterdir()] == [f"{sha256}.json"]
