"""What a body was searched by is handed out: a fingerprint costs no second sampling, no finding changes."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import pytest
from listed import MemoryIndex, matcher_of

import parts
from partwatch.fingerprint.descriptor import fingerprint_of
from partwatch.fingerprint.surface import sample_surface
from partwatch.geometry.bodies import split_bodies
from partwatch.matching.matcher import Matcher
from partwatch.model.mesh import Mesh
from partwatch.screening import job
from partwatch.screening.job import Screener


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return matcher_of(MemoryIndex({name: parts.part_mesh(name) for name in ("bracket", "gear", "knob")}))


def obj(mesh: Mesh) -> bytes:
    rows = [f"v {x} {y} {z}\n" for x, y, z in mesh.vertices]
    return "".join([*rows, *(f"f {a} {b} {c}\n" for a, b, c in mesh.triangles + 1)]).encode()


def plate() -> Mesh:
    """A listed part, a copy of it half as large, a mirrored one, and something else."""
    knob = parts.part_mesh("knob")
    return parts.together(
        knob,
        parts.moved(knob, parts.motion(4, 300, scale=0.5)),
        parts.moved(knob, parts.motion(5, 600, mirrored=True)),
        parts.moved(parts.part_mesh("cam"), np.eye(3, 4, 3) * 900 + np.eye(3, 4)),
    )


def test_fingerprints_change_nothing_that_screen_tells(tmp_path: Path, matcher: Matcher) -> None:
    path = tmp_path / "plate.obj"
    path.write_bytes(obj(plate()))
    without, with_them = (Screener(matcher, prints=prints).screen(str(path), ()) for prints in (False, True))
    assert without.item.model_dump_json() == with_them.item.model_dump_json()
    assert without.prints == ()
    assert [one.body for one in with_them.prints] == [0, 1, 2, 3]


def test_a_body_is_sampled_once(tmp_path: Path, matcher: Matcher, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(mesh: Mesh) -> None:
        raise AssertionError("sampled again")

    path = tmp_path / "plate.obj"
    path.write_bytes(obj(plate()))
    monkeypatch.setattr(job, "sample_surface", never)
    assert len(Screener(matcher, prints=True).screen(str(path), ()).prints) == 4


def test_fingerprints_are_those_that_each_body_would_have_by_itself(tmp_path: Path, matcher: Matcher) -> None:
    path = tmp_path / "plate.obj"
    path.write_bytes(obj(plate()))
    answer = Screener(matcher, prints=True).screen(str(path), ())
    solids = split_bodies(plate())
    assert len(solids) == len(answer.prints)
    for solid, found in zip(solids, answer.prints, strict=True):
        alone = fingerprint_of(sample_surface(solid.mesh))
        told = np.frombuffer(base64.b64decode(found.descriptor), dtype="<f4")
        # Copies share the first one's samples, and so differ from their own by its rounding at most.
        assert np.linalg.norm(told - alone.descriptor) < 0.02
        assert found.radius_mm == pytest.approx(alone.radius, rel=1e-3)
        assert found.area_mm2 == pytest.approx(alone.area, rel=1e-3)


def test_without_a_list_there_are_fingerprints_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "knob.obj"
    path.write_bytes(obj(parts.part_mesh("knob")))
    (found,) = Screener(matcher_of(MemoryIndex({})), prints=True).screen(str(path), ()).prints
    assert found.radius_mm == pytest.approx(sample_surface(parts.part_mesh("knob")).radius, rel=1e-3)
