"""The forms of mailboxes. What is secret is asked for, and never shown again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from channels.adapters.email import Email
from channels.mailboxes import oauth
from channels.mailboxes.hosts import is_inside
from channels.mailboxes.settings import CHOICES, faults, secrets
from channels.models import Account
from people.models import Team
from tickets.models import Inbox

_SECURITY: dict[str, Any] = {
    "ssl": _("TLS from the start"),
    "starttls": "STARTTLS",
    "none": _("Unencrypted"),
}
_AFTER: dict[str, Any] = {
    "keep": _("Leave it as it is"),
    "seen": _("Mark it as read"),
    "move": _("Move it to a folder"),
    "delete": _("Delete it"),
}
_SIGN_IN: dict[str, Any] = {
    "password": _("User name and password"),
    "google": "Google",
    "microsoft": "Microsoft",
}
_PLACES = ("imap_host", "smtp_host", "imap_security", "smtp_security")
_FETCH = ("imap_host", "imap_port", "imap_security", "folder", "after_fetch", "move_to")
_SEND = ("smtp_host", "smtp_port", "smtp_security", "smtp_username", "smtp_password")
_ANSWERS = ("plus_addressing", "bounce_addressing", "form_relays")
_PROVIDER = ("outgoing", "outgoing_key", "sender_domain", *_ANSWERS)


@dataclass(frozen=True)
class Section:
    """Some fields of a form under a title; the rarely needed ones are folded away."""

    title: str | Promise
    fields: list[forms.BoundField]
    is_open: bool = True

    @property
    def has_errors(self) -> bool:
        return any(field.errors for field in self.fields)


class DaysField(forms.IntegerField):
    """A length of time in whole days."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=3650, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return value.days if isinstance(value, timedelta) else value

    def clean(self, value: Any) -> Any:
        days = super().clean(value)
        return days if days is None else timedelta(days=days)


def _choices(name: str, labels: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(value, labels.get(value, value)) for value in CHOICES[name]]


def _secret(label: Any) -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
    return forms.CharField(label=label, required=False, max_length=500, strip=False, widget=widget)


def _text(label: Any, **kwargs: Any) -> forms.CharField:
    return forms.CharField(label=label, required=False, max_length=254, **kwargs)


