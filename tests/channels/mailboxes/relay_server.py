"""A mail server on loopback that wants a sign-in: by password, or by token as Google does it."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.sink import _free_port


class RelayServer:
    """What it took, and with which sign-in."""

    def __init__(self) -> None:
        self.port = 0
        self.password = "right"
        self.token = "good-token"
        self.taken: list[Envelope] = []
        self.signed_in_as: list[str] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.taken.append(envelope)
        return "250 OK"

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802
        said = base64.b64decode(args[1]).decode() if len(args) > 1 else ""
        user, _, bearer = said.partition("\x01auth=Bearer ")
        if bearer == f"{self.token}\x01\x01":
            self.signed_in_as.append(user.removeprefix("user="))
            return AuthResult(success=True, auth_data=user)
        refusal = base64.b64encode(json.dumps({"status": "401"}).encode()).decode()
        await server.push(f"334 {refusal}")
        await server._reader.readline()
        await server.push("535 5.7.8 Username and Password not accepted")
        return AuthResult(success=False, handled=True)

    def authenticate(self, server: SMTP, *rest: Any) -> AuthResult:
        given: LoginPassword = rest[-1]
        user = given.login.decode()
        if given.password.decode() != self.password:
            return AuthResult(success=False, handled=False)
        self.signed_in_as.append(user)
        return AuthResult(success=True, auth_data=user)


class _Controller(Controller):
    def _trigger_server(self) -> None:
        """Its own first connection speaks no TLS: it cannot know the authority."""
        socket.create_connection((self.hostname, self.port), timeout=2).close()


@contextmanager
def running(*, tls: ssl.SSLContext | None = None, at_once: bool = False) -> Iterator[RelayServer]:
    """``tls`` offers STARTTLS, or speaks it from the first byte with ``at_once``."""
    server = RelayServer()
    port = _free_port()
    controller = _Controller(
        server,
        hostname="127.0.0.1",
        port=port,
        ready_timeout=10,
        ssl_context=tls if at_once else None,
        tls_context=None if at_once else tls,
        authenticator=server.authenticate,
        auth_required=True,
        auth_require_tls=tls is not None and not at_once,
        loop=asyncio.new_event_loop(),
    )
    controller.start()
    server.port = port
    try:
        yield server
    finally:
        controller.stop()


def certificate(folder: Path, name: str = "127.0.0.1") -> ssl.SSLContext:
    """A server's context whose certificate for ``name`` is its own authority: ``ca.pem``."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    is_ip = name[0].isdigit()
    other = x509.IPAddress(ip_address(name)) if is_ip else x509.DNSName(name)
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([other]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    form, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    secret = key.private_bytes(serialization.Encoding.PEM, form, none)
    (folder / "ca.pem").write_bytes(pem)
    (folder / "server.pem").write_bytes(pem + secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context
