"""The demo's channels: write as a customer there, and see what arrives. Only with simulators."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.models import Account
from channels.simulated import Habit, say, simulator_of
from channels.simulators.base import FAULTS, Said, Simulator
from channels.simulators.tape import Heard
from support import http, web

_MOST, _WINDOW = 120, timedelta(minutes=1)
_ACTS = {
    "message": gettext_lazy("says"),
    "edit": gettext_lazy("changes the last message"),
    "delete": gettext_lazy("takes the last message back"),
    "press": gettext_lazy("presses a button"),
    "block": gettext_lazy("blocks us"),
    "start": gettext_lazy("comes back"),
}
_FAULTS = {
    "": gettext_lazy("answers as it should"),
    "429": gettext_lazy("says: too many (429)"),
    "500": gettext_lazy("fails (500)"),
    "accept_then_hang_up": gettext_lazy("takes it and hangs up"),
    "blocked": gettext_lazy("says: the person blocked you"),
    "window_closed": gettext_lazy("says: the window is closed"),
    "bad_token": gettext_lazy("says: your token is wrong"),
}


class SayForm(forms.Form):
    person = forms.CharField(label=gettext_lazy("Customer"), max_length=40, initial="ann")
    text = forms.CharField(
        label=gettext_lazy("Message"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    with_picture = forms.BooleanField(label=gettext_lazy("with a picture"), required=False)
    twice = forms.BooleanField(label=gettext_lazy("the platform tells us twice"), required=False)
    fault = forms.ChoiceField(
        label=gettext_lazy("For our next answer the platform"),
        required=False,
        choices=list(_FAULTS.items()),
    )

    def __init__(self, *args: object, acts: list[str]) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        choices = [(act, _ACTS.get(act, act)) for act in acts]
        self.fields["act"] = forms.ChoiceField(label=_("does"), required=False, choices=choices)
        self.order_fields(["person", "act"])


@dataclass(frozen=True)
class Room:
    """One simulated channel that is connected."""

    account: Account
    simulator: Simulator

    @property
    def kind(self) -> str:
        return self.simulator.kind

    @property
    def label(self) -> str:
        return self.simulator.label

    def talk(self, person: str) -> list[Heard]:
        """What this customer said and got; all of the channel when nobody is named."""
        lines = self.simulator.tape.lines()
        threads = {line.thread for line in lines if line.person == person}
        return [line for line in lines if not person or line.thread in threads][-60:]


def rooms(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/playground.html", {"rooms": _rooms()})


def room(request: HttpRequest, kind: str) -> HttpResponse:
    """One channel: its conversation with one customer, and a form to go on with it."""
    place = next((each for each in _rooms() if each.kind == kind), None)
    if place is None:
        raise Http404
    form = SayForm(request.POST or None, acts=list(place.simulator.acts))
    person = request.GET.get("person", "ann")[:40]
    if request.method == "POST" and form.is_valid():
        if refused := web.limited(request, "playground", limit=_MOST, window=_WINDOW):
            return refused
        person = form.cleaned_data["person"]
        _act(request, place, form)
        where = reverse("portal:playground_room", args=[kind])
        return redirect(f"{where}?{urlencode({'person': person})}")
    form.initial = {"person": person}
    context = {"room": place, "form": form, "person": person, "talk": place.talk(person)}
    template = "portal/talk.html" if "part" in request.GET else "portal/playground_room.html"
    return render(request, template, context)


def _rooms() -> list[Room]:
    if not settings.HARBOUR_SIMULATORS:
        raise Http404
    accounts = Account.objects.filter(kind__in=Simulator.registry, is_active=True)
    found = {account.kind: account for account in accounts.order_by("-pk")}
    return [Room(account, simulator_of(kind)) for kind, account in sorted(found.items())]


def _act(request: HttpRequest, place: Room, form: SayForm) -> None:
    given = form.cleaned_data
    if given["fault"] in FAULTS:
        place.simulator.tape.plan(given["fault"])
    act = given["act"] or "message"
    if act in ("message", "edit", "press") and not given["text"].strip():
        return
    own = [line for line in place.talk(given["person"]) if line.direction == "in"]
    said = Said(
        person=given["person"],
        name=given["person"].title(),
        text=given["text"].strip(),
        act=act,
        about=own[-1].id if own and act in ("edit", "delete", "press") else "",
        file="picture.png" if given["with_picture"] else "",
    )
    try:
        answers = say(place.account, said, Habit(duplicate=2 if given["twice"] else 1))
    except (http.Unreachable, http.Refused) as error:
        messages.error(request, _("The webhook could not be called: %(why)s") % {"why": error})
        return
    if refused := [status for status in answers if status >= 300]:
        messages.error(request, _("The webhook answered %(status)s.") % {"status": refused[0]})
