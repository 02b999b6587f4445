"""Status by number: the plain state for anybody, the conversation for its owner."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from portal import access
from portal.away import told_when_away
from portal.csrf import from_quiet_page
from portal.forms import CodeForm, NumberForm, ProofForm
from portal.requests import quiet
from portal.shells import status_page
from support import crypto, ratelimit
from support.language import supported
from support.web import client_ip, limited, too_many
from tickets import reference
from tickets.plain_status import plain_status

#: Wrong tries, and codes asked for, per client and per number.
TRIES = 5
WINDOW = timedelta(minutes=15)
_ASKED = "access-asked"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def look_up(request: HttpRequest) -> HttpResponse:
    """Ask for a number; go to its page."""
    given = request.POST.get("number") or request.GET.get("number")
    if given is None:
        return render(request, "portal/look_up.html", {"form": NumberForm()})
    form = NumberForm({"number": given})
    if not form.is_valid():
        return render(request, "portal/look_up.html", {"form": form}, status=422)
    return redirect("portal:status", number=form.cleaned_data["number"])


@never_cache
@require_http_methods(["GET", "HEAD"])
@told_when_away
def status(request: HttpRequest, number: str) -> HttpResponse:
    """The plain state: received, being worked on, waiting for you, solved. Nothing else."""
    normal = reference.normalise(number)
    if normal is None:
        form = NumberForm({"number": number})
        form.is_valid()
        return render(request, "portal/look_up.html", {"form": form}, status=422)
    client = ratelimit.client_key(client_ip(request))
    views = ratelimit.Ask(f"status-page:{client}", 60, timedelta(minutes=1))
    guesses = ratelimit.Ask(f"wrong-number:{client}", TRIES, WINDOW, keep=False)
    for verdict in ratelimit.ask(views, guesses):
        if not verdict.allowed:
            return too_many(request, verdict.retry_after)
    told = plain_status(normal)
    if told is None:
        ratelimit.hit(guesses.key, limit=TRIES, window=WINDOW)
        context = {"form": NumberForm({"number": number}), "number": reference.display(normal)}
        return render(request, "portal/unknown.html", context, status=404)
    has_proof = bool(access.grants(request))
    return HttpResponse(status_page(request, told, has_proof=has_proof))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@told_when_away
def ask(request: HttpRequest, number: str) -> HttpResponse:
    """Mail a code to the address, if it is the request's. The answer never says whether."""
    if request.method != "POST":  # as after a change of language
        return redirect("portal:status", number=number)
    normal, form = reference.normalise(number), ProofForm(request.POST)
    if normal is None or not form.is_valid():
        context = {"number": number, "proof_form": form}
        return render(request, "portal/prove.html", context, status=422)
    for key in (_client(request, "ask"), f"ask:{normal}"):
        verdict = ratelimit.hit(key, limit=TRIES, window=WINDOW)
        if not verdict.allowed:
            return too_many(request, verdict.retry_after)
    language = supported(get_language() or "en")
    request_id = access.ask(normal, form.cleaned_data["email"], language)
    payload: dict[str, str | int] = {"a": request_id, "r": normal}
    token = crypto.sign(_ASKED, payload, max_age=access.CODE_LIFE)
    response = redirect("portal:code", number=normal)
    response.set_cookie(
        _ASKED,
        token,
        max_age=access.CODE_LIFE,
        path="/status/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@from_quiet_page
@told_when_away
def code(request: HttpRequest, number: str) -> HttpResponse:
    """Take the mailed code."""
    normal = reference.normalise(number) or ""
    form = CodeForm(request.POST if request.method == "POST" else None)
    context = {"number": reference.display(normal) if normal else number, "form": form}
    if request.method != "POST":
        return quiet(render(request, "portal/code.html", context))
    keys = [_client(request, "wrong-code"), f"wrong-code:{normal}"]
    if refusal := _locked(request, keys):
        return refusal
    grant = None
    if form.is_valid():
        grant = access.redeem_code(_asked(request, normal), form.cleaned_data["code"])
    if grant is None:
        for key in keys:
            ratelimit.hit(key, limit=TRIES, window=WINDOW)
        return quiet(render(request, "portal/code.html", {**context, "wrong": True}, status=422))
    ratelimit.reset(keys[1])
    return _enter(request, grant, normal)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@from_quiet_page
@told_when_away
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """The mailed one-time link: opening it changes nothing, the button does."""
    if request.method != "POST":
        return quiet(render(request, "portal/confirm.html", {}))
    if refusal := limited(request, "link", limit=30, window=WINDOW):
        return refusal
    grant = access.redeem_link(token)
    if grant is None:
        return quiet(render(request, "portal/link_over.html", {}, status=410))
    return _enter(request, grant, "")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@from_quiet_page
@told_when_away
def open_status_link(request: HttpRequest, token: str) -> HttpResponse:
    """The signed link of an acknowledgement; scanners that open it learn nothing."""
    if request.method != "POST":
        return quiet(render(request, "portal/confirm.html", {}))
    if refusal := limited(request, "link", limit=30, window=WINDOW):
        return refusal
    grant = access.redeem_status_link(token)
    if grant is None:
        return quiet(render(request, "portal/link_over.html", {}, status=410))
    access.prove(grant.contact_id)
    return _enter(request, grant, "")


@require_http_methods(["GET", "HEAD", "POST"])
@from_quiet_page
def forget(request: HttpRequest) -> HttpResponse:
    """This device is not to be remembered any longer."""
    response = redirect("portal:look_up")
    if request.method == "POST":
        access.forget(response)
    return response


def _enter(request: HttpRequest, grant: access.Grant, number: str) -> HttpResponse:
    number = number or access.number_of(grant)
    response = redirect("portal:conversation", number=number)
    access.remember(request, response, grant)
    response.delete_cookie(_ASKED, path="/status/")
    return response


def _asked(request: HttpRequest, number: str) -> int:
    """Which wish this browser made; 0, which no row has, when it made none."""
    try:
        payload = crypto.verify(_ASKED, request.COOKIES.get(_ASKED, ""))
    except crypto.BadToken:
        return 0
    return int(payload["a"]) if payload["r"] == number else 0


def _client(request: HttpRequest, name: str) -> str:
    return f"{name}:{ratelimit.client_key(client_ip(request))}"


def _locked(request: HttpRequest, keys: Iterable[str]) -> HttpResponse | None:
    for key in keys:
        verdict = ratelimit.peek(key, limit=TRIES, window=WINDOW)
        if not verdict.allowed:
            return too_many(request, verdict.retry_after)
    return None
