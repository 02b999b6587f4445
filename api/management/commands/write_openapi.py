"""``manage write_openapi``: writes docs/openapi.json, which a test holds against the code."""

from __future__ import annotations

from django.conf import settings
from django.core.management.base import BaseCommand

from api.documents import document


class Command(BaseCommand):
    help = "Write the OpenAPI document to docs/openapi.json."

    def handle(self, *args: str, **options: str) -> None:
        (settings.BASE_DIR / "docs" / "openapi.json").write_text(document())
