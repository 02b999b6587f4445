"""Requests to the outside: nothing inside is ever asked, and nothing outside can hold us."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from support import http

NAME = "hooks.example.test"

INSIDE = [
    "127.0.0.1",
    "127.1",
    "127.0.0.53",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.100.100.200",
    "192.0.0.8",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1",
    "2002:7f00:1::",
    "2001:0:7f00:1::",
    "2001:db8::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "100::1",
    "3fff::1",
    "5f00::1",
    "192.88.99.1",
    "not-an-address",
]


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_known_in_every_disguise(address: str) -> None:
    assert not http.is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_an_address_of_the_open_internet_is_public(address: str) -> None:
    assert http.is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        *("http://127.0.0.1/", "http://localhost/", "http://127.1/", "http://0/", "http://[::1]/"),
        *(
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0177.0.0.1/",
            "http://127.0.0.1.:80/",
        ),
        *("http://[::ffff:127.0.0.1]/", "http://[fe80::1%25lo]/", "http://①②⑦.⓪.⓪.①/"),
        *("http://169.254.169.254/latest/", "http://[64:ff9b::a9fe:a9fe]/", "http://10.1/"),
        *("ftp://example.com/", "file:///etc/passwd", "gopher://x/", "javascript:1", "//x", ""),
        *(
            "http://",
            "http:///x",
            "http://user@8.8.8.8/",
            "http://u:p@8.8.8.8/",
            "http://@8.8.8.8/",
        ),
        *("http://8.8.8.8:22/", "http://8.8.8.8:25/", "http://8.8.8.8:x/", "http://8.8.8.8:99999/"),
        *("http://8.8.8.8\r\nHost: x/", "http://8.8.8.8 /", "http://[::1", "http://a\x00b/"),
        *("http://8.8.8.8@127.0.0.1/", "http://127.0.0.1#@8.8.8.8/", "http://127.0.0.1\\@8.8.8.8/"),
    ],
)
def test_a_url_that_leads_inside_or_nowhere_opens_no_connection(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(socket, "create_connection", lambda *args, **_: asked.append(args))
    with pytest.raises((http.Refused, http.Unreachable)):
        http.get(url)
    assert asked == []


def answers(*addresses: str) -> Callable[..., list[Any]]:
    """A name server that gives the next address each time it is asked."""
    left = list(addresses)

    def look_up(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        found = left.pop(0) if left else addresses[-1]
        family = socket.AF_INET6 if ":" in found else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (found, port))]

    return look_up


def test_the_address_that_was_checked_is_the_one_that_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def connect(address: tuple[str, int], *_: Any, **__: Any) -> Any:
        asked.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    monkeypatch.setattr(socket, "getaddrinfo", answers("8.8.8.8", "127.0.0.1"))
    with pytest.raises(http.Unreachable):
        http.get(f"https://{NAME}/")
    assert asked == ["8.8.8.8"]


def test_one_address_inside_among_many_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    both = answers("8.8.8.8")("x", 80) + answers("10.0.0.1")("x", 80)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    with pytest.raises(http.Refused):
        http.get(f"http://{NAME}/")


def test_a_name_without_an_address_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(http.Unreachable):
        http.get(f"http://{NAME}/")


class Server:
    """Says one thing to whoever connects, and keeps what they said."""

    def __init__(self, talk: Callable[[socket.socket], None]) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._talk = talk
        self.heard: list[bytes] = []
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            with client:
                client.settimeout(5)
                try:
                    said = client.recv(65536)
                    while said.startswith(b"POST") and not said.endswith(b"}"):
                        said += client.recv(65536)
                    self.heard.append(said)
                    self._talk(client)
                except OSError:
                    continue

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def serve(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Callable[[socket.socket], None]], tuple[Server, str]]]:
    """A server of the operator's, named as one that may be asked although it is inside."""
    settings.HARBOUR_PRIVATE_HOSTS = [NAME]
    monkeypatch.setattr(socket, "getaddrinfo", answers("127.0.0.1"))
    running: list[Server] = []

    def start(talk: Callable[[socket.socket], None]) -> tuple[Server, str]:
        running.append(Server(talk))
        return running[-1], f"http://{NAME}:{running[-1].port}"

    yield start
    for server in running:
        server.close()


