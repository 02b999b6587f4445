from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api import access, changes, examples
from api.base import Endpoint
from api.bearer import require_scope, token_of
from api.bodies import NewMessageBody, NewTicketBody, TicketChangeBody
from api.filters import MessageFilters, TicketFilters
from api.idempotency import idempotent
from api.lists import Listed
from api.scopes import MESSAGES_WRITE, NOTES_WRITE, TICKETS_READ, TICKETS_WRITE
from api.shapes import MessageShape, TicketShape
from channels.withdrawal import withdraw
from tickets.models import Message, Ticket

_WRITES = {
    Message.Direction.OUTBOUND: MESSAGES_WRITE,
    Message.Direction.NOTE: NOTES_WRITE,
    Message.Direction.INBOUND: TICKETS_WRITE,
}


def ticket_answer(ticket: Ticket, status: int = 200, **headers: str) -> Response:
    headers["ETag"] = changes.etag(ticket)
    return Response(TicketShape(ticket).data, status, headers=headers)


class Tickets(Listed):
    scopes = {"GET": (TICKETS_READ,), "POST": (TICKETS_WRITE,)}
    serializer_class = TicketShape
    filterset_class = TicketFilters
    orderings = {
        "-active_at": ("-active_at", "-id"),
        "active_at": ("active_at", "id"),
        "-created_at": ("-id",),
        "created_at": ("id",),
    }

    def rows(self) -> Any:
        whole = access.tickets_of(token_of(self.request)).filter(merged_into=None)
        return access.with_parts(whole)

    @extend_schema(
        operation_id="list_tickets",
        summary="List tickets",
        description="The most recently active first. `q` finds an exact number or address.",
        responses=TicketShape(many=True),
        examples=[examples.TICKET],
    )
    def get(self, request: Request) -> Response:
        return self.list()

    @extend_schema(
        operation_id="create_ticket",
        summary="Open a ticket",
        description="As if the requester had written: it is acknowledged by email.",
        request=NewTicketBody,
        responses={201: TicketShape},
        examples=[examples.NEW_TICKET, examples.TICKET],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        opened = changes.open_ticket(request, self.read(NewTicketBody))
        ticket = access.shown(opened)
        return ticket_answer(ticket, 201, Location=f"{request.path.rstrip('/')}/{ticket.reference}")


class TicketDetail(Endpoint):
    scopes = {"GET": (TICKETS_READ,), "PATCH": (TICKETS_WRITE,)}
    serializer_class = TicketShape

    @extend_schema(
        operation_id="get_ticket",
        summary="Read a ticket",
        description="Any of its numbers will do, dashes or not, also those merged into it.",
        examples=[examples.TICKET],
    )
    def get(self, request: Request, reference: str) -> Response:
        ticket = access.ticket_by_number(token_of(request), reference)
        known = request.headers.get("If-None-Match", "")
        tags = {tag.strip().removeprefix("W/") for tag in known.split(",")}
        if tags & {changes.etag(ticket), "*"}:
            return Response(status=304, headers={"ETag": changes.etag(ticket)})
        return ticket_answer(ticket)

    @extend_schema(
        operation_id="change_ticket",
        summary="Change a ticket",
        description="All of it or nothing. With `If-Match`, only if nobody else changed it.",
        request=TicketChangeBody,
        examples=[examples.TICKET_CHANGE, examples.TICKET],
    )
    def patch(self, request: Request, reference: str) -> Response:
        token = token_of(request)
        ticket = access.ticket_by_number(token, reference)
        asked = self.read(TicketChangeBody)
        changes.apply(ticket, asked, token, seen=changes.seen_by(request, ticket))
        return ticket_answer(access.shown(ticket))


class Messages(Listed):
    scopes = {"GET": (TICKETS_READ,), "POST": tuple(_WRITES.values())}
    serializer_class = MessageShape
    filterset_class = MessageFilters
    orderings = {"created_at": ("id",), "-created_at": ("-id",)}

    def rows(self) -> Any:
        ticket = access.ticket_by_number(token_of(self.request), self.kwargs["reference"])
        return access.messages_of(ticket)

    @extend_schema(
        operation_id="list_messages",
        summary="List a ticket's messages",
        description="Oldest first, internal notes included.",
        responses=MessageShape(many=True),
        examples=[examples.MESSAGE],
    )
    def get(self, request: Request, reference: str) -> Response:
        return self.list()

    @extend_schema(
        operation_id="add_message",
        summary="Reply, note down, or file what the customer said",
        description=(
            "`outbound` needs messages:write, `note` notes:write, `inbound` tickets:write. "
            "`If-Match` guards a reply against what came in meanwhile."
        ),
        request=NewMessageBody,
        responses={201: MessageShape},
        examples=[examples.REPLY, examples.NOTE, examples.MESSAGE],
    )
    @idempotent
    def post(self, request: Request, reference: str) -> Response:
        ticket = access.ticket_by_number(token_of(request), reference)
        asked = self.read(NewMessageBody)
        require_scope(request, _WRITES[asked["direction"]])
        seen = changes.seen_by(request, ticket)
        message = changes.add_message(request, ticket, asked, seen=seen)
        return Response(MessageShape(message).data, 201)


class MessageDetail(Endpoint):
    scopes = {"GET": (TICKETS_READ,), "DELETE": (MESSAGES_WRITE,)}
    serializer_class = MessageShape

    @extend_schema(
        operation_id="get_message",
        summary="Read a message",
        description="What became of a reply: when it waits, when it was sent, who has not got it.",
        examples=[examples.MESSAGE],
    )
    def get(self, request: Request, reference: str, pk: int) -> Response:
        return Response(MessageShape(self._message(request, reference, pk)).data)

    @extend_schema(
        operation_id="withdraw_message",
        summary="Take a reply back",
        description=(
            "While nothing of it is sent: a waiting one, and any other for a few seconds. "
            "422 when it is too late."
        ),
        responses={204: OpenApiResponse(description="Nothing of it will be sent.")},
    )
    def delete(self, request: Request, reference: str, pk: int) -> Response:
        withdraw(self._message(request, reference, pk), actor=token_of(request).agent)
        return Response(status=204)

    def _message(self, request: Request, reference: str, pk: int) -> Message:
        ticket = access.ticket_by_number(token_of(request), reference)
        return get_object_or_404(access.messages_of(ticket), pk=pk)
