"""What a file is is told in one pass, however often it almost is something: no pattern tries every way."""

from __future__ import annotations

import pytest

from partwatch.formats import amf, off, step, threemf
from partwatch.formats.worker import Failure, Limits, Task, WorkerPool

ALMOST = {
    "amf": b'<?xml version="1.0"?>' + b"<?a?> <!-- b --> " * 400 + b"<other/>",
    "amf with a type": b"<!-- a -->\n" * 800 + b"<!DOCTYPE html>",
    "3mf": b"\xef\xbb\xbf<?xml?>" + b"<!-- a -->" * 800 + b"<other/>",
    "step": b"/* a */ " * 1500 + b"ISO-10303-22;",
    "off": b"# OFF\n" * 1500 + b"OF",
}
RECOGNISERS = {"amf": amf, "3mf": threemf, "step": step, "off": off}


def recognise(payload: str) -> bytes:
    """In a worker: bytes `1` where some reader takes it for its own."""
    return str(int(any(reader.recognises(ALMOST[payload], 0) for reader in RECOGNISERS.values()))).encode()


@pytest.mark.parametrize("name", ALMOST)
def test_what_is_almost_a_file_is_refused_at_once(name: str) -> None:
    with WorkerPool[str](1, Limits(timeout_s=20, memory_mb=1024), "fuzz.worker:warm") as pool:
        task = Task("test_recognition_is_quick:recognise", {"payload": name}, name)
        ((_, outcome),) = pool.run([task])
    assert not isinstance(outcome, Failure), outcome
    assert outcome == b"0"


def test_prologs_are_still_passed_over() -> None:
    assert amf.recognises(b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- a <?b?> -->\n<amf unit="inch">', 0)
    assert amf.recognises(b"<!-- a --><!DOCTYPE amf>", 0)
    assert not amf.recognises(b"<!-- <amf> -->", 0)
    assert step.recognises(b"/* a ** b */ /**/ ISO-10303-21;", 0)
    assert not step.recognises(b"/* ISO-10303-21; */", 0)
