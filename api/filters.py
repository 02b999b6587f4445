"""What lists can be narrowed by."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django_filters.rest_framework import DjangoFilterBackend, FilterSet
from drf_spectacular.utils import extend_schema_field
from rest_framework.views import APIView

from api.bearer import token_of
from api.problems import Detail, Problem
from people.models import Contact, Identity
from tickets import reference
from tickets.models import Message, Priority, Status, Ticket

_HIGHEST_ID = 2**63 - 1
_MOST_CHOICES = 20
_TIME = "A time such as 2027-01-15T09:30:00Z."


class StrictFilters(DjangoFilterBackend):
    """A wrong value is a 400 that names the parameter."""

    def filter_queryset(
        self, request: HttpRequest, queryset: QuerySet[Any], view: APIView
    ) -> QuerySet[Any]:
        filterset = self.get_filterset(request, queryset, view)
        if filterset is None:
            return queryset
        if not filterset.is_valid():
            raise Problem("invalid_parameter", errors=list(_faults(filterset.form)))
        narrowed: QuerySet[Any] = filterset.qs
        return narrowed


def _faults(form: forms.Form) -> list[Detail]:
    return [
        Detail(
            code=fault.code or "invalid", detail=" ".join(fault.messages), pointer=f"/query/{name}"
        )
        for name, faults in form.errors.as_data().items()
        for fault in faults
    ]


class MomentField(forms.CharField):
    """RFC 3339, any offset."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text.replace(" ", "+"))
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            raise ValidationError(_("A time such as 2027-01-15T09:30:00Z.")) from None


@extend_schema_field({"type": "string", "format": "date-time"})
class MomentFilter(django_filters.Filter):
    field_class = MomentField


class ChoicesField(forms.CharField):
    """Comma-separated values of a closed set."""

    def __init__(self, *args: Any, values: tuple[str, ...], **kwargs: Any) -> None:
        self.values = values
        super().__init__(*args, **kwargs)

    def clean(self, value: Any) -> Any:
        chosen = [part.strip() for part in super().clean(value).split(",") if part.strip()]
        if len(chosen) > _MOST_CHOICES or not set(chosen) <= set(self.values):
            raise ValidationError(_("Of: %(known)s.") % {"known": ", ".join(self.values)})
        return chosen


@extend_schema_field({"type": "string"})
class ChoicesFilter(django_filters.Filter):
    field_class = ChoicesField


class KeyField(forms.CharField):
    """An id, or one of some words."""

    def __init__(self, *args: Any, words: tuple[str, ...], **kwargs: Any) -> None:
        self.words = words
        super().__init__(*args, **kwargs)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text or text in self.words:
            return text
        if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= _HIGHEST_ID):
            known = ", ".join(self.words)
            raise ValidationError(_("An id, or one of: %(known)s.") % {"known": known})
        return int(text)


@extend_schema_field({"type": "string"})
class KeyFilter(django_filters.Filter):
    field_class = KeyField

    def filter(self, queryset: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if value in ("", None):
            return queryset
        return queryset.filter(**{str(self.field_name): None if value == "none" else value})


class TicketFilters(FilterSet):
    status = ChoicesFilter(
        "status", "in", values=tuple(Status.values), help_text=f"Of {', '.join(Status.values)}."
    )
    priority = ChoicesFilter(
        "priority", "in", values=tuple(Priority.values), help_text="Of low, normal, high, urgent."
    )
    assignee = KeyFilter(
        method="by_assignee", words=("none", "me"), help_text="An agent's id, `none` or `me`."
    )
    team = KeyFilter("team", words=("none",), help_text="A team's id, or `none`.")
    inbox = KeyFilter("inbox", words=(), help_text="An inbox's id.")
    tag = django_filters.CharFilter(method="by_tag", help_text="One tag's name.")
    category = django_filters.CharFilter("category__slug", help_text="A category's slug.")
    requester_email = django_filters.CharFilter(method="by_email")
    created_after = MomentFilter("created_at", "gt", help_text=_TIME)
    created_before = MomentFilter("created_at", "lt", help_text=_TIME)
    updated_after = MomentFilter(
        "active_at", "gt", help_text="Since the last message or change of status."
    )
    q = django_filters.CharFilter(
        method="by_question", help_text="An exact number or email address."
    )

    class Meta:
        model = Ticket
        fields: tuple[str, ...] = ()

    def by_assignee(self, tickets: QuerySet[Ticket], _name: str, value: Any) -> QuerySet[Ticket]:
        if value == "me":
            request: Any = self.request
            agent = token_of(request).agent
            return tickets.filter(assignee=agent) if agent else tickets.none()
        return tickets.filter(assignee=None if value == "none" else value)

    def by_tag(self, tickets: QuerySet[Ticket], _name: str, value: str) -> QuerySet[Ticket]:
        return tickets.filter(tags__name=value.strip().lower())

    def by_email(self, tickets: QuerySet[Ticket], _name: str, value: str) -> QuerySet[Ticket]:
        return tickets.filter(requester__in=_at(value).values("contact_id"))

    def by_question(self, tickets: QuerySet[Ticket], _name: str, value: str) -> QuerySet[Ticket]:
        """Only what is exact: a number or an address."""
        if digits := reference.normalise(value):
            return tickets.filter(references__number=digits)
        return self.by_email(tickets, "", value)


class MessageFilters(FilterSet):
    direction = ChoicesFilter("direction", "in", values=tuple(Message.Direction.values))

    class Meta:
        model = Message
        fields: tuple[str, ...] = ()


class ContactFilters(FilterSet):
    email = django_filters.CharFilter(method="by_email")

    class Meta:
        model = Contact
        fields: tuple[str, ...] = ()

    def by_email(self, contacts: QuerySet[Contact], _name: str, value: str) -> QuerySet[Contact]:
        return contacts.filter(pk__in=_at(value).values("contact_id"))


def _at(address: str) -> QuerySet[Identity]:
    return Identity.objects.filter(Q(kind="email", value=address.strip().lower()[:254]))
