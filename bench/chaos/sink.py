"""The customers' mail server: takes mail, and fails in the ways that servers fail.

Run as ``python bench/chaos/sink.py LOG MODE DIES``; prints its port. Each mail taken is a line of
recipient and Message-ID in LOG. While the file MODE says 421, every connection is sent away. Until
DIES mails were, some are taken and the connection dropped instead of the answer.
"""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path
from typing import TextIO

_ADDRESS = re.compile(rb"<([^>]*)>")
_MESSAGE_ID = re.compile(rb"^Message-ID:\s*<?([^>\r\n]+)", re.I | re.M)
_GONE = b"@gone.example.org"
_END = b"\r\n.\r\n"
#: One in so many mails is followed by a dropped connection.
_DIES_EVERY = 7


class World:
    """What all connections share."""

    def __init__(self, log: TextIO, mode: Path, dies: int) -> None:
        self.log, self.mode, self.dies, self.taken = log, mode, dies, 0

    @property
    def is_away(self) -> bool:
        return self.mode.exists() and self.mode.read_text().strip() == "421"


class Sink(asyncio.Protocol):
    def __init__(self, world: World) -> None:
        self.world, self.buffer, self.in_data = world, b"", False
        self.to = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        if self.world.is_away:
            transport.write(b"421 4.3.2 come back later\r\n")
            transport.close()
            return
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while not self.transport.is_closing():
            end = _END if self.in_data else b"\r\n"
            place = self.buffer.find(end)
            if place < 0:
                return
            chunk, self.buffer = self.buffer[:place], self.buffer[place + len(end) :]
            if answer := self._took(chunk) if self.in_data else self._heard(chunk):
                self.transport.write(answer + b"\r\n")

    def _took(self, mail: bytes) -> bytes:
        self.in_data = False
        world = self.world
        world.taken += 1
        dies = world.dies > 0 and world.taken % _DIES_EVERY == 0
        found = _MESSAGE_ID.search(mail)
        message_id = found[1].decode() if found else ""
        world.log.write(f"{self.to.decode()} {message_id} {'died' if dies else 'taken'}\n")
        world.log.flush()
        if dies:
            world.dies -= 1
            self.transport.abort()
            return b""
        return b"250 taken"

    def _heard(self, line: bytes) -> bytes:
        word = line[:4].upper()
        if word == b"RCPT":
            found = _ADDRESS.search(line)
            self.to = found[1] if found else b""
            return b"550 5.1.1 no such user" if self.to.endswith(_GONE) else b"250 sink"
        if word == b"DATA":
            self.in_data = True
            return b"354 go on"
        if word == b"QUIT":
            self.transport.write(b"221 bye\r\n")
            self.transport.close()
            return b""
        return b"250 sink"


async def main(path: str, mode: str, dies: int) -> None:
    with open(path, "a") as log:
        world = World(log, Path(mode), dies)
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Sink(world), "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
