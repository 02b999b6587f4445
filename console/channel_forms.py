"""The form of a channel's account, built from the fields of its adapter."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from channels.connecting import Wanted, wanted
from people.models import Team

#: How the settings of the adapters are called; their own names do for the rest.
LABELS: dict[str, Any] = {
    "access_token": _("Access token"),
    "account_id": _("Account ID"),
    "account_sid": _("Account SID"),
    "account_token": _("The account's token"),
    "aes_key": _("Message key (EncodingAESKey)"),
    "app_id": _("App ID"),
    "app_secret": _("App secret"),
    "auth_token": _("Auth token"),
    "bearer_token": _("Bearer token"),
    "bot_token": _("Bot token"),
    "business_account_id": _("Business account ID"),
    "channel_secret": _("Channel secret"),
    "client_id": _("Client ID"),
    "client_secret": _("Client secret"),
    "consumer_secret": _("API key secret"),
    "has_instagram_login": _("Instagram login"),
    "identity_secret": _("Identity secret"),
    "instagram_id": _("Instagram account ID"),
    "language": _("Language"),
    "number": _("Number"),
    "our_secret": _("Our secret"),
    "page_id": _("Page ID"),
    "page_token": _("Page token"),
    "phone_number_id": _("Phone number ID"),
    "polls": _("Fetch instead of webhooks"),
    "refresh_token": _("Refresh token"),
    "sender": _("Sending number"),
    "token": _("Token"),
    "urgent_number": _("Emergency number"),
    "url": _("Address (URL)"),
    "user_id": _("User ID"),
    "verify_token": _("Verify token"),
    "webhook_secret": _("Webhook secret"),
}
_STORED = _("Stored. Leave empty to keep it.")


class AccountForm(forms.Form):
    """What is secret is asked for, and never shown again."""

    name = forms.CharField(label=_("Name of the inbox"), max_length=80)
    team = forms.ModelChoiceField(Team.objects.all(), label=_("Team"), required=False)

    def __init__(self, *args: Any, kind: str, stored: dict[str, Any] | None = None) -> None:
        super().__init__(*args)
        self.kind, self.stored = kind, stored
        for each in wanted(kind):
            self.fields[each.name] = self._field(each)
        if stored is not None:
            del self.fields["name"], self.fields["team"]

    def values(self) -> dict[str, Any]:
        """The adapter's settings as they were entered."""
        return {each.name: self.cleaned_data[each.name] for each in wanted(self.kind)}

    def _field(self, each: Wanted) -> forms.Field:
        label = LABELS.get(each.name) or each.name.replace("_", " ").capitalize()
        is_kept = each.is_secret and bool((self.stored or {}).get(each.name))
        about = each.help_text
        given: dict[str, Any] = {
            "label": label,
            "required": each.is_required and not is_kept,
            "help_text": format_lazy("{} {}", _STORED, about) if is_kept else about,
        }
        if not each.is_secret:
            given["initial"] = (self.stored or {}).get(each.name, each.default)
        if each.kind == "bool":
            return forms.BooleanField(**{**given, "required": False})
        if each.kind == "int":
            return forms.IntegerField(**given)
        widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
        if each.is_secret:
            given["widget"] = widget
        return forms.CharField(max_length=2000, **given)
