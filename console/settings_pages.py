"""What administrators look after: inboxes, templates, the log of automatic mail, follow-ups."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from django.views.decorators.http import require_GET

from channels import wording
from channels.automatic import span
from channels.models import AutomaticMail, Template
from console.frame import frame
from console.gate import agent_of, agents_only
from console.items import channel_name
from tickets import reference
from tickets.models import Inbox, Ticket
from tickets.operations import follow_up

SAMPLE = {
    "reference": "4829-1373-0456-7",
    "status_link": "https://support.example.com/status/r/…/",
    "code": "123456",
    "link": "https://support.example.com/status/open/…/",
}


def sample(language: str) -> dict[str, str]:
    """What a preview shows in the place of a message's fields."""
    with override(language):
        return {
            **SAMPLE,
            "greeting": _("Hello %(name)s,") % {"name": "Ann"},
            "reply_within": _("within %(span)s") % {"span": span(timedelta(hours=24))},
            "solve_after": _("in %(span)s") % {"span": span(timedelta(days=4))},
            "reopen_within": _("within %(span)s") % {"span": span(timedelta(days=14))},
            "company": settings.HARBOUR_NAME,
        }


class InboxForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Inbox
        fields = (
            "name",
            "team",
            "reply_within",
            "reopen_within",
            "nudge_after",
            "solve_after",
            "from_name",
            "signature",
            "quotes_history",
        )
        widgets = {"signature": forms.Textarea(attrs={"rows": 4, "class": "low"})}
        labels = {"team": gettext_lazy("Team")}


class TemplateForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Template
        fields = ("subject", "body")
        labels = {"subject": gettext_lazy("Subject"), "body": gettext_lazy("Text")}

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        said = f"{values.get('subject', '')} {values.get('body', '')}"
        if unknown := wording.unknown_fields(self.kind, said):
            told = _("This message cannot say: %(names)s")
            raise forms.ValidationError(told % {"names": ", ".join(unknown)})
        return values


@agents_only("settings.edit")
def inboxes(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    inbox = get_object_or_404(Inbox, pk=pk) if pk else None
    form = InboxForm(request.POST or None, instance=inbox) if inbox else None
    if form is not None and request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("console:inboxes")
    held = Inbox.objects.select_related("team").prefetch_related("accounts").order_by("pk")
    rows = [(each, channel_name(each.channel)) for each in held]
    context = {**frame(request, "inboxes"), "rows": rows, "form": form, "inbox": inbox}
    return render(
        request, "console/inboxes.html", context, status=422 if form and form.errors else 200
    )


@agents_only("templates.edit")
def templates(request: HttpRequest) -> HttpResponse:
    edited = {(t.kind, t.language): t for t in Template.objects.all()}
    rows = [
        (kind, language, label, edited.get((kind.value, language)))
        for kind in AutomaticMail.Kind
        for language, label in settings.LANGUAGES
    ]
    return render(request, "console/templates.html", {**frame(request, "templates"), "rows": rows})


@agents_only("templates.edit")
def template(request: HttpRequest, kind: str, language: str) -> HttpResponse:
    """Edit one message's words, with a preview; emptying it goes back to our own."""
    if kind not in AutomaticMail.Kind.values or language not in dict(settings.LANGUAGES):
        raise Http404
    words = wording.words_for(kind, language)
    held = Template.objects.filter(kind=kind, language=language).first()
    instance = held or Template(
        kind=kind, language=language, subject=words.subject, body=words.body
    )
    form = TemplateForm(request.POST or None, instance=instance, kind=kind)
    if request.method == "POST":
        if "default" in request.POST:
            Template.objects.filter(kind=kind, language=language).delete()
            return redirect("console:template", kind=kind, language=language)
        if form.is_valid():
            form.save()
            messages.success(request, _("Saved."))
            return redirect("console:template", kind=kind, language=language)
    context = {
        **frame(request, "templates"),
        "form": form,
        "kind": AutomaticMail.Kind(kind),
        "language": dict(settings.LANGUAGES)[language],
        "variables": wording.VARIABLES[AutomaticMail.Kind(kind)],
        "preview": words.fill(sample(language)),
        "is_edited": held is not None,
    }
    return render(request, "console/template.html", context, status=422 if form.errors else 200)


@agents_only()
@require_GET
def automatic_mails(request: HttpRequest) -> HttpResponse:
    """Why did the customer (not) get this mail?"""
    visible = Ticket.objects.visible_to(agent_of(request))
    rows = AutomaticMail.objects.filter(ticket__in=visible).select_related("ticket", "delivery")
    wanted = request.GET.get("q", "").strip()[:254]
    if normal := reference.normalise(wanted):
        rows = rows.filter(ticket__references__number=normal)
    elif wanted:
        rows = rows.filter(address=wanted.lower())
    if (before := request.GET.get("before", "")).isdecimal():
        rows = rows.filter(pk__lt=int(before))
    page = list(rows.order_by("-pk")[:51])
    context = {
        **frame(request, "mails"),
        "rows": page[:50],
        "more": page[49].pk if len(page) > 50 else "",
        "q": wanted,
    }
    return render(request, "console/automatic_mails.html", context)


@agents_only()
@require_GET
def follow_ups(request: HttpRequest) -> HttpResponse:
    """What comes back next, and who will be reminded or solved for silence."""
    visible = Ticket.objects.visible_to(agent_of(request)).select_related("requester", "assignee")
    coming = visible.filter(follow_up_at__isnull=False).order_by("follow_up_at")[:100]
    now = timezone.now()
    context = {
        **frame(request, "follow_ups"),
        "coming": coming,
        "to_nudge": follow_up.to_nudge(now).filter(pk__in=visible).count(),
        "to_solve": follow_up.to_solve(now).filter(pk__in=visible).count(),
    }
    return render(request, "console/follow_ups.html", context)
