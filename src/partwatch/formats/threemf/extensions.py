"""Which elements beyond the core may carry shape, and what is said of them.

What is not known to be harmless goes unread: a reader that skips what it does not know can be led
past anything.
"""

from __future__ import annotations

from partwatch.model.document import Reason
from partwatch.model.errors import UnsupportedError

_3MF = "schemas.microsoft.com/3dmanufacturing"
# Colours, textures, part files, groups of triangles: nothing here changes a shape.
_HARMLESS = (
    f"http://{_3MF}/material/2015/02",
    f"http://{_3MF}/production/2015/06",
    f"http://{_3MF}/production/alternatives/2021/04",
    f"http://{_3MF}/trianglesets/2021/07",
    f"http://{_3MF}/securecontent/2019/04",
    "http://schemas.slic3r.org/3mf/2017/06",
    "http://schemas.bambulab.com/package/2021",
)
# A namespace that contains the word, and what it adds to the shape.
_KNOWN = {
    "/slice/": "slices, which may hold another shape than the mesh",
    "beamlattice": "a beam lattice, whose beams are not in the mesh",
    "displacement": "displaced surfaces",
    "volumetric": "volumetric or implicit shapes",
    "implicit": "volumetric or implicit shapes",
    "boolean": "objects cut from or joined to one another",
    "exactgeometry": "exact curved surfaces",
    "markup-compatibility": "alternative content",
}
_SHAPES = {
    "object",
    "mesh",
    "vertices",
    "vertex",
    "triangles",
    "triangle",
    "components",
    "component",
    "build",
    "item",
}
# Drafts of the specification kept colours within the mesh.
_COLOURS = ("tex", "color", "material")
# Core elements of these may hold nothing that we do not know.
_BEARERS = {"object", "mesh", "build", "components", "vertices", "triangles"}


class Extensions:
    """Collects what in one part goes unread; each thing is said once."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._said: dict[str, Reason] = {}

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """One reason for each kind of content that went unread."""
        return tuple(self._said.values())

    def met(self, namespace: str, local: str, inside: str, *, core: bool, nested: bool) -> None:
        """Take note of an element that the core reader did not take.

        inside: the nearest core element around it; nested: whether it lies in another such element.
        """
        known = _known(namespace)
        if known is not None and not core:
            self.say(known)
        elif local in _SHAPES or (core and inside in _BEARERS and not local.startswith(_COLOURS)):
            self.say(f"<{local}> in an unexpected place or namespace, which may be a shape")
        elif not (nested or core or namespace in _HARMLESS):
            self.say(f"<{local}> of {namespace[:120] or 'no namespace'!r}, which we do not know")

    def required(self, namespace: str | None, prefix: str) -> None:
        """Take note of an extension that the model requires of its readers."""
        known = namespace is not None and (namespace in _HARMLESS or _known(namespace) is not None)
        if not known:
            self.say(f"the extension {namespace or prefix!r}, which it requires and we do not know")

    def say(self, what: str) -> None:
        """Add a reason, unless it was given already."""
        message = f"{self._where}: uses {what}; this was not read: export it as a plain mesh"
        self._said.setdefault(what, Reason(code=UnsupportedError.code, message=message))


def _known(namespace: str) -> str | None:
    """What an extension that we know of adds to a shape."""
    return next((what for word, what in _KNOWN.items() if word in namespace), None)
