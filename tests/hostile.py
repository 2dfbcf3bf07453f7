"""Files with numbers that no part has, counts that no file keeps, and references that never end.

CASES: by name, the bytes and what is right to make of them: `read`, or the code of the reason.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np

from partwatch.formats import FORMATS
from partwatch.formats.amf.examples import amf, constellation, instance, wedge, zipped
from partwatch.formats.gltf.examples import Builder
from partwatch.formats.step_example import box
from partwatch.formats.stl import write_binary
from partwatch.formats.stl_ascii import write_solid
from partwatch.formats.threemf.examples import WEDGE, model, package
from partwatch.model.errors import DamagedError, LimitError, UnsupportedError

READ = "read"
DAMAGED, LIMIT, UNSUPPORTED = DamagedError.code, LimitError.code, UnsupportedError.code

_CORNERS = np.array([[0, 0, 0], [10, 0, 0], [0, 6, 0], [0, 0, 4]], dtype=np.float64)
_FACES = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])
_EXAMPLES = {known.name: known.examples() for known in FORMATS}


def _binary_stl(text: str) -> bytes:
    corners = _CORNERS.copy()
    corners[1, 0] = float(text)
    with np.errstate(over="ignore"):
        return write_binary(corners[_FACES].astype("<f4"))


def _ascii_stl(text: str) -> bytes:
    return write_solid("a", _CORNERS[_FACES]).replace(b"1.000000e+01", text.encode())


def _obj(text: str) -> bytes:
    return _EXAMPLES["obj"]["triangles"].replace(b"v 10 ", f"v {text} ".encode())


def _off(text: str) -> bytes:
    rows = "".join(f"{x:g} {y:g} {z:g}\n" for x, y, z in _CORNERS) + "".join(
        f"3 {a} {b} {c}\n" for a, b, c in _FACES
    )
    return f"OFF\n4 4 0\n{rows}".replace("10", text).encode()


def _ply(text: str) -> bytes:
    rows = "".join(f"{x:g} {y:g} {z:g}\n" for x, y, z in _CORNERS) + "".join(
        f"3 {a} {b} {c}\n" for a, b, c in _FACES
    )
    return (
        "ply\nformat ascii 1.0\nelement vertex 4\nproperty double x\nproperty double y\nproperty double z\n"
        f"element face 4\nproperty list uchar int vertex_indices\nend_header\n{rows.replace('10', text)}"
    ).encode()


def _3mf(text: str) -> bytes:
    mesh = WEDGE.replace('x="10"', f'x="{text}"')
    return package({"3D/3dmodel.model": model(f'<object id="1">{mesh}</object>', '<item objectid="1"/>')})


def _amf(text: str) -> bytes:
    return amf(wedge().replace("<x>10</x>", f"<x>{text}</x>"))


def _glb(text: str) -> bytes:
    corners = _CORNERS.copy()
    corners[1, 0] = float(text)
    made = Builder()
    with np.errstate(over="ignore"):
        position = made.accessor(corners.astype("<f4"))
    made.primitive(position, made.accessor(_FACES.reshape(-1).astype("<u2")))
    return made.glb()


_WRITERS: dict[str, Callable[[str], bytes]] = {
    "stl-binary": _binary_stl, "stl-ascii": _ascii_stl, "obj": _obj, "off": _off, "ply": _ply, "3mf": _3mf,
    "amf": _amf, "glb": _glb,
}  # fmt: skip


def _numbers() -> dict[str, tuple[bytes, str]]:
    made = {}
    for name, write in _WRITERS.items():
        for text in ("nan", "inf", "-inf", "1e39", "-1e300", "1e999"):
            made[f"{name} with {text}"] = write(text), DAMAGED
        for text in ("1e30", "-3e38", "1e-30"):
            made[f"{name} with {text}"] = write(text), READ
    return made


def _flat() -> dict[str, tuple[bytes, str]]:
    """Every corner in one place: triangles by their indices, and none by their area."""
    made = {}
    for name, write in _WRITERS.items():
        corners = np.zeros((4, 3, 3), "<f4")
        if name == "stl-binary":
            made[name] = write_binary(corners)
        elif name == "stl-ascii":
            made[name] = write_solid("a", corners)
        elif name == "glb":
            builder = Builder()
            builder.primitive(builder.accessor(corners.reshape(-1, 3)))
            made[name] = builder.glb()
        elif name == "3mf":
            mesh = WEDGE.replace('"10"', '"0"').replace('"6"', '"0"').replace('"4"', '"0"')
            made[name] = package(
                {"3D/3dmodel.model": model(f'<object id="1">{mesh}</object>', '<item objectid="1"/>')}
            )
        elif name == "amf":
            made[name] = amf(
                wedge().replace(">10<", ">0<").replace("<y>6<", "<y>0<").replace("<z>4<", "<z>0<")
            )
        else:
            text = write("0").decode()
            made[name] = text.replace("0 6 0", "0 0 0").replace("0 0 4", "0 0 0").encode()
    return {f"{name} in one place": (data, READ) for name, data in made.items()}


def _counts() -> dict[str, tuple[bytes, str]]:
    """Headers that promise billions."""
    xyz = "property float x\nproperty float y\nproperty float z\n"
    ply = "ply\nformat {} 1.0\nelement vertex 4000000000\n" + xyz
    faces = "element face 4000000000\nproperty list uint int vertex_indices\nend_header\n"
    huge = Builder()
    huge.root["accessors"] = [{"componentType": 5126, "count": 4_000_000_000, "type": "VEC3"}]
    huge.primitive(0)
    component = '<component objectid="{}"/>'
    deep = "".join(
        f'<object id="{k}"><components>{component.format(k - 1) * 30}</components></object>'
        for k in range(2, 9)
    )
    twenty = [constellation(str(k), *[instance(str(k - 1))] * 20) for k in range(1, 8)]
    return {
        "stl of four billion triangles": (
            bytes(80) + struct.pack("<I", 0xFFFFFFFF) + _binary_stl("10")[84:], DAMAGED,
        ),
        "ply of four billion rows": ((ply.format("ascii") + faces + "0 0 0\n").encode(), DAMAGED),
        "binary ply of four billion rows": (
            (ply.format("binary_little_endian") + faces).encode() + bytes(60), DAMAGED,
        ),
        "off of four billion rows": (b"OFF\n4000000000 4000000000 0\n0 0 0\n", LIMIT),
        "off of a polygon of four billion corners": (
            _off("10").replace(b"3 0 2 1", b"4000000000 0 2 1"), DAMAGED,
        ),
        "glb of four billion vertices": (huge.glb(), LIMIT),
        "3mf of thirty times thirty components": (
            package(
                {"3D/3dmodel.model": model(f'<object id="1">{WEDGE}</object>{deep}', '<item objectid="8"/>')}
            ), LIMIT,
        ),
        "amf of twenty times twenty instances": (amf(wedge("0"), *twenty), LIMIT),
    }  # fmt: skip


def _endless() -> dict[str, tuple[bytes, str]]:
    """References that go round, and entities that multiply."""
    round_and_round = Builder()
    round_and_round.root["nodes"] = [{"children": [1]}, {"children": [0], "mesh": 0}]
    round_and_round.primitive(
        round_and_round.accessor(_CORNERS.astype("<f4")),
        round_and_round.accessor(_FACES.reshape(-1).astype("<u2")),
    )
    circle = "".join(
        f'<object id="{k}"><components><component objectid="{3 - k}"/></components></object>' for k in (1, 2)
    )
    lol = "".join(f'<!ENTITY l{k} "{f"&l{k - 1};" * 10}">' for k in range(1, 10))
    entities = f'<!DOCTYPE x [<!ENTITY l0 "lol">{lol}]>'
    external = '<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    made = {
        "glb of nodes in a circle": (round_and_round.glb(), DAMAGED),
        "3mf of components in a circle": (
            package({"3D/3dmodel.model": model(circle, '<item objectid="1"/>')}),
            DAMAGED,
        ),
        "amf of constellations in a circle": (
            amf(wedge(), constellation("2", instance("3")), constellation("3", instance("2"))),
            DAMAGED,
        ),
    }
    for word, declared in (("entities", entities), ("an outside entity", external)):
        inner = amf(wedge()).decode().partition("?>")[2]
        text = f'<?xml version="1.0"?>{declared}{inner}'
        made[f"amf with {word}"] = text.replace("DOCTYPE x", "DOCTYPE amf").encode(), UNSUPPORTED
        made[f"zipped amf with {word}"] = (
            zipped(text.replace("DOCTYPE x", "DOCTYPE amf").encode()),
            UNSUPPORTED,
        )
        inner = model(f'<object id="1">{WEDGE}</object>', '<item objectid="1"/>').partition("?>")[2]
        made[f"3mf with {word}"] = package({"3D/3dmodel.model": f"{declared}{inner}"}), UNSUPPORTED
    return made


def _kernel() -> dict[str, tuple[bytes, str]]:
    """STEP, which native code reads."""
    data = box(np.array([10.0, 6.0, 4.0]))
    return {
        "step with 1e30": (data.replace(b"10.0", b"1.0E30"), ""),
        "step with 1e999": (data.replace(b"10.0", b"1.0E999"), ""),
        "step with nan": (data.replace(b"10.0", b"NAN"), ""),
        "step in one place": (
            data.replace(b"10.0", b"0.0").replace(b"6.0", b"0.0").replace(b"4.0", b"0.0"),
            "",
        ),
        "step of references in a circle": (
            data.replace(b"CLOSED_SHELL('',(#56", b"CLOSED_SHELL('',(#19"),
            "",
        ),
        "step of references to nothing": (data.replace(b"#30,", b"#999999,"), ""),
    }


# An empty expectation: whatever it is, it is said.
CASES: dict[str, tuple[bytes, str]] = {**_numbers(), **_flat(), **_counts(), **_endless(), **_kernel()}
