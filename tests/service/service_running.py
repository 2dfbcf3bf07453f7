"""The application over real HTTP, in a thread, on a port of its own: for browsers and clients."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from partwatch.service.app import create_app
from partwatch.service.settings import Settings


@contextmanager
def running(home: Path, settings: Settings) -> Iterator[str]:
    """Its address, as http://127.0.0.1:PORT, while it runs."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(create_app(home, settings), log_level="warning", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listening.close()
