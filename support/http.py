"""The only way out to the network.

A name is resolved once, every address it has must be a public one, and the connection
goes to the address that was checked: there is no second look-up for an attacker's name
server to answer differently. No redirects are followed, nothing is decompressed, and time
and size are capped for the whole exchange, so that no server can hold a worker.
"""

from __future__ import annotations

import json as jsonlib
import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import httpcore
import httpx
from django.conf import settings

CONNECT_SECONDS, TOTAL_SECONDS = 3.0, 10.0
MAX_BYTES = 1024 * 1024
_PORTS = (80, 443)
#: Not for the public, or an IPv4 address in disguise, whatever Python's version says of them.
_INSIDE = [
    ip_network(net)
    for net in (
        *("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15"),
        *("224.0.0.0/3", "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23"),
        *("2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/9"),
        "ff00::/8",
    )
]
_names = ThreadPoolExecutor(8, thread_name_prefix="names")
_IP: TypeAlias = IPv4Address | IPv6Address


class Unreachable(Exception):
    """No whole answer came: the name, the connection or the time ran out. Try later.

    ``was_sent``: the server may have had the whole request; only it knows what it made of it.
    """

    def __init__(self, why: str, *, was_sent: bool = False) -> None:
        super().__init__(why)
        self.was_sent = was_sent


class Refused(Exception):
    """We do not ask this address, or do not take this answer. Trying again is of no use."""


@dataclass(frozen=True)
class Answer:
    """What a server answered, whatever its status. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_ok(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Any:
        """Raises ``ValueError`` for what is no JSON."""
        return jsonlib.loads(self.body)


def get(
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    limit: int = MAX_BYTES,
    seconds: float | None = None,
) -> Answer:
    """Raises ``Unreachable`` or ``Refused``."""
    request = _Request("GET", url, headers or {}, limit=limit, seconds=seconds or TOTAL_SECONDS)
    return _fetch(request)


def post(
    url: str,
    *,
    json: Any = None,
    content: bytes = b"",
    headers: Mapping[str, str] | None = None,
    seconds: float | None = None,
) -> Answer:
    """Send ``content``, or ``json`` in its place. Raises ``Unreachable`` or ``Refused``."""
    given = dict(headers or {})
    if json is not None:
        content = jsonlib.dumps(json, ensure_ascii=False, separators=(",", ":")).encode()
        given.setdefault("Content-Type", "application/json")
    return _fetch(_Request("POST", url, given, content, seconds=seconds or TOTAL_SECONDS))


def is_public(address: str) -> bool:
    """Whether this IP address is one of the open internet."""
    try:
        ip: _IP = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return ip.is_global and not any(ip in net for net in _INSIDE if net.version == ip.version)


@dataclass(frozen=True)
class _Request:
    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes = b""
    limit: int = MAX_BYTES
    seconds: float = TOTAL_SECONDS


def _fetch(request: _Request) -> Answer:
    target = _checked(request.url)
    where = httpcore.URL(
        scheme=target.raw_scheme, host=target.raw_host, port=target.port, target=target.raw_path
    )
    lines = {
        "Host": str(target.netloc, "ascii"),
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "Connection": "close",
        "User-Agent": "Harbour",
        **({"Content-Length": str(len(request.content))} if request.method == "POST" else {}),
        **request.headers,
    }
    network = _Checked(time.monotonic() + request.seconds)
    try:
        with (
            httpcore.ConnectionPool(ssl_context=_trust(), network_backend=network) as pool,
            pool.stream(
                request.method, where, headers=list(lines.items()), content=request.content
            ) as response,
        ):
            return _answer(response, request.limit)
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
        told = f"{type(error).__name__}: {error}"[:300]
        raise Unreachable(told, was_sent=network.was_written_to) from error
    except OSError as error:
        raise Unreachable(f"{type(error).__name__}: {error}"[:300]) from error
    except (UnicodeError, TypeError) as error:
        raise Refused(f"not a request that can be sent: {error}") from error


def _checked(url: str) -> httpx.URL:
    """The URL as one parser reads it; the same reading decides whom we ask."""
    try:
        target = httpx.URL(url)
        plain = urlsplit(url)
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise Refused(f"no URL: {error}") from error
    if target.scheme not in ("http", "https") or not target.host:
        raise Refused("only http and https addresses are asked")
    if target.userinfo or plain.username is not None:
        raise Refused("no user name in a URL")
    port = target.port
    if port is not None and port not in _PORTS and not 1024 <= port < 65536:
        raise Refused(f"port {port} is not for the web")
    return target.copy_with(fragment=None)


def _answer(response: httpcore.Response, limit: int) -> Answer:
    body = bytearray()
    for chunk in response.iter_stream():
        body += chunk
        if len(body) > limit:
            raise Refused(f"the answer is larger than {limit} bytes")
    names = {name.decode("latin-1").lower(): value for name, value in response.headers}
    headers = {name: value.decode("latin-1") for name, value in names.items()}
    return Answer(response.status, headers, bytes(body))


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    return httpcore.default_ssl_context()


class _Checked(httpcore.NetworkBackend):
    """Connects only to addresses that were found to be public, and only until the deadline."""

    def __init__(self, deadline: float) -> None:
        self.deadline, self.was_written_to = deadline, False
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception = Unreachable(f"{host} has no address")
        for address in _addresses(host, port):
            left = min(CONNECT_SECONDS, _left(self.deadline))
            try:
                stream = self._plain.connect_tcp(address, port, left, local_address, socket_options)
                return _Hurried(stream, self)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


class _Hurried(httpcore.NetworkStream):
    """A connection on which every wait ends at the deadline, however small the steps."""

    def __init__(self, stream: httpcore.NetworkStream, network: _Checked) -> None:
        self._stream, self._network = stream, network

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._network.deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._network.deadline))
        self._network.was_written_to = True

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = min(CONNECT_SECONDS, _left(self._network.deadline))
        return _Hurried(self._stream.start_tls(ssl_context, server_hostname, left), self._network)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the time for the whole exchange ran out")
    return left


def _addresses(host: str, port: int) -> list[str]:
    """All addresses of ``host``, asked once. Raises ``Refused`` when one of them is inside."""
    asked = _names.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        found = asked.result(timeout=CONNECT_SECONDS)
    except (OSError, UnicodeError, NotInTime) as error:
        raise Unreachable(f"{host} has no address: {type(error).__name__}") from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if host.lower() not in settings.HARBOUR_PRIVATE_HOSTS:
        for address in addresses:
            if not is_public(address):
                raise Refused(f"{host} is not an address of the open internet")
    return addresses[:4]
