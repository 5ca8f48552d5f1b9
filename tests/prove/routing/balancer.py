"""A load balancer as plain as they come: each connection goes to the next web process that takes it."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle, islice

HOST = "127.0.0.1"
CHUNK = 65536
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@contextmanager
def balanced(port: int, behind: Sequence[int]) -> Iterator[None]:
    """Listen on a port of this machine while the block lasts.

    A request that was under way to a process that dies is not repeated: it may have been obeyed.
    """
    ready, stop = threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(port, behind, ready, stop)), daemon=True)
    thread.start()
    ready.wait()
    try:
        yield
    finally:
        stop.set()
        thread.join()


async def _serve(port: int, behind: Sequence[int], ready: threading.Event, stop: threading.Event) -> None:
    turns = cycle(behind)

    async def takes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far = await _connect(list(islice(turns, len(behind) + 1)))
        if far is None:
            writer.close()
            return
        await asyncio.gather(_carry(reader, far[1]), _carry(far[0], writer))

    await asyncio.start_server(takes, HOST, port)
    ready.set()
    await asyncio.to_thread(stop.wait)


async def _connect(ports: Sequence[int]) -> Streams | None:
    """Return a connection to the first that listens."""
    for port in ports:
        with contextlib.suppress(OSError):
            return await asyncio.open_connection(HOST, port)
    return None


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry everything one way; where one end closes, the other does."""
    with contextlib.suppress(OSError):
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
    writer.close()
