"""Every error the program raises on purpose, in one tree.

::

    PartwatchError
    ├── UsageError              the command line or a call was wrong (exit 2)
    ├── ManifestError           a design file is wrong; holds every problem found, not just the first
    ├── HeldBackError           parts are too generic to be listed; holds every one of them
    ├── StoreError              the watch-list on disk is missing, damaged or held by somebody else
    ├── BaselineError           a file of accepted matches is wrong; holds every problem found
    ├── JournalError            what an interrupted run left cannot be gone on with
    ├── DocumentError           a saved result document cannot be read
    ├── WorkerSetupError        worker processes cannot be started
    └── UnreadableError         an item, or something in it, cannot be read: *unscreenable*
        ├── UnknownFormatError  no reader knows these bytes
        ├── DamagedError        truncated, contradictory or malformed
        ├── EncryptedError      needs a key that we do not have
        ├── UnsupportedError    a known format uses something that no reader handles
        ├── LimitError          over a limit on size, count, time or memory
        ├── MissingExtraError   the reader's optional dependency is not installed
        ├── NotAFileError       a link, device, pipe or socket: never opened
        ├── InaccessibleError   there, but it may not or cannot be opened
        └── ChangedError        not the same from the beginning of its reading to the end

`partwatch.ledger.errors` adds two of a log, its key or a bundle: cannot be used, and is not what was written.

Each message says what was wrong, where, and what to do about it.
"""

from __future__ import annotations


class PartwatchError(Exception):
    """Base of every deliberate error."""


class UsageError(PartwatchError):
    """The command line or a call was wrong."""


class ManifestError(PartwatchError):
    """One or more design files are wrong.

    `problems` holds one line for each problem, each naming its file and place.
    """

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class BaselineError(PartwatchError):
    """A file of accepted matches is wrong; `problems` as in ManifestError."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class JournalError(PartwatchError):
    """What an interrupted run left is of another run, damaged, in use, or cannot be written."""


class HeldBackError(PartwatchError):
    """Parts flag more benign bodies than the goodware gate lets pass; `problems` as in ManifestError."""

    def __init__(self, problems: list[str], mend: str) -> None:
        self.problems = problems
        super().__init__("\n".join([*problems, mend]))


class StoreError(PartwatchError):
    """The watch-list on disk is missing, damaged or busy."""


class DocumentError(PartwatchError):
    """A saved result document cannot be read."""


class UnreadableError(PartwatchError):
    """An item, or something in it, cannot be read and is therefore *unscreenable*.

    `code` is a stable word for machines; `str(error)` is the sentence for people: what is wrong,
    where, and the mend.
    """

    code = "unreadable"


class UnknownFormatError(UnreadableError):
    """No reader knows these bytes."""

    code = "unknown_format"


class DamagedError(UnreadableError):
    """Truncated, contradictory or malformed bytes."""

    code = "damaged"


class EncryptedError(UnreadableError):
    """The content needs a key that we do not have."""

    code = "encrypted"


class UnsupportedError(UnreadableError):
    """A known format uses something that no reader here handles."""

    code = "unsupported"


class LimitError(UnreadableError):
    """Over a limit on size, count, time or memory."""

    code = "limit"


class MissingExtraError(UnreadableError):
    """The reader's optional dependency is not installed."""

    code = "missing_extra"


class WorkerSetupError(PartwatchError):
    """Workers cannot be set up, so that no task can be run."""


class NotAFileError(UnreadableError):
    """Neither a file nor a folder."""

    code = "not_a_file"


class InaccessibleError(UnreadableError):
    """The system refuses to open or to read it."""

    code = "inaccessible"


class ChangedError(UnreadableError):
    """The file changed, moved or vanished while it was read."""

    code = "changed"
