"""The package around a 3MF model: parts by name, and the relationships between them (OPC, ECMA-376-2)."""

from __future__ import annotations

import posixpath
from urllib.parse import unquote

from partwatch.formats.archive import Archive
from partwatch.formats.base import ReadLimits
from partwatch.formats.xmltext import elements
from partwatch.model.document import Reason
from partwatch.model.errors import DamagedError, LimitError, UnreadableError

_MODEL_TYPE = "/3dmodel"
_KEYSTORE_TYPE = "/keystore"
_DEFAULT_START = "/3d/3dmodel.model"
_MODEL_CONTENT = b"3dmanufacturing-3dmodel"


def canonical(name: str) -> str:
    """A part's name as it is compared: from the root, percent-decoded, in lower case."""
    return posixpath.normpath("/" + unquote(name).replace("\\", "/").lstrip("/")).lower()


class Package:
    """Parts of an archive by their canonical names; the unpacked size is bounded over all of them."""

    def __init__(self, archive: Archive, limits: ReadLimits) -> None:
        self._archive = archive
        self._bytes_left = limits.max_member_bytes
        self._labels: dict[str, str] = {}
        self.reasons: list[Reason] = []
        for member in archive.members:
            name = canonical(archive.name_of(member.path))
            if name in self._labels:
                self._say(
                    f"two entries of the package are named {name!r}, and programs differ in which they "
                    "take: the first was read; save the file again"
                )
            self._labels.setdefault(name, member.path)
        if archive.unlisted:
            self._say("the package holds entries that its directory does not list: save the file again")

    @property
    def names(self) -> list[str]:
        """Canonical names of all parts."""
        return list(self._labels)

    def __contains__(self, name: str) -> bool:
        return canonical(name) in self._labels

    def read(self, name: str) -> bytes:
        """The content of a part. Raises DamagedError where there is none, and what Archive raises."""
        label = self._labels.get(canonical(name))
        if label is None:
            raise DamagedError(
                f"the package lacks the part {name!r}, which the model refers to: save it again"
            )
        content = self._archive.extract(label)
        self._bytes_left -= len(content)
        if self._bytes_left < 0:
            raise LimitError(
                "the package unpacks to more bytes than the limit allows: raise it, or split the file"
            )
        return content

    def head(self, name: str) -> bytes:
        """The first 64 KiB of a part; raises as `read` does."""
        return self._archive.head(self._labels[canonical(name)])

    def sealed_parts(self) -> set[str]:
        """Canonical names of the parts that a keystore lists as encrypted (3MF secure content)."""
        sealed = set()
        try:
            stores = [name for kind, name in self.relationships("/") if kind.endswith(_KEYSTORE_TYPE)]
            for store in dict.fromkeys(stores):
                sealed |= {
                    canonical(attributes.get("path", ""))
                    for element, attributes in elements(self.read(store), store)
                    if element == "resourcedata"
                }
        except UnreadableError:
            # Then a sealed part says of itself that it is no XML.
            pass
        return sealed

    def start_parts(self) -> list[str]:
        """Canonical names of the models that the package starts with; more than one is against the rules."""
        try:
            found = [name for kind, name in self.relationships("/") if kind.endswith(_MODEL_TYPE)]
        except UnreadableError as error:
            self._say(f"{error}; the usual place of the model was tried")
            found = []
        if not found and _DEFAULT_START in self._labels:
            self._say(
                "the package does not say which model it starts with: the one in the usual place was read"
            )
            found = [_DEFAULT_START]
        return list(dict.fromkeys(found))

    def relationships(self, source: str) -> list[tuple[str, str]]:
        """Type and canonical target of each relationship of a part, or of the package for "/"."""
        folder, name = posixpath.split(source)
        where = posixpath.join(folder, "_rels", f"{name}.rels")
        if where not in self:
            return []
        return [
            (attributes.get("Type", ""), canonical(posixpath.join(folder, attributes.get("Target", ""))))
            for element, attributes in elements(self.read(where), where)
            if element == "Relationship" and attributes.get("TargetMode") != "External"
        ]

    def _say(self, message: str) -> None:
        self.reasons.append(Reason(code=DamagedError.code, message=message))


def is_package(archive: Archive) -> bool:
    """Whether an archive is a 3MF package, by any of the signs that programs go by."""
    labels = {canonical(archive.name_of(member.path)): member.path for member in archive.members}
    if _DEFAULT_START in labels:
        return True
    for name, sign in (("/_rels/.rels", _MODEL_TYPE.encode()), ("/[content_types].xml", _MODEL_CONTENT)):
        try:
            # UTF-16 halves fall away with the zero bytes: this is a sign only, not a parse.
            if name in labels and sign in archive.extract(labels[name]).replace(b"\0", b"").lower():
                return True
        except UnreadableError:
            continue
    return False
