"""Which servers a mailbox may name."""

from __future__ import annotations

import re
import socket
from ipaddress import ip_address

from django.conf import settings

from support.http import is_public

_NAME = re.compile(r"(?!-)[A-Za-z0-9_.-]{1,253}|[0-9A-Fa-f:.]{2,45}")


def is_name(host: str) -> bool:
    """Whether this can be a server's name or address at all."""
    return _NAME.fullmatch(host) is not None


def may_be_open(host: str) -> bool:
    """Whether plain text reaches this host without leaving what we trust."""
    if host.lower() == "localhost" or _is_named(host):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def is_inside(host: str) -> bool:
    """Whether it stands in our own network, and the operator has not named it.

    Whoever edits mailboxes in the console need not be who may look around in the network.
    """
    if _is_named(host):
        return False
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False  # connecting will say that the name is not known
    return any(not is_public(str(entry[4][0])) for entry in found)


def _is_named(host: str) -> bool:
    return host.lower() in settings.HARBOUR_PRIVATE_HOSTS
