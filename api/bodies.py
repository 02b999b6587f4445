"""What may be asked for in a body. Each is an explicit list: nothing else can be set."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from api.parsing import MAX_TEXT, StrictSerializer
from people.models import Team, User
from tickets.models import Category, Inbox, Message, Priority, Status
from tickets.operations.recipients import MOST
from tickets.operations.triage import MAX_TAGS

_LANGUAGES = [code for code, _name in settings.LANGUAGES]


class SenderBody(StrictSerializer):
    email = serializers.EmailField(max_length=254)
    name = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")


def _attachments() -> serializers.ListField:
    return serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        max_length=settings.HARBOUR_UPLOAD_COUNT,
        help_text="Ids of uploads of this token; each can be used once.",
    )


def _people(about: str) -> serializers.ListField:
    return serializers.ListField(
        child=SenderBody(), required=False, max_length=MOST, help_text=about
    )


def _tags() -> serializers.ListField:
    return serializers.ListField(
        child=serializers.CharField(max_length=50), required=False, max_length=MAX_TAGS
    )


class NewTicketBody(StrictSerializer):
    requester = SenderBody()
    subject = serializers.CharField(max_length=255, required=False, allow_blank=True, default="")
    text = serializers.CharField(max_length=MAX_TEXT)
    inbox = serializers.PrimaryKeyRelatedField(queryset=Inbox.objects.all(), required=False)
    category = serializers.SlugRelatedField(
        "slug", queryset=Category.objects.all(), required=False, allow_null=True
    )
    language = serializers.ChoiceField(choices=_LANGUAGES, required=False)
    priority = serializers.ChoiceField(choices=Priority.choices, required=False)
    tags = _tags()
    attachments = _attachments()


class TicketChangeBody(StrictSerializer):
    """Absent: stays. ``null``: taken away."""

    status = serializers.ChoiceField(choices=Status.choices, required=False)
    priority = serializers.ChoiceField(choices=Priority.choices, required=False)
    category = serializers.SlugRelatedField(
        "slug", queryset=Category.objects.all(), required=False, allow_null=True
    )
    team = serializers.PrimaryKeyRelatedField(
        queryset=Team.objects.all(), required=False, allow_null=True
    )
    assignee = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.filter(is_active=True), required=False, allow_null=True
    )
    tags = _tags()
    follow_up_at = serializers.DateTimeField(required=False, allow_null=True)
    follow_up_why = serializers.CharField(max_length=200, required=False, allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "follow_up_why" in attrs and not attrs.get("follow_up_at"):
            raise serializers.ValidationError(
                {"follow_up_why": [_("It goes with a follow_up_at.")]}
            )
        return attrs


class NewMessageBody(StrictSerializer):
    """``outbound`` answers the customer, ``note`` stays inside, ``inbound`` is the customer's."""

    direction = serializers.ChoiceField(choices=Message.Direction.choices)
    text = serializers.CharField(max_length=MAX_TEXT)
    sender = SenderBody(required=False)
    status = serializers.ChoiceField(choices=Status.choices, required=False)
    to = _people("Whom a reply goes to; absent or empty: the requester.")
    cc = _people("Copied, and named to all.")
    bcc = _people("Copied, and named to nobody.")
    send_at = serializers.DateTimeField(
        required=False, help_text="A reply waits until then; the status is set when it is sent."
    )
    unless_answered = serializers.BooleanField(
        required=False, help_text="A waiting reply is taken back if the customer writes first."
    )
    attachments = _attachments()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        inbound = attrs["direction"] == Message.Direction.INBOUND
        if inbound and "sender" not in attrs:
            raise serializers.ValidationError(
                {"sender": [_("An inbound message needs its sender.")]}, code="required"
            )
        if not inbound and "sender" in attrs:
            raise serializers.ValidationError({"sender": [_("Only inbound messages have one.")]})
        if "status" in attrs and attrs["direction"] != Message.Direction.OUTBOUND:
            raise serializers.ValidationError({"status": [_("Only a reply sets the status.")]})
        for name in ("to", "cc", "bcc", "send_at", "unless_answered"):
            if name in attrs and attrs["direction"] != Message.Direction.OUTBOUND:
                raise serializers.ValidationError({name: [_("Only a reply has that.")]})
        return attrs


class NewContactBody(StrictSerializer):
    email = serializers.EmailField(max_length=254)
    name = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    language = serializers.ChoiceField(choices=_LANGUAGES, required=False)


class ContactChangeBody(StrictSerializer):
    name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    language = serializers.ChoiceField(choices=[*_LANGUAGES, ""], required=False)
