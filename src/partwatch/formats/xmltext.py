"""XML from strangers: expat with everything switched off that could grow, loop or look elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from xml.parsers import expat

from partwatch.model.errors import DamagedError, LimitError, UnsupportedError

# Space, instructions and comments before a root element, for a pattern of bytes with DOTALL. Atomic: an
# instruction ends where it first may, and is not tried in every other way, which takes for ever.
PROLOG = rb"\s*+(?>(?:<\?.*?\?>|<!--.*?-->)\s*+)*+"
_MAX_DEPTH = 64
_MAX_ATTRIBUTES = 64
_ENCODINGS = {"utf-8", "utf8", "us-ascii", "ascii", "utf-16", "utf-16le", "utf-16be", "iso-8859-1"}

StartHandler = Callable[[str, dict[str, str]], None]
EndHandler = Callable[[str], None]
TextHandler = Callable[[str], None]


class XmlReader:
    """One pass over one XML text.

    Names come as "namespace local", attributes without a prefix as "local". `line` is where the
    handlers are, for their messages; `namespaces` the prefixes declared so far.
    """

    def __init__(self, where: str) -> None:
        self.where = where
        self.namespaces: dict[str, str] = {}
        self._depth = 0
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._refuse_doctype
        self._parser.XmlDeclHandler = self._check_declaration
        self._parser.StartNamespaceDeclHandler = self._note_namespace

    @property
    def line(self) -> int:
        """Line of the element at hand, from 1."""
        return self._parser.CurrentLineNumber

    def damaged(self, what: str) -> DamagedError:
        """An error that says where in the text it is."""
        return DamagedError(f"{self.where}, line {self.line}: {what}")

    def parse(
        self, data: bytes, start: StartHandler, end: EndHandler, text: TextHandler | None = None
    ) -> None:
        """Run the handlers over the text; `text` gets what stands between the tags, in pieces.

        Raises DamagedError where it is not well-formed, UnsupportedError on a DTD (the way to entity
        bombs) or a rare encoding, LimitError on nesting or attributes beyond reason.
        """

        def on_start(name: str, attributes: dict[str, str]) -> None:
            self._depth += 1
            if self._depth > _MAX_DEPTH or len(attributes) > _MAX_ATTRIBUTES:
                raise LimitError(
                    f"{self.where}, line {self.line}: more than {_MAX_DEPTH} nested elements "
                    f"or {_MAX_ATTRIBUTES} attributes; no printable file needs so many"
                )
            start(name, attributes)

        def on_end(name: str) -> None:
            self._depth -= 1
            end(name)

        self._parser.StartElementHandler = on_start
        self._parser.EndElementHandler = on_end
        self._parser.CharacterDataHandler = text
        try:
            self._parser.Parse(data, True)
        except (expat.ExpatError, ValueError, LookupError) as error:
            raise DamagedError(
                f"{self.where}: not well-formed XML ({error}); export the file again"
            ) from None
        finally:
            # The handlers refer back to this object: without this the text lives until a collection.
            self._parser.StartElementHandler = None
            self._parser.EndElementHandler = None
            self._parser.CharacterDataHandler = None

    def _refuse_doctype(self, *_: object) -> None:
        raise UnsupportedError(
            f"{self.where}: declares a document type, which only attacks need; export it again"
        )

    def _note_namespace(self, prefix: str | None, uri: str | None) -> None:
        self.namespaces.setdefault(prefix or "", uri or "")

    def _check_declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding and encoding.lower() not in _ENCODINGS:
            raise UnsupportedError(f"{self.where}: is encoded as {encoding[:40]!r}; save it as UTF-8")


def split_name(name: str) -> tuple[str, str]:
    """Namespace and local name; the namespace is empty where there is none."""
    namespace, _, local = name.rpartition(" ")
    return namespace, local


def elements(data: bytes, where: str) -> list[tuple[str, dict[str, str]]]:
    """Every element's local name and attributes, in order: for the small XML files around a model."""
    found: list[tuple[str, dict[str, str]]] = []
    reader = XmlReader(where)
    reader.parse(
        data, lambda name, attributes: found.append((split_name(name)[1], attributes)), lambda _: None
    )
    return found
