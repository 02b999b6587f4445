"""Channels: connecting accounts, trying them out, how they fare, and what each channel can do."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from channels import connecting, matrix
from channels.base import Adapter
from channels.models import Account
from console.channel_forms import AccountForm
from console.frame import frame
from console.gate import agent_of, agents_only
from support import web

#: How often somebody may have us ask at providers.
_TESTS, _WINDOW = 20, timedelta(minutes=5)


@agents_only("settings.edit")
@require_GET
def channels(request: HttpRequest) -> HttpResponse:
    """The accounts there are, and the channels that could be connected."""
    accounts = Account.objects.filter(kind__in=connecting.kinds()).select_related("inbox__team")
    context = {
        **frame(request, "channels"),
        "rows": accounts.order_by("kind", "pk"),
        "labels": {kind: each.label for kind, each in connecting.kinds().items()},
        "kinds": connecting.kinds().values(),
        "matrix": matrix.rows(),
    }
    return render(request, "console/channels.html", context)


@agents_only("settings.edit")
def connect(request: HttpRequest, kind: str) -> HttpResponse:
    adapter = connecting.kinds().get(kind)
    if adapter is None:
        raise Http404
    form = AccountForm(request.POST or None, kind=kind)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        account = connecting.connect(
            kind,
            form.values(),
            name=given["name"],
            team=given["team"],
            actor=agent_of(request),
        )
        messages.success(request, _("Connected. Now tell the platform our address."))
        return redirect("console:channel", pk=account.pk)
    ours = _("our address (you see it once this is connected)")
    context = {
        **frame(request, "channels"),
        "adapter": adapter,
        "form": form,
        "steps": _steps(adapter, ours),
    }
    status = 422 if form.errors else 200
    return render(request, "console/channel_connect.html", context, status=status)


@agents_only("settings.edit")
def channel(request: HttpRequest, pk: int) -> HttpResponse:
    account = _account(pk)
    form = AccountForm(request.POST or None, kind=account.kind, stored=account.settings)
    if request.method == "POST" and form.is_valid():
        connecting.edit(account, form.values(), actor=agent_of(request))
        messages.success(request, _("Saved."))
        return redirect("console:channel", pk=pk)
    webhook = connecting.webhook_of(account)
    context = {
        **frame(request, "channels"),
        "account": account,
        "adapter": connecting.kinds()[account.kind],
        "form": form,
        "webhook": webhook,
        "steps": _steps(account.adapter, webhook),
        "ability": matrix.row(account.adapter),
    }
    status = 422 if form.errors else 200
    return render(request, "console/channel.html", context, status=status)


@agents_only("settings.edit")
@require_POST
def test(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the provider now; the page says what it answered."""
    key = f"channel-test:{agent_of(request).pk}"
    if refused := web.limited(request, key, limit=_TESTS, window=_WINDOW):
        return refused
    wrong = connecting.test(_account(pk))
    if wrong is None:
        messages.info(request, _("This platform cannot be asked. Write a message there to try it."))
    elif wrong:
        messages.error(request, wrong)
    else:
        messages.success(request, _("The connection works."))
    return redirect("console:channel", pk=pk)


@agents_only("settings.edit")
@require_POST
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    account = _account(pk)
    connecting.switch(account, is_active=not account.is_active, actor=agent_of(request))
    return redirect("console:channel", pk=pk)


def _steps(adapter: type[Adapter] | Adapter, webhook: str) -> list[str]:
    return [str(step).replace("{webhook}", webhook) for step in adapter.steps]


def _account(pk: int) -> Account:
    accounts = Account.objects.filter(kind__in=connecting.kinds())
    return get_object_or_404(accounts.select_related("inbox__team"), pk=pk)
