"""MeatPack: two characters of G-code in a byte (github.com/scottmudge/OctoPrint-MeatPack).

A half of a byte is one of fifteen characters, or says that a byte follows that is the character itself. Two
bytes of 255 before a third are a command: from there on characters are packed or not, and blanks are left out
(then the code of the blank is an E) or not. No character is 255, so that these are never anything else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from partwatch.model.errors import DamagedError

CHARACTERS = b"0123456789. \nGX"
CHARACTERS_WITHOUT_BLANK = b"0123456789.E\nGX"
ESCAPE = 0xF
PACK, STOP_PACKING, RESET, QUERY, LEAVE_BLANKS_OUT, KEEP_BLANKS = 251, 250, 249, 248, 247, 246
SIGNAL = b"\xff\xff"

_COMMAND = re.compile(rb"\xff\xff(.)", re.DOTALL)
_CHUNK_BYTES = 1 << 20


def unpacked(packed: bytes) -> Iterator[bytes]:
    """The text, part by part. Raises DamagedError behind what could be unpacked.

    Machines differ where nobody says whether blanks are left out: then they are, as in the format's drafts.
    """
    state = _State()
    at = 0
    for command in _COMMAND.finditer(packed):
        yield from state.texts(packed[at : command.start()])
        state.obey(command[1][0])
        at = command.end()
    yield from state.texts(packed[at:])
    if state.unknown is not None:
        raise DamagedError(f"MeatPack's command {state.unknown} is none that is known")
    if state.owed:
        raise DamagedError("its MeatPack text ends within a character")
    if state.guessed:
        raise DamagedError("its MeatPack text does not say whether blanks are left out; it was read as if")


class _State:
    """blanks: whether they are kept; None where nobody said. guessed: it mattered.

    owed: characters that follow as they are. held: what stands behind the first of them.
    """

    def __init__(self) -> None:
        self.packing = False
        self.blanks: bool | None = None
        self.guessed = False
        self.owed = 0
        self.held = b""
        self.unknown: int | None = None

    def obey(self, command: int) -> None:
        if command in (PACK, STOP_PACKING):
            self.packing = command == PACK
        elif command == RESET:
            self.packing, self.blanks, self.owed, self.held = False, None, 0, b""
        elif command in (LEAVE_BLANKS_OUT, KEEP_BLANKS):
            self.blanks = command == KEEP_BLANKS
        elif command != QUERY:
            self.unknown = command

    def texts(self, packed: bytes) -> Iterator[bytes]:
        """The characters between two commands."""
        for start in range(0, len(packed), _CHUNK_BYTES):
            chunk = packed[start : start + _CHUNK_BYTES]
            yield self._text(chunk) if self.packing else chunk

    def _text(self, packed: bytes) -> bytes:
        self.guessed |= self.blanks is None
        blanks = bool(self.blanks)
        pairs = _pairs(blanks)
        text = bytearray()
        codes = iter(packed)
        while self.owed and (code := next(codes, None)) is not None:
            self._pay(code, text)
        for code in codes:
            pair = pairs[code]
            if pair:
                text += pair
                continue
            first, self.held, self.owed = _escaped(code, blanks)
            text += first
            while self.owed and (character := next(codes, None)) is not None:
                self._pay(character, text)
        return bytes(text)

    def _pay(self, character: int, text: bytearray) -> None:
        text.append(character)
        text += self.held
        self.held = b""
        self.owed -= 1


@cache
def _pairs(blanks: bool) -> tuple[bytes, ...]:
    """What each byte stands for; nothing where a character follows as it is."""
    return tuple(_pair(code, blanks) for code in range(256))


def _pair(code: int, blanks: bool) -> bytes:
    first, held, owed = _escaped(code, blanks)
    return b"" if owed else first + held


@cache
def _escaped(code: int, blanks: bool) -> tuple[bytes, bytes, int]:
    """What stands before and behind the first of the characters that follow, and how many follow."""
    low, high = (_character(half, blanks) for half in (code & 0xF, code >> 4))
    if low == b"\n":
        # A line's end leaves the other half unused.
        return low, b"", 0
    if low:
        return low, high, 0 if high else 1
    return b"", high, 1 if high else 2


def _character(half: int, blanks: bool) -> bytes:
    return (CHARACTERS if blanks else CHARACTERS_WITHOUT_BLANK)[half : half + 1]
