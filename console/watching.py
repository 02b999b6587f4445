"""What a mailbox that only watches saw, and what would have become of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from channels import watch
from channels.models import Account, Receipt
from console.frame import frame
from console.gate import agents_only
from console.mailbox_forms import ModeForm

PAGE = 50


@dataclass(frozen=True)
class Seen:
    """One mail, and in words what would have happened."""

    receipt: Receipt
    name: str
    is_known: bool
    filed: str
    answered: str
    rule: str = ""


@agents_only("settings.edit")
@require_GET
def watched(request: HttpRequest, pk: int) -> HttpResponse:
    mailboxes = Account.objects.filter(kind="email").select_related("inbox")
    account = get_object_or_404(mailboxes, pk=pk)
    before = request.GET.get("before", "")
    rows = watch.watched(account, PAGE + 1, int(before) if before.isdecimal() else 0)
    context = {
        **frame(request, "mailboxes"),
        "account": account,
        "is_watching": account.mode == Account.Mode.WATCH,
        "rows": [_seen(receipt) for receipt in rows[:PAGE]],
        "more": rows[PAGE - 1].pk if len(rows) > PAGE else "",
        "mode_form": ModeForm(),
    }
    return render(request, "console/watched.html", context)


def _seen(receipt: Receipt) -> Seen:
    plan = receipt.plan
    return Seen(
        receipt=receipt,
        name=plan.get("name", ""),
        is_known=bool(plan.get("is_known")),
        filed=_filed(plan),
        answered=_answered(plan),
        rule=plan.get("rule", ""),
    )


def _filed(plan: Mapping[str, Any]) -> str:
    outcome = plan.get("outcome", "")
    if outcome == "suspended":
        cause = Receipt.Cause(plan["cause"]).label
        return _("Suspended: %(cause)s") % {"cause": cause}
    if outcome == "repeats":
        return _("Nothing: %(number)s has it already") % {"number": plan["ticket"]}
    if outcome == "continues" and "ticket" in plan:
        return _("Goes on %(number)s") % {"number": plan["ticket"]}
    if outcome == "continues":
        return _("Answers an earlier mail of this list")
    category = plan.get("category")
    return _("New ticket, %(category)s") % {"category": category} if category else _("New ticket")


def _answered(plan: Mapping[str, Any]) -> str:
    if told := plan.get("acknowledgement"):
        language = dict(settings.LANGUAGES).get(told["language"], told["language"])
        facts = {"address": told["to"], "language": language}
        return _("Acknowledgement to %(address)s, %(language)s") % facts
    return _("Nothing")
