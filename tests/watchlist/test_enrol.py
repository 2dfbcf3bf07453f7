"""From manifests to entries: parts are read in workers, and every part that cannot be is told."""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from watchlist_samples import design, local_features, opened, part, plain

from partwatch.fingerprint import CLOUD_SIZE, DESCRIPTOR_SIZE
from partwatch.fingerprint.feature_index import index_features
from partwatch.fingerprint.local import features_of_part
from partwatch.model.document import Medium
from partwatch.model.errors import ManifestError
from partwatch.watchlist.enrol import enrol
from partwatch.watchlist.manifest import Design, DesignPart
from partwatch.watchlist.store import Watchlist
from partwatch.watchlist.types import Counts, DesignEntry

SAMPLES = "worker_samples:sample_part"


@pytest.fixture(autouse=True)
def _workers_find_the_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)]))


def declared(folder: Path, name: str, *contents: str) -> Design:
    """A design whose part files say what the worker shall answer."""
    parts = []
    for place, content in enumerate(contents):
        file = folder / f"{name}-{place}.txt"
        file.write_text(content)
        parts.append(DesignPart(f"part {content}", file, quantity=place + 1))
    return Design(
        name,
        "Example Authority",
        "for the test",
        date(2030, 6, 30),
        None,
        tuple(parts),
        folder / f"{name}.toml",
    )


def test_entries_carry_what_the_workers_answered_in_the_manifests_order(tmp_path: Path) -> None:
    designs = [declared(tmp_path, f"d{k}", *(str(3 * k + place) for place in range(3))) for k in range(4)]
    steps: list[None] = []
    found = {
        entry.name: plain(entry)
        for entry in enrol(designs, 2, task=SAMPLES, progress=lambda: steps.append(None))
    }
    expected = {
        f"d{k}": plain(
            design(
                f"d{k}",
                *(
                    part(
                        3 * k + place,
                        quantity=place + 1,
                        required=True,
                        source_name=f"d{k}-{place}.txt",
                        gate=None,
                        features=local_features(3 * k + place),
                    )
                    for place in range(3)
                ),
            )
        )
        for k in range(4)
    }
    assert found == expected
    assert len(steps) == 12


def test_every_part_that_cannot_be_read_is_told_and_nothing_is_added(tmp_path: Path) -> None:
    designs = [
        declared(tmp_path, "a", "1", "damaged"),
        declared(tmp_path, "b", "2"),
        declared(tmp_path, "c", "nonsense", "crash", "bomb", "stray features", "zero features"),
    ]
    watchlist = opened(tmp_path)
    with pytest.raises(ManifestError) as caught:
        watchlist.add(enrol(designs, 2, task=SAMPLES))
    told = caught.value.problems
    assert told[0] == (
        f'{tmp_path}/a.toml: part "part damaged", a-1.txt: the bytes end early; get the file again'
    )
    places = [
        f'{tmp_path}/c.toml: part "part {what}", c-{k}.txt: '
        for k, what in enumerate(["nonsense", "crash", "bomb", "stray features", "zero features"])
    ]
    assert [line.startswith(place) for line, place in zip(told[1:], places, strict=True)] == [True] * 5
    assert "reading it failed (crashed)" in told[2]
    assert "compressed arrays" in told[3]
    assert "local features of uint8(3, 35), not (n, 36) bytes" in told[4]
    assert "the facing of a local feature is not of unit length" in told[5]
    assert watchlist.counts() == Counts(0, 0, 0)


def _stl(triangles: np.ndarray) -> bytes:
    records = np.zeros(len(triangles), dtype=[("n", "<f4", 3), ("v", "<f4", (3, 3)), ("a", "<u2")])
    records["v"] = triangles
    return bytes(80) + struct.pack("<I", len(triangles)) + records.tobytes()


def _bracket() -> np.ndarray:
    """Triangles of a tetrahedron with legs of 30, 20 and 10 mm."""
    a, b, c, d = np.array([[0, 0, 0], [30, 0, 0], [0, 20, 0], [0, 0, 10]], dtype=float)
    return np.array([[a, c, b], [a, b, d], [a, d, c], [b, c, d]])


def _real(folder: Path, content: bytes) -> Iterator[DesignEntry]:
    file = folder / "bracket.stl"
    file.write_bytes(content)
    parts = (DesignPart("bracket", file),)
    return enrol([Design("d", "Example", "because", date(2030, 1, 1), None, parts, folder / "d.toml")])


def test_a_real_file_is_read_printed_and_stored(tmp_path: Path) -> None:
    watchlist = Watchlist.open(tmp_path / "home", create=True)
    watchlist.add(_real(tmp_path, _stl(_bracket())))
    (entry,) = watchlist.entries()
    (known,) = entry.parts
    assert (known.medium, known.triangles, known.extents_mm) == (Medium.MESH, 4, (30.0, 20.0, 10.0))
    assert known.area_mm2 == pytest.approx(300 + 150 + 100 + 350, rel=0.02)
    assert known.mesh is not None
    assert known.mesh.vertices.shape == (4, 3)
    assert [one.shell for one in known.prints] == [-1]
    assert known.prints[0].descriptor.shape == (DESCRIPTOR_SIZE,)
    assert known.prints[0].cloud is not None
    assert known.prints[0].cloud.shape == (CLOUD_SIZE, 6)
    assert plain(known.features) == plain(features_of_part(known.mesh))
    assert known.features is not None
    assert len(known.features) > 10
    with watchlist.snapshot() as snapshot:
        assert plain(snapshot.features) == plain(index_features([known.features]))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"no format at all", 'd.toml: part "bracket", bracket.stl: '),
        (_stl(_bracket())[:-10], 'd.toml: part "bracket", bracket.stl: '),
        (_stl(np.zeros((5, 3, 3))), "it has no surface"),
        (_stl(np.concatenate([_bracket(), np.full((1, 3, 3), np.nan)])), "not all of it can be read"),
    ],
)
def test_a_real_file_that_cannot_be_read_whole_is_told(tmp_path: Path, content: bytes, problem: str) -> None:
    with pytest.raises(ManifestError, match=problem):
        list(_real(tmp_path, content))
