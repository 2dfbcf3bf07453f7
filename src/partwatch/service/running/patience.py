"""How long the web server waits for a client: slow ones are let go before they take up every connection."""

from __future__ import annotations

import asyncio
from enum import Enum, auto
from typing import Any, Final

from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.h11_impl import H11Protocol

# Each connection is looked at so often. Who owed something at one look owes it no more at the next: the whole
# head of a request, so many bytes of its body, or that something was taken of what waits for them.
LOOK_S: Final = 15.0
LEAST_BYTES: Final = 4096


class _Owes(Enum):
    """What a client is waited for."""

    HEAD = auto()
    BODY = auto()
    TAKING = auto()


class PatientProtocol(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, with an end to its patience."""

    look_s = LOOK_S

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._owed: tuple[_Owes, object] | None = None
        self._came = 0
        self._taken = 0
        self._next_look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        """Somebody has come."""
        super().connection_made(transport)
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Somebody has gone."""
        if self._next_look is not None:
            self._next_look.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Something has come."""
        self._came += len(data)
        super().data_received(data)

    def resume_writing(self) -> None:
        """Something was taken."""
        self._taken += 1
        super().resume_writing()

    def _look(self) -> None:
        owes = self._owes()
        if owes is not None and owes == self._owed:
            self.transport.abort()
            return
        self._owed, self._came = owes, 0
        self._next_look = self.loop.call_later(self.look_s, self._look)

    def _owes(self) -> tuple[_Owes, object] | None:
        """What is owed, with what must differ at the next look where something of it came."""
        unsent = self.transport.get_write_buffer_size()
        cycle = self.cycle
        if self.flow.write_paused:
            return _Owes.TAKING, self._taken
        if self.transport.is_closing() or (unsent and cycle is not None and cycle.response_complete):
            return _Owes.TAKING, unsent
        if cycle is None or cycle.response_complete:
            # Between requests uvicorn's own clock runs, until the next one's head begins.
            return (_Owes.HEAD, cycle) if self.timeout_keep_alive_task is None else None
        # While the application has enough to read the client is not to blame.
        waits = cycle.more_body and len(cycle.body) <= HIGH_WATER_LIMIT
        return (_Owes.BODY, cycle) if waits and self._came < LEAST_BYTES else None
