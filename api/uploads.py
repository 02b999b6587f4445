"""Files sent ahead of their message: kept for their token, spent once, forgotten after a day."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from api.models import ApiToken, Upload
from api.problems import Problem, at
from tickets import files
from tickets.inbound import InboundFile
from tickets.models import Attachment

KEPT = timedelta(hours=24)
_BATCH = 500


def keep(token: ApiToken, file: UploadedFile[bytes]) -> Upload:
    """Store an upload of ``token``."""
    try:
        stored = files.store(file.name or "", file.read())
    except OSError as error:
        raise Problem("unavailable", headers={"Retry-After": "30"}) from error
    return Upload.objects.create(
        token=token,
        key=stored.key,
        name=stored.name,
        content_type=stored.content_type,
        size=stored.size,
        sha256=stored.sha256,
    )


def spend(token: ApiToken, ids: Sequence[uuid.UUID]) -> tuple[InboundFile, ...]:
    """Take out the uploads with these ids. Another token's are as unknown as none at all."""
    if not ids:
        return ()
    found = {u.public_id: u for u in token.uploads.select_for_update().filter(public_id__in=ids)}
    missing = [n for n, one in enumerate(ids) if one not in found or one in ids[:n]]
    if missing:
        detail = _("There is no such upload, or it was used.")
        errors = [at(f"/attachments/{n}", detail, code="unknown_upload")[0] for n in missing]
        raise Problem("validation_error", errors=errors)
    taken = [found[one] for one in ids]
    Upload.objects.filter(pk__in=[upload.pk for upload in taken]).delete()
    return tuple(
        InboundFile(
            name=upload.name,
            content_type=upload.content_type,
            size=upload.size,
            sha256=upload.sha256,
            key=upload.key,
        )
        for upload in taken
    )


def prune(now: datetime) -> int:
    """Delete uploads nobody used within a day, and their bytes."""
    old = list(Upload.objects.filter(created_at__lt=now - KEPT).order_by("pk")[:_BATCH])
    for upload in old:
        deleted, _rows = Upload.objects.filter(pk=upload.pk).delete()
        if deleted and not Attachment.objects.filter(key=upload.key).exists():
            default_storage.delete(upload.key)
    return len(old)
