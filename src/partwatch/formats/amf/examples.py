"""Small AMF files made by code, one for each thing that a reader can get wrong."""

from __future__ import annotations

import io
import zipfile

_CORNERS = ((0, 0, 0), (10, 0, 0), (0, 6, 0), (0, 0, 4))
_FACES = ((0, 2, 1), (0, 1, 3), (1, 2, 3), (0, 3, 2))


def vertex(x: float, y: float, z: float, more: str = "") -> str:
    """One vertex; more: what else stands in it."""
    return f"<vertex><coordinates><x>{x}</x><y>{y}</y><z>{z}</z></coordinates>{more}</vertex>\n"


def volume(faces: tuple[tuple[int, int, int], ...], inner: str = "", attributes: str = "") -> str:
    """A volume of these faces."""
    rows = "".join(f"<triangle><v1>{a}</v1><v2>{b}</v2><v3>{c}</v3></triangle>\n" for a, b, c in faces)
    return f"<volume {attributes}>{inner}{rows}</volume>"


def wedge(identity: str = "1", volumes: str | None = None, vertices: str | None = None) -> str:
    """An object, a wedge of 10, 6 and 4."""
    points = "".join(vertex(*corner) for corner in _CORNERS) if vertices is None else vertices
    inner = volume(_FACES) if volumes is None else volumes
    return (
        f'<object id="{identity}"><metadata type="name">wedge {identity}</metadata>'
        f"<mesh><vertices>{points}</vertices>{inner}</mesh></object>"
    )


def instance(target: str, **moves: float) -> str:
    """An instance of an object or constellation."""
    return (
        f'<instance objectid="{target}">'
        + "".join(f"<{k}>{v}</{k}>" for k, v in moves.items())
        + "</instance>"
    )


def constellation(identity: str, *instances: str) -> str:
    """A constellation of instances."""
    return f'<constellation id="{identity}">{"".join(instances)}</constellation>'


def amf(*content: str, attributes: str = 'unit="millimeter"') -> bytes:
    """An AMF file."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<amf {attributes}>{"".join(content)}</amf>'.encode()


def zipped(data: bytes, name: str = "part.amf") -> bytes:
    """The same file in a ZIP, with a fixed date."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def examples() -> dict[str, bytes]:
    """Files that every conforming reader takes, by what is special about them."""
    made = {
        unit: amf(wedge(), attributes=f'unit="{unit}"')
        for unit in ("millimeter", "inch", "feet", "meter", "micron")
    }
    made["no-unit"] = amf(wedge(), attributes="")
    made["zipped"] = zipped(amf(wedge()))
    made["utf-16"] = amf(wedge()).decode().replace("UTF-8", "UTF-16").encode("utf-16")
    red = "<color><r>1</r><g>0</g><b>0</b></color>"
    made["coloured"] = amf(
        f'<material id="2"><metadata type="name">red</metadata>{red}</material>',
        wedge(volumes=volume(_FACES, red, 'materialid="2"')),
    )
    # One body, cut into two volumes for their colours.
    made["one-body-two-volumes"] = amf(wedge(volumes=volume(_FACES[:2]) + volume(_FACES[2:])))
    made["constellations"] = amf(
        wedge(),
        wedge("2"),
        constellation("3", instance("1", deltax=20, rz=90), instance("2", deltay=20, rx=30)),
        constellation("4", instance("3", deltaz=5), instance("3", deltaz=50, ry=180)),
    )
    return made
