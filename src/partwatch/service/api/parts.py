"""A multipart form as it comes: its files go straight to the disk, its few fields are kept.

Everything here is done by one thread at a time, and nothing of it waits for the network.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from typing import Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from partwatch.model.errors import UsageError
from partwatch.service.api.problems import ProblemError
from partwatch.service.principals import ForbiddenError
from partwatch.service.settings import Intake
from partwatch.service.submissions import MOST_GROUPS, Incoming

MB: Final = 1 << 20
GROUP: Final = "group."
# The fields of a submission; those that begin so come as often as there are kinds of groups.
OF_SUBMISSION: Final = ("reference", "customer", GROUP)
_CSRF: Final = "csrf"
MOST_FIELD_BYTES: Final = 4096
# Of one part; a name of a thousand characters has up to four thousand bytes, and its quotes are doubled.
_MOST_HEADER_BYTES: Final = 16_384
_MOST_FIELDS: Final = MOST_GROUPS + 16


def too_large(what: str, limit: str, mend: str, file: int | None = None) -> ProblemError:
    """413, told with the place, the limit and the mend."""
    return ProblemError(413, "Content Too Large", f"{what} has more than {limit}; {mend}", file=file)


def unreadable(why: str) -> ProblemError:
    """400: the body is no form."""
    return ProblemError(400, "Bad Request", f"the form cannot be read: {why}; send multipart/form-data")


def is_field(name: str, known: str) -> bool:
    """Whether a name is that of a known field, or begins as it does."""
    return name.startswith(known) if known.endswith(".") else name == known


def shown(known: Sequence[str]) -> list[str]:
    """The names of fields, for people."""
    return [f"{name}KIND" if name.endswith(".") else name for name in known]


class Sink:
    """Files into an `Incoming`, within the limits. Raises ProblemError, UsageError."""

    def __init__(self, incoming: Incoming, intake: Intake) -> None:
        self._incoming, self._intake = incoming, intake

    @property
    def position(self) -> int:
        """Of the next file, from 1."""
        return len(self._incoming.files) + 1

    def start(self, name: str) -> None:
        """Begin a file."""
        if self.position > self._intake.files:
            raise too_large("the submission", f"{self._intake.files:,} files", "send the others in another")
        try:
            self._incoming.start(name)
        except UsageError as error:
            raise UsageError(f"file {self.position}: {error}") from error

    def write(self, chunk: bytes) -> None:
        """Some of it."""
        position = self.position
        if self._incoming.write(chunk) > self._intake.file_mb * MB:
            raise too_large(
                f"file {position}", f"{self._intake.file_mb:,} MB",
                "leave it out, or have the operator raise intake.file_mb", position - 1,
            )  # fmt: skip
        if self._incoming.size > self._intake.submission_mb * MB:
            raise too_large(
                f"the submission, with file {position},", f"{self._intake.submission_mb:,} MB in all",
                "send this and what follows in another",
            )  # fmt: skip

    def end(self) -> None:
        """It is whole."""
        self._incoming.end()


class Parts:
    """The push parser of one form. known: names of its fields, beside `files` and `csrf`; one that ends in a
    dot stands for all that begin so. csrf: what its field `csrf` must be, ahead of the first file; None where
    it is not asked for. Raises ProblemError, UsageError, ForbiddenError from `write` and `finish`."""

    def __init__(
        self, boundary: bytes, sink: Sink, csrf: str | None, known: Sequence[str] = OF_SUBMISSION
    ) -> None:
        self.fields: dict[str, str] = {}
        self._sink, self._csrf, self._known = sink, csrf, known
        self._ended = False
        self._headers: dict[bytes, bytes] = {}
        self._header, self._value = bytearray(), bytearray()
        self._part: _Part | None = None
        self._seen = 0
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin, "on_part_data": self._data, "on_part_end": self._end_part,
                    "on_header_field": self._header_field, "on_header_value": self._header_value,
                    "on_header_end": self._end_header, "on_headers_finished": self._end_headers,
                    "on_end": self._end,
                },
                max_header_size=_MOST_HEADER_BYTES,
            )  # fmt: skip
        except FormParserError as error:
            raise unreadable(str(error)) from error

    def write(self, chunk: bytes) -> None:
        """Some of the body."""
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise unreadable(str(error)) from error

    def finish(self) -> None:
        """The body ended."""
        if not self._ended:
            raise unreadable("it ends in the middle")
        self._check_csrf()

    def _begin(self) -> None:
        self._headers, self._part = {}, None
        self._seen += 1

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        self._headers[bytes(self._header).lower()] = bytes(self._value)
        self._header, self._value = bytearray(), bytearray()

    def _end_headers(self) -> None:
        kind, options = parse_options_header(self._headers.get(b"content-disposition"))
        if kind != b"form-data" or b"name" not in options:
            raise unreadable(f"its part {self._seen} has no Content-Disposition: form-data with a name")
        name = options[b"name"].decode("utf-8", "backslashreplace")
        if name == "files":
            if b"filename" not in options:
                raise UsageError(f"file {self._sink.position} has no filename; name it")
            self._check_csrf()
            # What is no UTF-8 is shown as it is, escaped, rather than refused.
            called = options[b"filename"].decode("utf-8", "backslashreplace")
            self._part = _File(self._sink, called)
        elif name == _CSRF or any(is_field(name, one) for one in self._known):
            if len(self.fields) >= _MOST_FIELDS:
                raise UsageError(f"there are more than {_MOST_FIELDS} fields; leave some out")
            if name in self.fields:
                raise UsageError(f"the field {name!a} is given twice; give it once")
            self._part = _Field(name, self._keep)
        else:
            raise UsageError(f"{name!a} is no field here; known: {', '.join(shown(('files', *self._known)))}")

    def _data(self, data: bytes, start: int, end: int) -> None:
        assert self._part is not None
        self._part.write(data[start:end])

    def _end_part(self) -> None:
        assert self._part is not None
        self._part.end()
        self._part = None

    def _end(self) -> None:
        self._ended = True

    def _keep(self, name: str, value: str) -> None:
        self.fields[name] = value

    def _check_csrf(self) -> None:
        given = self.fields.get("csrf", "")
        if self._csrf is not None and not hmac.compare_digest(given.encode(), self._csrf.encode()):
            raise ForbiddenError("this form is not from a page of this service, or too old; load it again")


class _Part:
    def write(self, chunk: bytes) -> None:
        raise NotImplementedError

    def end(self) -> None:
        raise NotImplementedError


class _File(_Part):
    """Begun with its first byte, or its end: what browsers send where nobody chose a file has neither name
    nor bytes, and is none."""

    def __init__(self, sink: Sink, name: str) -> None:
        self._sink, self._name, self._is_begun = sink, name, False

    def write(self, chunk: bytes) -> None:
        if not self._is_begun:
            self._sink.start(self._name)
            self._is_begun = True
        self._sink.write(chunk)

    def end(self) -> None:
        if not self._is_begun:
            if not self._name:
                return
            self._sink.start(self._name)
        self._sink.end()


class _Field(_Part):
    def __init__(self, name: str, keep: Callable[[str, str], None]) -> None:
        self._name, self._keep, self._value = name, keep, bytearray()

    def write(self, chunk: bytes) -> None:
        self._value += chunk
        if len(self._value) > MOST_FIELD_BYTES:
            raise UsageError(f"the field {self._name!a} has more than {MOST_FIELD_BYTES:,} bytes; shorten it")

    def end(self) -> None:
        try:
            self._keep(self._name, self._value.decode("utf-8"))
        except UnicodeDecodeError:
            raise UsageError(f"the field {self._name!a} is not UTF-8; send it so") from None
