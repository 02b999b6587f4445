"""Mailboxes: connecting them, trying them out, switching them on, and how they fare."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from channels import watch
from channels.mailboxes import health, oauth, presets, setup
from channels.mailboxes.cursor import begin_import
from channels.mailboxes.probe import Finding, probe
from channels.models import Account
from console.frame import frame
from console.gate import agent_of, agents_only
from console.mailbox_forms import (
    AccountPart,
    ConnectForm,
    InboxPart,
    MailboxForm,
    ModeForm,
    Section,
)
from support import ratelimit, web

#: How often somebody may have us knock at mail servers.
_TESTS, _WINDOW = 10, timedelta(minutes=5)
_LONGEST_CODE = 4096
_LABELS = {"google": "Google", "microsoft": "Microsoft"}


@agents_only("settings.edit")
@require_GET
def mailboxes(request: HttpRequest) -> HttpResponse:
    context = {**frame(request, "mailboxes"), "rows": health.overview()}
    return render(request, "console/mailboxes.html", context)


@agents_only("settings.edit")
def connect(request: HttpRequest) -> HttpResponse:
    """Choose a provider, then say what it wants to know."""
    offered = presets.presets()
    preset = offered.get(request.POST.get("preset") or request.GET.get("preset", ""))
    if preset is None:
        context = {**frame(request, "mailboxes"), "presets": offered.values()}
        return render(request, "console/mailbox_presets.html", context)
    stored = _possible(preset.values)
    form = ConnectForm(request.POST or None, stored=stored)
    if request.method == "POST" and form.is_valid():
        account = _connected(request, form)
        if account is not None:
            return _after_connecting(request, account)
    context = {
        **frame(request, "mailboxes"),
        "preset": preset,
        "form": form,
        "sections": list(form.sections(folded=bool(stored["imap_host"]))),
        "lacks_client": preset.values["sign_in"] != stored["sign_in"],
    }
    status = 422 if form.errors else 200
    return render(request, "console/mailbox_connect.html", context, status=status)


def _possible(values: dict[str, Any]) -> dict[str, Any]:
    """The preset's settings; by password where we have no client at the provider."""
    known = {"password", *oauth.available()}
    return values if values["sign_in"] in known else {**values, "sign_in": "password"}


def _connected(request: HttpRequest, form: ConnectForm) -> Account | None:
    given = form.cleaned_data
    plain = {**form.stored, **form.values()}
    try:
        return setup.connect(
            given["address"],
            {**plain, "username": plain["username"] or given["address"].lower()},
            inbox=given["inbox"],
            team=given["team"],
            name=given["name"],
            aliases=given["aliases"],
            actor=agent_of(request),
        )
    except setup.Refused as error:
        form.add_error(None, str(error))
        return None


def _after_connecting(request: HttpRequest, account: Account) -> HttpResponse:
    messages.success(request, _("Connected. It only watches until you switch it on."))
    if account.settings["sign_in"] == "password":
        _try_out(request, account)
    return redirect("console:mailbox", pk=account.pk)


@dataclass(frozen=True)
class _Sheet:
    """The three forms of one page, saved together."""

    form: MailboxForm
    inbox: InboxPart
    limits: AccountPart

    @property
    def forms(self) -> tuple[BaseForm, ...]:
        return self.form, self.inbox, self.limits

    def is_valid(self) -> bool:
        """Ask all of them, so that every mistake is shown at once."""
        return [form.is_valid() for form in self.forms].count(False) == 0

    def sections(self) -> list[Section]:
        shown = ["name", "team", "language", "from_name", "signature", "quotes_history"]
        kept = [self.inbox[name] for name in ("late_reply", "keep_raw_for")]
        return [
            Section(_("Inbox"), [*(self.inbox[name] for name in shown), self.form["aliases"]]),
            Section(_("Mail"), [*kept, self.limits["automatic_per_minute"]]),
            *self.form.sections(folded=True),
        ]


@agents_only("settings.edit")
def mailbox(request: HttpRequest, pk: int) -> HttpResponse:
    account = _mailbox(pk)
    sheet = _sheet(request, account)
    if request.method == "POST" and sheet.is_valid() and _is_saved(request, account, sheet):
        messages.success(request, _("Saved."))
        return redirect("console:mailbox", pk=pk)
    account = _mailbox(pk)
    context = {
        **frame(request, "mailboxes"),
        "account": account,
        "health": health.health_of(account),
        "form": sheet.form,
        "sections": sheet.sections(),
        "mode_form": ModeForm(),
        "findings": _findings(request, pk),
        "provider": _LABELS.get(account.settings.get("sign_in", "")),
    }
    has_errors = any(form.errors for form in sheet.forms)
    return render(request, "console/mailbox.html", context, status=422 if has_errors else 200)