def reply(head: str, body: bytes = b"") -> Callable[[socket.socket], None]:
    whole = head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body
    return lambda client: client.sendall(whole)


def test_an_answer_is_handed_over_whatever_its_status(serve: Any) -> None:
    server, url = serve(reply("HTTP/1.1 418 Teapot\nContent-Length: 12\nX-A: b", b'{"hot": true'))
    answer = http.post(f"{url}/a?b=c#d", json={"name": "港湾"}, headers={"X-Sign": "1"})
    assert (answer.status, answer.is_ok, answer.headers["x-a"]) == (418, False, "b")
    with pytest.raises(ValueError):
        answer.json()
    said = server.heard[0].decode()
    assert said.startswith("POST /a?b=c HTTP/1.1\r\n")
    assert f"\r\nHost: {NAME}:{server.port}\r\n" in said
    assert "\r\nX-Sign: 1\r\n" in said
    assert "\r\nAccept-Encoding: identity\r\n" in said
    assert said.endswith('{"name":"港湾"}')


def test_a_redirect_is_not_followed(serve: Any) -> None:
    server, url = serve(
        reply("HTTP/1.1 302 Found\nLocation: http://127.0.0.1:1/\nContent-Length: 0")
    )
    assert http.get(url).status == 302
    assert len(server.heard) == 1


def test_an_answer_above_a_megabyte_is_refused(serve: Any) -> None:
    _, url = serve(reply("HTTP/1.1 200 OK\nContent-Length: 9000000", b"x" * 2_000_000))
    with pytest.raises(http.Refused, match="larger"):
        http.get(url)


def test_a_compressed_bomb_stays_compressed(serve: Any) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    _, url = serve(
        reply(f"HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: {len(bomb)}", bomb)
    )
    assert http.get(url).body == bomb


@pytest.mark.parametrize("first", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_a_server_that_drips_is_left_at_the_deadline(
    serve: Any, first: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "TOTAL_SECONDS", 0.5)

    def drip(client: socket.socket) -> None:
        client.sendall(first)
        for _ in range(100):
            client.sendall(b"x")
            time.sleep(0.05)

    _, url = serve(drip)
    began = time.monotonic()
    with pytest.raises(http.Unreachable):
        http.get(url)
    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize("nonsense", [b"", b"\0" * 100, b"HTTP/1.1 abc\r\n\r\n", b"x" * 200_000])
def test_a_server_that_talks_nonsense_is_unreachable(serve: Any, nonsense: bytes) -> None:
    _, url = serve(lambda client: client.sendall(nonsense))
    with pytest.raises(http.Unreachable):
        http.get(url)


def test_a_header_cannot_smuggle_another(serve: Any) -> None:
    server, url = serve(reply("HTTP/1.1 200 OK\nContent-Length: 0"))
    with pytest.raises((http.Refused, http.Unreachable)):
        http.get(url, headers={"X-A": "b\r\nX-Evil: 1"})
    assert not any(b"Evil" in said for said in server.heard)


def test_tls_asks_for_the_name_and_not_for_the_address(serve: Any) -> None:
    """The certificate must be the name's: the connection fails, as this server has none."""
    server, url = serve(lambda client: None)
    with pytest.raises(http.Unreachable):
        http.get(url.replace("http://", "https://"))
    assert NAME.encode() in server.heard[0]
    assert http._trust().verify_mode == ssl.CERT_REQUIRED
    assert http._trust().check_hostname


def test_a_call_that_may_have_been_acted_on_is_told_from_one_that_was_not(serve: Any) -> None:
    _, url = serve(lambda client: client.close())
    with pytest.raises(http.Unreachable) as hung_up:
        http.post(url, json={"pay": 1})
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        with pytest.raises(http.Unreachable) as closed:
            http.post(f"http://{NAME}:{deaf.getsockname()[1]}", json={"pay": 1})
    assert (hung_up.value.was_sent, closed.value.was_sent) == (True, False)
