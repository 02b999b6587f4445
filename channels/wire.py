"""How adapters talk to their providers: one way to ask, and one reading of what goes wrong.

``HARBOUR_PROVIDERS`` (JSON) sends calls elsewhere, to a server of one's own that speaks the same
API: ``{"https://api.telegram.org": "https://telegram.example.com"}``. The base for ``*`` gets all
others, with their host as the first part of the path: there the simulators are.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.conf import settings

from channels.base import OutboundMessage, Outcome, Result
from support import http
from support.http import Answer

#: A provider that says neither why nor when is asked again after this many seconds.
LATER = 60.0


def place(url: str) -> str:
    """Where ``url`` of a provider really is: with the operator's own base, if one is set."""
    for base, other in settings.HARBOUR_PROVIDERS.items():
        if url == base or url.startswith(f"{base}/"):
            return f"{other}{url[len(base) :]}"
    everything = settings.HARBOUR_PROVIDERS.get("*", "")
    return f"{everything}/{url.partition('://')[2]}" if everything else url


def get(url: str, *, headers: Mapping[str, str] | None = None, **query: Any) -> Answer:
    """Raises ``http.Unreachable`` or ``http.Refused``."""
    asked = place(url) + (f"?{urlencode(query)}" if query else "")
    return http.get(asked, headers=headers)


def post(
    url: str,
    *,
    json: Any = None,
    form: Mapping[str, Any] | Sequence[tuple[str, Any]] | None = None,
    content: bytes = b"",
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Raises ``http.Unreachable`` or ``http.Refused``."""
    given = dict(headers or {})
    if form is not None:
        content = urlencode(form).encode()
        given.setdefault("Content-Type", "application/x-www-form-urlencoded")
    return http.post(place(url), json=json, content=content, headers=given)


def multipart(
    fields: Mapping[str, str], files: Sequence[tuple[str, str, str, bytes]]
) -> tuple[bytes, str]:
    """A form with files (field, name, type, content): the body and its content type (RFC 7578)."""
    mark, parts = secrets.token_hex(16), []
    for name, value in fields.items():
        head = f'--{mark}\r\nContent-Disposition: form-data; name="{_quoted(name)}"\r\n\r\n'
        parts.append(head.encode() + value.encode() + b"\r\n")
    for field, name, kind, content in files:
        head = (
            f'--{mark}\r\nContent-Disposition: form-data; name="{_quoted(field)}"; '
            f'filename="{_quoted(name)}"\r\nContent-Type: {kind}\r\n\r\n'
        )
        parts.append(head.encode() + content + b"\r\n")
    return b"".join(parts) + f"--{mark}--\r\n".encode(), f"multipart/form-data; boundary={mark}"


def _quoted(name: str) -> str:
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def settle(
    message: OutboundMessage, send: Callable[[], Answer], read: Callable[[Answer], Result]
) -> Result:
    """Send, and say what came of it. ``read`` understands an answer of the provider's.

    An answer that never came makes the outcome unknown once the call had left; a server's own
    failure (5xx, or no JSON where JSON was promised) does so too, since only it knows.
    """
    try:
        answer = send()
        return read(answer)
    except http.Unreachable as error:
        outcome = Outcome.UNKNOWN if error.was_sent else Outcome.LATER
        return Result(key=message.key, outcome=outcome, detail=str(error))
    except http.Refused as error:
        return Result(key=message.key, outcome=Outcome.NEVER, detail=str(error))
    except OSError as error:  # an attachment that storage does not give out now
        detail = f"a file cannot be read: {type(error).__name__}"
        return Result(key=message.key, outcome=Outcome.LATER, detail=detail)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        detail = f"an answer that cannot be read: {type(error).__name__}"
        return Result(key=message.key, outcome=Outcome.UNKNOWN, detail=detail)
