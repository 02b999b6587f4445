"""How things look in answers. One shape each, whoever asks and wherever."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from channels.models import Delivery
from people.models import Contact, Identity, Team, User
from tickets.models import Attachment, Category, Inbox, Message, Ticket


class NamedShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField(source="__str__")


class RequesterShape(serializers.Serializer[Contact]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    email = serializers.SerializerMethodField()

    def get_email(self, contact: Contact) -> str | None:
        """A verified address first, never one that bounced."""
        emails: list[Identity] = contact.emails  # type: ignore[attr-defined]  # access.py
        return next((one.value for one in emails if one.undeliverable_at is None), None)


class TicketShape(serializers.ModelSerializer[Ticket]):
    number = serializers.CharField(help_text="The reference as people read it.")
    requester = RequesterShape()
    inbox = NamedShape()
    team = NamedShape(allow_null=True)
    assignee = NamedShape(allow_null=True)
    category = serializers.SlugRelatedField[Category]("slug", read_only=True, allow_null=True)
    tags = serializers.SerializerMethodField()
    continues = serializers.CharField(
        source="continues.reference",
        default=None,
        allow_null=True,
        help_text="The reference of the solved ticket it goes on from.",
    )
    reply_due_at = serializers.DateTimeField(allow_null=True)

    class Meta:
        model = Ticket
        fields = (
            "reference", "number", "subject", "preview", "status", "priority", "language",
            "category", "tags", "inbox", "team", "assignee", "requester", "continues",
            "created_at", "active_at", "waiting_since", "reply_due_at", "follow_up_at",
            "follow_up_why", "solved_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_tags(self, ticket: Ticket) -> list[str]:
        return sorted(tag.name for tag in ticket.tags.all())


class AttachmentShape(serializers.ModelSerializer[Attachment]):
    id = serializers.UUIDField(source="public_id")
    url = serializers.SerializerMethodField()

    class Meta:
        model = Attachment
        fields = ("id", "name", "content_type", "size", "sha256", "is_inline", "url")
        read_only_fields = fields

    @extend_schema_field({"type": "string", "format": "uri"})
    def get_url(self, attachment: Attachment) -> str:
        return f"{settings.HARBOUR_URL}/api/v1/attachments/{attachment.public_id}"


class PersonShape(serializers.Serializer[Any]):
    name = serializers.CharField()
    email = serializers.CharField()


class DeliveryShape(serializers.Serializer[Delivery]):
    to = serializers.CharField()
    status = serializers.CharField(help_text=f"One of {', '.join(Delivery.Status.values)}.")
    error = serializers.CharField()
    sent_at = serializers.DateTimeField(allow_null=True)


class MessageShape(serializers.ModelSerializer[Message]):
    ticket = serializers.CharField(source="ticket.reference")
    contact = NamedShape(allow_null=True)
    agent = NamedShape(allow_null=True)
    to = serializers.SerializerMethodField()
    cc = serializers.SerializerMethodField()
    bcc = serializers.SerializerMethodField()
    reply_to = serializers.SerializerMethodField(help_text="Where it differs from the sender.")
    deliveries = DeliveryShape(many=True)
    attachments = AttachmentShape(many=True)

    class Meta:
        model = Message
        fields = (
            "id", "ticket", "direction", "author", "contact", "agent", "channel", "text", "quoted",
            "to", "cc", "bcc", "reply_to", "is_automatic", "is_verified", "failure", "deliveries",
            "send_at", "sent_at", "created_at", "attachments",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(PersonShape(many=True))
    def get_to(self, message: Message) -> list[dict[str, str]]:
        return _people(message, "to")

    @extend_schema_field(PersonShape(many=True))
    def get_cc(self, message: Message) -> list[dict[str, str]]:
        return _people(message, "cc")

    @extend_schema_field(PersonShape(many=True))
    def get_bcc(self, message: Message) -> list[dict[str, str]]:
        return _people(message, "bcc")

    @extend_schema_field(PersonShape(many=True))
    def get_reply_to(self, message: Message) -> list[dict[str, str]]:
        return _people(message, "reply_to")


def _people(message: Message, field: str) -> list[dict[str, str]]:
    return [{"name": name, "email": email} for name, email in message.addressing.get(field, ())]


class IdentityShape(serializers.ModelSerializer[Identity]):
    is_verified = serializers.SerializerMethodField()
    is_undeliverable = serializers.SerializerMethodField()

    class Meta:
        model = Identity
        fields = ("kind", "value", "is_verified", "is_undeliverable")
        read_only_fields = fields

    def get_is_verified(self, identity: Identity) -> bool:
        return identity.verified_at is not None

    def get_is_undeliverable(self, identity: Identity) -> bool:
        return identity.undeliverable_at is not None


class ContactShape(serializers.ModelSerializer[Contact]):
    identities = IdentityShape(many=True)

    class Meta:
        model = Contact
        fields = ("id", "name", "language", "created_at", "identities")
        read_only_fields = fields


class TeamShape(serializers.ModelSerializer[Team]):
    class Meta:
        model = Team
        fields = ("id", "name")
        read_only_fields = fields


class AgentShape(serializers.ModelSerializer[User]):
    name = serializers.CharField(source="__str__")
    teams = serializers.PrimaryKeyRelatedField[Team](many=True, read_only=True)

    class Meta:
        model = User
        fields = ("id", "name", "email", "teams")
        read_only_fields = fields


class CategoryShape(serializers.ModelSerializer[Category]):
    class Meta:
        model = Category
        fields = ("slug", "name", "name_zh", "is_offered")
        read_only_fields = fields


class InboxShape(serializers.ModelSerializer[Inbox]):
    team = NamedShape(allow_null=True)

    class Meta:
        model = Inbox
        fields = ("id", "name", "channel", "team", "reply_within")
        read_only_fields = fields