def _sheet(request: HttpRequest, account: Account) -> _Sheet:
    data = request.POST or None
    aliases = "\n".join(account.aliases.order_by("address").values_list("address", flat=True))
    return _Sheet(
        MailboxForm(data, stored=account.settings, initial={"aliases": aliases}),
        InboxPart(data, instance=account.inbox),
        AccountPart(data, instance=account),
    )


def _is_saved(request: HttpRequest, account: Account, sheet: _Sheet) -> bool:
    actor, form = agent_of(request), sheet.form
    try:
        with transaction.atomic():
            setup.set_aliases(account, form.cleaned_data["aliases"], actor=actor)
            setup.edit(account, form.values(), actor=actor)
            sheet.inbox.save()
            Account.objects.filter(pk=account.pk).update(**sheet.limits.cleaned_data)
    except setup.Refused as error:
        form.add_error("aliases", str(error))
        return False
    return True


@agents_only("settings.edit")
@require_POST
def test(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign in there and look; the page that follows tells."""
    account = _mailbox(pk)
    verdict = ratelimit.hit(f"mailbox-test:{agent_of(request).pk}", limit=_TESTS, window=_WINDOW)
    if not verdict.allowed:
        return web.too_many(request, verdict.retry_after)
    _try_out(request, account)
    return redirect("console:mailbox", pk=pk)


def _try_out(request: HttpRequest, account: Account) -> None:
    request.session[f"mailbox:{account.pk}"] = [asdict(finding) for finding in probe(account)]


def _findings(request: HttpRequest, pk: int) -> list[Finding]:
    return [Finding(**told) for told in request.session.pop(f"mailbox:{pk}", [])]


@agents_only("settings.edit")
@require_POST
def mode(request: HttpRequest, pk: int) -> HttpResponse:
    """Only watch from now on, or file and answer mail."""
    account, actor = _mailbox(pk), agent_of(request)
    form = ModeForm(request.POST)
    if request.POST.get("mode") == Account.Mode.WATCH:
        watch.begin(account, actor=actor)
        messages.success(request, _("It only watches now."))
    elif not form.is_valid():
        messages.error(request, " ".join(str(words) for words in form.errors["import_since"]))
    else:
        given = form.cleaned_data
        if given["import_since"] and account.settings.get("imap_host"):
            begin_import(account, since=given["import_since"])
        is_filed = given["file_waiting"]
        acknowledges = is_filed and given["acknowledge"]
        watch.go_live(account, file_waiting=is_filed, acknowledge=acknowledges, actor=actor)
        messages.success(request, _("It is live now."))
    return redirect("console:mailbox", pk=pk)


@agents_only("settings.edit")
@require_POST
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Off, or on again. Off takes nothing more and deletes nothing."""
    account = _mailbox(pk)
    change = setup.disable if account.is_active else setup.enable
    change(account, actor=agent_of(request))
    messages.success(request, _("Saved."))
    return redirect("console:mailbox", pk=pk)


@agents_only("settings.edit")
@require_GET
def sign_in(request: HttpRequest, pk: int) -> HttpResponse:
    """Off to the provider, where somebody signs in as the mailbox."""
    account = _mailbox(pk)
    try:
        there = oauth.begin(account, user_id=agent_of(request).pk, redirect_uri=_way_back())
    except oauth.NoToken as error:
        messages.error(request, str(error))
        return redirect("console:mailbox", pk=pk)
    return redirect(there)


@agents_only("settings.edit")
@require_GET
def signed_in(request: HttpRequest) -> HttpResponse:
    """Back from the provider, with a code or a refusal."""
    actor, state = agent_of(request), request.GET.get("state", "")
    try:
        account = _mailbox(oauth.account_of(state, user_id=actor.pk))
    except oauth.BadState as error:
        messages.error(request, str(error))
        return redirect("console:mailboxes")
    code = request.GET.get("code", "")[:_LONGEST_CODE]
    try:
        if not code:
            said = request.GET.get("error_description") or request.GET.get("error", "")
            raise oauth.NoToken(_("The provider did not agree: %(said)s") % {"said": said[:200]})
        setup.finish_sign_in(account, code=code, state=state, redirect_uri=_way_back(), actor=actor)
        _try_out(request, account)
    except oauth.NoToken as error:
        messages.error(request, str(error))
    return redirect("console:mailbox", pk=account.pk)


def _way_back() -> str:
    return f"{settings.HARBOUR_URL.rstrip('/')}{reverse('console:mailbox_signed_in')}"


def _mailbox(pk: int) -> Account:
    mailboxes = Account.objects.filter(kind="email").exclude(address="")
    return get_object_or_404(mailboxes.select_related("inbox", "fetch_state"), pk=pk)
