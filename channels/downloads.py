"""The door at which a provider fetches a file that we send it; see ``channels.public_files``."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.http import require_safe

from channels import public_files
from support import web
from support.crypto import BadToken

#: A provider asks from few addresses; a batch of answers has many files.
_MOST, _WINDOW = 600, timedelta(minutes=1)


@require_safe
def give(request: HttpRequest, token: str, name: str) -> HttpResponseBase:
    """The file of a link that is still good. All else is answered in the same words."""
    if (refused := web.limited(request, "public-file", limit=_MOST, window=_WINDOW)) is not None:
        return refused
    try:
        content_type, content = public_files.open_link(token)
    except (BadToken, FileNotFoundError):
        return _answer(404, "no such file, or no longer")
    except OSError:
        return _answer(503, "not possible right now")
    return web.download(name, content_type, content)


def _answer(status: int, text: str) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
