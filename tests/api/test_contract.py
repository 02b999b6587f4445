"""The server does what its OpenAPI document says, asked at random through the real WSGI stack."""

from typing import Any

import pytest
import schemathesis
from django.core.cache import cache
from hypothesis import HealthCheck, given, settings

from api import scopes, tokens
from support.wsgi import application
from tests.api.conftest import ticket_body
from tests.factories import make_ticket
from tickets.models import Inbox

pytestmark = pytest.mark.slow
