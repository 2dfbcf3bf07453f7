"""3MF, read by our own bounded reader; a test holds it to lib3mf on every file at hand.

Also the projects that slicers save as 3MF. Everything that could be printed is handed over: what the
build places, and what the package holds beside it (noted as such).
"""

from __future__ import annotations

import re

from partwatch.formats import bgcode, gcode
from partwatch.formats.archive import Archive, is_archive
from partwatch.formats.base import DEFAULT_LIMITS, Format, Reading, ReadLimits
from partwatch.formats.beside import unread_shape
from partwatch.formats.threemf.build import Build
from partwatch.formats.threemf.examples import examples
from partwatch.formats.threemf.package import Package, is_package
from partwatch.formats.threemf.slicers import BAMBU_CONFIG, PRUSA_CONFIG, read_settings
from partwatch.formats.xmltext import PROLOG
from partwatch.model.document import Medium, Reason
from partwatch.model.errors import DamagedError, EncryptedError, LimitError, UnreadableError, UnsupportedError
from partwatch.model.mesh import Unit
from partwatch.model.toolpath import Toolpath

# Behind a byte order mark, in any encoding once its zero bytes are gone.
_MODEL_ROOT = re.compile(rb"[\x80-\xff]*" + PROLOG + rb"<(?:[\w.-]+:)?model[\s>]", re.DOTALL)

_JOBS = (bgcode.FORMAT, gcode.FORMAT)


def recognises(head: bytes, _size: int) -> bool:
    """Whether this is a ZIP; `is_3mf` tells a 3MF from other archives, and needs the whole."""
    return head.startswith(b"PK\x03\x04")


def is_3mf(data: bytes, limits: ReadLimits = DEFAULT_LIMITS) -> bool:
    """Whether these bytes are a 3MF package. Raises DamagedError or LimitError on a broken archive."""
    return is_archive(data) and is_package(Archive(data, limits))


def read(data: bytes, limits: ReadLimits) -> Reading:
    """Every mesh of the package, placed, in the unit of the model that it starts with.

    Raises DamagedError, EncryptedError, UnsupportedError or LimitError where nothing can be read;
    what only part of it hides is a reason among `unread`.
    """
    package = Package(Archive(data, limits), limits)
    starts = package.start_parts()
    if not starts:
        raise DamagedError("the 3MF package holds no model to start with: export it again")
    settings = read_settings(_optional(package, BAMBU_CONFIG), _optional(package, PRUSA_CONFIG))
    build = Build(package, starts[0], settings, limits)
    build.place_items()
    others = _other_content(package, build.parts, limits)
    for path in sorted(build.parts) + others.models:
        build.add_unbuilt(path)
    unread = [*package.reasons, *build.reasons, *build.extension_reasons(), *others.reasons]
    if len(starts) > 1:
        unread.append(
            Reason(
                code=DamagedError.code,
                message=f"the package starts with {len(starts)} models, only one was placed",
            )
        )
    if settings.has_negative_volumes:
        unread.append(
            Reason(
                code=UnsupportedError.code,
                message="the slicer's project cuts a negative volume away while slicing, so what is printed "
                "is not what is drawn: export the result as a plain mesh",
            )
        )
    reasons = tuple(dict.fromkeys(unread))
    jobs = tuple(others.jobs)
    if build.shapes:
        return Reading("3mf", Medium.MESH, build.unit, tuple(build.shapes), reasons, jobs)
    if jobs:
        # What slicers send to a printer as .gcode.3mf: plates of moves, and no mesh.
        return Reading("3mf", Medium.TOOLPATH, Unit.MILLIMETRE, (), reasons, jobs)
    raise _nothing(unread)


def _nothing(unread: list[Reason]) -> UnreadableError:
    """The error for a package without any shape: the first reason, as the kind of error that it was."""
    if not unread:
        return DamagedError("the 3MF package holds no mesh: there is nothing to screen; export it again")
    kinds = (EncryptedError, LimitError, UnsupportedError, DamagedError)
    kind = next((kind for kind in kinds for reason in unread if reason.code == kind.code), DamagedError)
    first = next((reason for reason in unread if reason.code == kind.code), unread[0])
    return kind(f"nothing in the 3MF package could be read: {first.message}")


def _optional(package: Package, name: str) -> bytes | None:
    try:
        return package.read(name) if name in package else None
    except UnreadableError:
        return None


class _Others:
    """Models that nothing referred to, print jobs, and reasons for content that other readers would open."""

    def __init__(self) -> None:
        self.models: list[str] = []
        self.jobs: list[Toolpath] = []
        self.reasons: list[Reason] = []


def _other_content(package: Package, known: set[str], limits: ReadLimits) -> _Others:
    others = _Others()
    for name in package.names:
        if name in known:
            continue
        try:
            head = package.head(name)
        except UnreadableError as error:
            others.reasons.append(Reason(code=error.code, message=str(error)))
            continue
        if name.endswith(".model") or _MODEL_ROOT.match(head.replace(b"\0", b"")):
            others.models.append(name)
        elif _is_job(package, name, head, limits, others):
            continue
        elif reason := unread_shape(name, head):
            others.reasons.append(reason)
    return others


def _is_job(package: Package, name: str, head: bytes, limits: ReadLimits, others: _Others) -> bool:
    """Whether a member is a print job; if so it is kept among the others, with what of it is unread."""
    known = next((each for each in _JOBS if each.recognises(head, len(head))), None)
    if known is None:
        return False
    try:
        reading = known.read(package.read(name), limits)
    except LimitError as error:
        others.reasons.append(Reason(code=error.code, message=f"{name}: {error}"))
        return True
    except UnreadableError:
        # Settings begin as jobs do.
        return False
    others.jobs += reading.toolpaths
    others.reasons += [Reason(code=each.code, message=f"{name}: {each.message}") for each in reading.unread]
    return True


FORMAT = Format("3mf", recognises, read, examples)
