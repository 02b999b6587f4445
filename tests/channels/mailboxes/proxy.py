"""A line between us and the mail server, that a test can cut."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator


class Proxy:
    """Passes bytes on. ``cut_after``: hang up once the server said so many bytes in one
    connection; ``poison``: hang up when the server says these bytes."""

    def __init__(self, port: int) -> None:
        self.cut_after = 0
        self.poison = b""
        self.connections = 0
        self.cuts = 0
        self._target = port
        self._lines: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def cut_all(self) -> None:
        for line in self._lines:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                server = socket.create_connection(("127.0.0.1", self._target))
                self._lines += [client, server]
                for words in ((client, server, False), (server, client, True)):
                    threading.Thread(target=self._pass_on, args=words, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, is_server: bool) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while chunk := source.recv(4096):
                if is_server and self.poison and self.poison in chunk:
                    self.cuts += 1
                    break
                if is_server and self.cut_after and passed + len(chunk) > self.cut_after:
                    target.sendall(chunk[: self.cut_after - passed])
                    self.cuts += 1
                    break
                passed += len(chunk)
                target.sendall(chunk)
        for line in (source, target):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def running_proxy(port: int) -> Iterator[Proxy]:
    proxy = Proxy(port)
    try:
        yield proxy
    finally:
        proxy.close()
