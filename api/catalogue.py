"""Short lists that other calls refer to."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api import access, examples
from api.lists import Listed
from api.scopes import TICKETS_READ
from api.shapes import AgentShape, CategoryShape, InboxShape, TeamShape


class Teams(Listed):
    scopes = {"GET": (TICKETS_READ,)}
    serializer_class = TeamShape

    def rows(self) -> Any:
        return access.teams()

    @extend_schema(
        operation_id="list_teams",
        description="What `team` of a ticket refers to.",
        summary="List teams",
        responses=TeamShape(many=True),
        examples=[examples.TEAM],
    )
    def get(self, request: Request) -> Response:
        return self.list()


class Agents(Listed):
    scopes = {"GET": (TICKETS_READ,)}
    serializer_class = AgentShape

    def rows(self) -> Any:
        return access.agents()

    @extend_schema(
        operation_id="list_agents",
        description="What `assignee` of a ticket refers to.",
        summary="List active agents",
        responses=AgentShape(many=True),
        examples=[examples.AGENT],
    )
    def get(self, request: Request) -> Response:
        return self.list()


class Categories(Listed):
    scopes = {"GET": (TICKETS_READ,)}
    serializer_class = CategoryShape

    def rows(self) -> Any:
        return access.categories()

    @extend_schema(
        operation_id="list_categories",
        description="What `category` of a ticket refers to, by its slug.",
        summary="List categories",
        responses=CategoryShape(many=True),
        examples=[examples.CATEGORY],
    )
    def get(self, request: Request) -> Response:
        return self.list()


class Inboxes(Listed):
    scopes = {"GET": (TICKETS_READ,)}
    serializer_class = InboxShape

    def rows(self) -> Any:
        return access.inboxes()

    @extend_schema(
        operation_id="list_inboxes",
        description="What `inbox` of a ticket refers to.",
        summary="List inboxes",
        responses=InboxShape(many=True),
        examples=[examples.INBOX],
    )
    def get(self, request: Request) -> Response:
        return self.list()
