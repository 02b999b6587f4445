"""The server does what its OpenAPI document says, asked at random through the real WSGI stack."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
import schemathesis
from django.core.cache import cache
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import CHECKS
from schemathesis.generation import GenerationMode

from api import scopes, tokens
from tests.factories import make_ticket
from tickets.models import Inbox

SAID = ("not_a_server_error", "status_code_conformance", "content_type_conformance",
        "response_schema_conformance", "negative_data_rejection")  # fmt: skip
OPERATIONS = ["list_tickets", "create_ticket", "get_ticket", "change_ticket", "list_messages",
              "add_message", "get_message", "withdraw_message", "list_contacts", "create_contact", "get_contact", "change_contact",
              "upload_attachment", "get_attachment", "get_status", "list_teams", "list_agents",
              "list_categories", "list_inboxes"]  # fmt: skip


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """As Django's own client: a request must not close the connection of the test's transaction."""
    ends = (request_started, request_finished)
    for end in ends:
        end.disconnect(close_old_connections)
    yield
    for end in ends:
        end.connect(close_old_connections)


def test_each_operation_is_asked() -> None:
    assert {op.definition.raw["operationId"] for op in _operations()} == set(OPERATIONS)


def _operations() -> list[Any]:
    application = get_wsgi_application()
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)
    return [found.ok() for found in schema.get_all_operations()]


@pytest.mark.slow
@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_keeps_its_word(desk: Inbox, name: str) -> None:
    _token, secret = tokens.issue("contract", scopes=scopes.ALL)
    ticket = make_ticket(desk)
    operation = next(op for op in _operations() if op.definition.raw["operationId"] == name)
    asked = count()

    @settings(max_examples=25, deadline=None, derandomize=True, database=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
    def keeps_its_word(case: Any) -> None:
        cache.clear()
        if next(asked) % 2 and "reference" in (case.path_parameters or {}):
            case.path_parameters["reference"] = ticket.reference
        response = case.call(headers={"Authorization": f"Bearer {secret}"})
        case.validate_response(response, checks=[CHECKS.get_one(check) for check in SAID])

    keeps_its_word()
