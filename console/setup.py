"""The first-run page: makes the first administrator, while there is none."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from channels.models import Account
from people.models import Team, User
from support.web import limited
from tickets.models import Category, Inbox

_WINDOW = timedelta(minutes=15)
TOKEN_FILE = "setup.token"  # noqa: S105 - a file's name


class SetupForm(forms.Form):
    token = forms.CharField(
        label=_("Set-up code"), help_text=_("Shown where the server was started.")
    )
    name = forms.CharField(label=_("Your name"), max_length=120)
    email = forms.EmailField(label=_("Your email"))
    password = forms.CharField(label=_("Password"), widget=forms.PasswordInput)
    again = forms.CharField(label=_("Password again"), widget=forms.PasswordInput)
    mailbox = forms.EmailField(label=_("Address customers write to"))

    def clean_token(self) -> str:
        if not constant_time_compare(self.cleaned_data["token"].strip(), setup_token()):
            raise forms.ValidationError(_("This is not the set-up code."))
        return ""

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("password") != values.get("again"):
            self.add_error("again", _("The two passwords differ."))
        elif values.get("password"):
            try:
                validate_password(values["password"])
            except forms.ValidationError as error:
                self.add_error("password", error)
        return values


def setup_token() -> str:
    """The code that proves that whoever sets up can read the server's files."""
    path = settings.HARBOUR_DATA / TOKEN_FILE
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(9))
    return str(path.read_text().strip())


@never_cache
def setup(request: HttpRequest) -> HttpResponse:
    if User.objects.exists():
        return redirect("console:home")
    setup_token()
    form = SetupForm(request.POST or None)
    if request.method == "POST":
        if refusal := limited(request, "setup", limit=10, window=_WINDOW):
            return refusal
        if form.is_valid():
            user = _make(form.cleaned_data)
            login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
            return redirect("console:home")
    status = 422 if form.is_bound else 200
    return render(request, "console/setup.html", {"form": form}, status=status)


@transaction.atomic
def _make(values: dict[str, Any]) -> User:
    user = User.objects.create_agent(
        values["email"].lower(),
        values["password"],
        name=values["name"],
        role=User.Role.ADMIN,
        sees_all_tickets=True,
    )
    team = Team.objects.create(name="Support")
    user.teams.add(team)
    address = values["mailbox"].lower()
    for channel, name in (("email", address), ("web", "Web form")):
        inbox = Inbox.objects.create(name=name, team=team, channel=channel)
        Account.objects.create(inbox=inbox, kind=channel, address=address)
    Category.objects.get_or_create(slug="other", defaults={"name": "Something else"})
    (settings.HARBOUR_DATA / TOKEN_FILE).unlink(missing_ok=True)
    return user
