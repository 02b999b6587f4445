"""An SMTP sink as a process of its own: one line of time and recipient for each mail it took.

Bare asyncio, so that on a small machine the sink takes little from what is measured.
Run as ``python bench/sink.py LOG``; prints its port.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from typing import TextIO

_ADDRESS = re.compile(rb"<([^>]*)>")
_END = b"\r\n.\r\n"


class Sink(asyncio.Protocol):
    def __init__(self, log: TextIO) -> None:
        self.log, self.buffer, self.in_data = log, b"", False
        self.to: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.transport.write(b"220 sink\r\n")  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while True:
            end = _END if self.in_data else b"\r\n"
            place = self.buffer.find(end)
            if place < 0:
                return
            chunk, self.buffer = self.buffer[:place], self.buffer[place + len(end) :]
            answer = self._took() if self.in_data else self._heard(chunk)
            self.transport.write(answer + b"\r\n")  # type: ignore[attr-defined]

    def _took(self) -> bytes:
        self.in_data = False
        for address in self.to:
            self.log.write(f"{time.time():.6f} {address}\n")
        self.log.flush()
        self.to = []
        return b"250 taken"

    def _heard(self, line: bytes) -> bytes:
        word = line[:4].upper()
        if word == b"RCPT":
            found = _ADDRESS.search(line)
            self.to.append(found[1].decode() if found else "")
        elif word == b"DATA":
            self.in_data = True
            return b"354 go on"
        elif word == b"QUIT":
            self.transport.write(b"221 bye\r\n")  # type: ignore[attr-defined]
            self.transport.close()
            return b""
        return b"250 sink"


async def main(path: str) -> None:
    with open(path, "a") as log:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Sink(log), "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
