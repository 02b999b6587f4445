from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, include, path, re_path

from api import documents
from api.attachments import AttachmentDetail, Attachments
from api.catalogue import Agents, Categories, Inboxes, Teams
from api.contacts import ContactDetail, Contacts
from api.status import PlainStatusDetail
from api.tickets import MessageDetail, Messages, TicketDetail, Tickets


def _route(address: str, view: Callable[..., Any], name: str) -> list[URLPattern]:
    """The address, and the same with a slash at its end."""
    return [path(address, view, name=name), path(f"{address}/", view)]


_v1 = [
    *_route("tickets", Tickets.as_view(), "api-tickets"),
    *_route("tickets/<str:reference>", TicketDetail.as_view(), "api-ticket"),
    *_route("tickets/<str:reference>/messages", Messages.as_view(), "api-messages"),
    *_route("tickets/<str:reference>/messages/<int:pk>", MessageDetail.as_view(), "api-message"),
    *_route("contacts", Contacts.as_view(), "api-contacts"),
    *_route("contacts/<int:pk>", ContactDetail.as_view(), "api-contact"),
    *_route("attachments", Attachments.as_view(), "api-attachments"),
    *_route("attachments/<uuid:public_id>", AttachmentDetail.as_view(), "api-attachment"),
    *_route("status/<str:reference>", PlainStatusDetail.as_view(), "api-status"),
    *_route("teams", Teams.as_view(), "api-teams"),
    *_route("agents", Agents.as_view(), "api-agents"),
    *_route("categories", Categories.as_view(), "api-categories"),
    *_route("inboxes", Inboxes.as_view(), "api-inboxes"),
    path("openapi.json", documents.openapi, name="api-schema"),
    path("docs/", documents.swagger, name="api-docs"),
    path("redoc/", documents.redoc, name="api-redoc"),
    path("errors/<str:code>", documents.error, name="api-error"),
]
urlpatterns = [
    path("v1/", include(_v1)),
    re_path(r"^(?P<path>.*)$", documents.nowhere),
]