class SettingsForm(forms.Form):
    """How a mailbox is signed in to, fetched and sent by."""

    sign_in = forms.ChoiceField(label=_("Sign in by"), choices=_choices("sign_in", _SIGN_IN))
    username = _text(_("User name"), help_text=_("Empty: the address."))
    password = _secret(_("Password"))
    imap_host = _text(_("IMAP server"), help_text=_("Empty: mail is handed to us."))
    imap_port = forms.IntegerField(label=_("IMAP port"))
    imap_security = forms.ChoiceField(
        label=_("IMAP encryption"), choices=_choices("imap_security", _SECURITY)
    )
    folder = _text(_("Folder"))
    after_fetch = forms.ChoiceField(
        label=_("Fetched mail on the server"), choices=_choices("after_fetch", _AFTER)
    )
    move_to = _text(_("Move it to"))
    smtp_host = _text(_("SMTP server"), help_text=_("Empty: the installation's own (EMAIL_URL)."))
    smtp_port = forms.IntegerField(label=_("SMTP port"))
    smtp_security = forms.ChoiceField(
        label=_("SMTP encryption"), choices=_choices("smtp_security", _SECURITY)
    )
    smtp_username = _text(_("SMTP user name"), help_text=_("Empty: the mailbox's own."))
    smtp_password = _secret(_("SMTP password"))
    outgoing = forms.ChoiceField(
        label=_("Send by a provider's API"),
        required=False,
        choices=_choices("outgoing", {"": _("no, by SMTP")}),
    )
    outgoing_key = _secret(_("Key of that API"))
    sender_domain = _text(_("Sending domain"), help_text=_("Where the provider wants it."))
    plus_addressing = forms.BooleanField(
        label=_("Answers go to an address with a signed mark after a plus"),
        required=False,
        help_text=_("Surest, where the mailbox takes mail to support+anything@."),
    )
    bounce_addressing = forms.BooleanField(
        label=_("Bounces come back to such an address"), required=False
    )
    form_relays = _text(
        _("Forms whose Reply-To is the customer"), help_text=_("Their addresses, apart by blanks.")
    )

    def __init__(self, *args: Any, stored: Mapping[str, Any], **kwargs: Any) -> None:
        self.stored = {name: value for name, value in stored.items() if value is not None}
        plain = {name: getattr(Email(**self.stored), name, "") for name in self.base_fields}
        options = self.stored.get("outgoing_options") or {}
        known = {name: value for name, value in plain.items() if name not in secrets()}
        initial = {**known, "sender_domain": options.get("sender_domain", "")}
        kwargs["initial"] = {**initial, **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        ways = {"password", self.stored.get("sign_in"), *oauth.available()}
        field = self.fields["sign_in"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(name, label) for name, label in _SIGN_IN.items() if name in ways]
        for name in secrets() & self.fields.keys():
            if self.stored.get(name):
                self.fields[name].widget.attrs["placeholder"] = _("stored; leave empty to keep it")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            values = dict(cleaned)  # whatever has an error is taken out of the other
            for name, words in faults(Email(**{**self.stored, **self.values()})).items():
                self.add_error(name if name in self.fields else None, words)
            self._refuse_inside(values)
            self._ask_for_secrets(values)
        return cleaned

    def _refuse_inside(self, values: Mapping[str, Any]) -> None:
        for name in ("imap_host", "smtp_host"):
            if values[name] and values[name] != self.stored.get(name) and is_inside(values[name]):
                inside = _("%(host)s is in our own network: HARBOUR_PRIVATE_HOSTS must name it.")
                self.add_error(name, inside % {"host": values[name]})

    def values(self) -> dict[str, Any]:
        """The settings as they are stored; secrets only if they were given anew."""
        given = {name: self.cleaned_data[name] for name in SettingsForm.base_fields}
        domain = given.pop("sender_domain")
        options = {**(self.stored.get("outgoing_options") or {})}
        if domain or "sender_domain" in options:
            options["sender_domain"] = domain
        given["outgoing_options"] = {name: value for name, value in options.items() if value}
        kept = {name for name in secrets() & given.keys() if not given[name]}
        chosen = {name: value for name, value in given.items() if name not in kept}
        return {**chosen, **self._no_tokens(given)}

    def _no_tokens(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Tokens are for the server, the user and the way they were given for."""
        same = all(
            given[name] == self.stored.get(name, given[name])
            for name in (*_PLACES, "sign_in", "username")
        )
        gone = {"refresh_token": "", "access_token": "", "access_token_until": 0}
        return {} if same else gone

    def _ask_for_secrets(self, values: Mapping[str, Any]) -> None:
        """A stored password is never shown to a server that it was not given for."""
        for name, places in {"password": _PLACES, "smtp_password": _PLACES[1::2]}.items():
            moved = any(values[p] != self.stored.get(p, getattr(Email(), p)) for p in places)
            if self.stored.get(name) and moved and not values[name]:
                self.add_error(name, _("Another server: type the password again."))
        by_password = values["imap_host"] and values["sign_in"] == "password"
        if by_password and not (values["password"] or self.stored.get("password")):
            self.add_error("password", _("Fetching wants a password."))
        is_other = values["outgoing"] not in ("", self.stored.get("outgoing", ""))
        if is_other and self.stored.get("outgoing_key") and not values["outgoing_key"]:
            self.add_error("outgoing_key", _("Another provider: type its key."))

    def sections(self, *, folded: bool) -> Iterator[Section]:
        yield Section(_("Signing in"), [self[n] for n in ("sign_in", "username", "password")])
        yield Section(_("Incoming mail"), [self[name] for name in _FETCH], is_open=not folded)
        yield Section(_("Outgoing mail"), [self[name] for name in _SEND], is_open=not folded)
        yield Section(_("Provider's API, answers"), [self[n] for n in _PROVIDER], is_open=False)


class AliasesField(forms.CharField):
    def __init__(self) -> None:
        super().__init__(
            label=_("Other addresses"),
            required=False,
            max_length=5000,
            help_text=_("One on each line; mail to them comes here too."),
            widget=forms.Textarea(attrs={"rows": 2, "class": "low"}),
        )

    def clean(self, value: Any) -> Any:
        return [line for line in str(super().clean(value)).split() if line]


class ConnectForm(SettingsForm):
    address = forms.EmailField(label=_("Address"), max_length=254)
    inbox = forms.ModelChoiceField(
        Inbox.objects.order_by("name"),
        label=_("Inbox"),
        required=False,
        empty_label=_("a new one"),
    )
    name = forms.CharField(
        label=_("Name of the new inbox"),
        required=False,
        max_length=80,
        help_text=_("Empty: the address."),
    )
    team = forms.ModelChoiceField(
        Team.objects.order_by("name"), label=_("Team of the new inbox"), required=False
    )
    aliases = AliasesField()

    def sections(self, *, folded: bool) -> Iterator[Section]:
        names = ("address", "inbox", "name", "team")
        yield Section(_("Mailbox"), [self[name] for name in names])
        yield from super().sections(folded=folded)
        yield Section(_("Other addresses"), [self["aliases"]], is_open=False)


class MailboxForm(SettingsForm):
    aliases = AliasesField()


class InboxPart(forms.ModelForm):  # type: ignore[type-arg]
    """What customers see of the mailbox, and what happens to their mail."""

    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        choices=[("", _("the customer's own")), *settings.LANGUAGES],
    )
    keep_raw_for = DaysField(
        label=_("Keep raw mail for (days)"),
        help_text=_("Originals are deleted after it; messages stay."),
    )

    class Meta:
        model = Inbox
        fields = (
            *("name", "team", "language", "from_name", "signature", "quotes_history"),
            *("late_reply", "keep_raw_for"),
        )
        labels = {"team": _("Team")}
        widgets = {"signature": forms.Textarea(attrs={"rows": 3, "class": "low"})}


class AccountPart(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Account
        fields = ("automatic_per_minute",)


class ModeForm(forms.Form):
    """Switching a mailbox on: what becomes of what was watched, and of older mail."""

    file_waiting = forms.BooleanField(label=_("File what was watched so far"), required=False)
    acknowledge = forms.BooleanField(label=_("and send acknowledgements for it"), required=False)
    import_since = forms.DateField(
        label=_("Import older mail since"),
        required=False,
        help_text=_("As closed tickets; nobody is written to. Empty: none."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    def clean_import_since(self) -> Any:
        day = self.cleaned_data["import_since"]
        if day and day > timezone.localdate():
            raise forms.ValidationError(_("That day is still to come."))
        return day
