from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from api import access, examples, uploads
from api.base import Endpoint
from api.bearer import token_of
from api.idempotency import idempotent
from api.models import Upload
from api.parsing import StrictSerializer
from api.problems import Problem, at
from api.scopes import ATTACHMENTS_READ, ATTACHMENTS_WRITE
from support import web
from tickets import files

#: What multipart adds around the file.
_FRAME = 64 * 1024


class UploadFileBody(StrictSerializer):
    file = serializers.FileField(allow_empty_file=False, max_length=255)


class UploadShape(serializers.ModelSerializer[Upload]):
    id = serializers.UUIDField(source="public_id")

    class Meta:
        model = Upload
        fields = ("id", "name", "content_type", "size", "sha256")
        read_only_fields = fields


class BoundedMultiPart(MultiPartParser):
    """Refuses before a byte is written to disk."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        length = parser_context["request"].META.get("CONTENT_LENGTH") or 0
        if int(length) > settings.HARBOUR_UPLOAD_LIMIT + _FRAME:
            raise _too_large()
        return super().parse(stream, media_type, parser_context)


class Attachments(Endpoint):
    scopes = {"POST": (ATTACHMENTS_WRITE,)}
    serializer_class = UploadShape
    parser_classes = (BoundedMultiPart,)

    @extend_schema(
        operation_id="upload_attachment",
        summary="Upload a file for a message to come",
        description="Name its id in `attachments` of a ticket or message within a day, once.",
        request={"multipart/form-data": UploadFileBody},
        responses={201: UploadShape},
        examples=[examples.UPLOAD],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        file: UploadedFile[bytes] = self.read(UploadFileBody)["file"]
        if (file.size or 0) > settings.HARBOUR_UPLOAD_LIMIT:
            raise _too_large()
        kept = uploads.keep(token_of(request), file)
        return Response(UploadShape(kept).data, 201)


def _too_large() -> Problem:
    megabytes = settings.HARBOUR_UPLOAD_LIMIT // 1024 // 1024
    detail = _("A file may have %(size)s MB.") % {"size": megabytes}
    return Problem("too_large", detail, errors=at("/file", detail, code="too_large"))


class AnyAccept(DefaultContentNegotiation):
    """A file is what it is, whatever the client hoped for."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> Any:
        return renderers[0], renderers[0].media_type


class AttachmentDetail(Endpoint):
    scopes = {"GET": (ATTACHMENTS_READ,)}
    content_negotiation_class = AnyAccept

    @extend_schema(
        operation_id="get_attachment",
        summary="Download a file of a message",
        description="Always as a download: never open it in a page of yours.",
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
        examples=[examples.FILE],
    )
    def get(self, request: Request, public_id: uuid.UUID) -> FileResponse:
        found = access.attachment(token_of(request), public_id)
        try:
            content = files.open_file(found.key)
        except OSError as error:
            raise Problem("unavailable", headers={"Retry-After": "60"}) from error
        return web.download(found.name, found.content_type, content)
