"""`manage.py doctor` on a real database: what is well, what is not, and its exit code."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from support import doctor
from support.models import Heartbeat

pytestmark = pytest.mark.django_db


def verdicts() -> dict[str, bool]:
    return {finding.name: finding.well for finding in doctor.examine()}


def test_what_runs_is_well_and_what_does_not_is_named(settings: Settings) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_PORT = "django.core.mail.backends.smtp.EmailBackend", 1
    found = verdicts()
    wrong = {name for name, well in found.items() if not well}
    assert wrong == {"mail out", "background"}


def test_heartbeats_show_that_the_background_lives() -> None:
    for name in ("worker", "relay"):
        Heartbeat.objects.create(name=name, at=timezone.now())
    assert verdicts()["background"]


def test_a_key_that_is_none_is_found(settings: Settings) -> None:
    settings.HARBOUR_KEYS = ["short"]
    assert not verdicts()["secrets"]


def test_json_for_machines_and_an_exit_code() -> None:
    out = io.StringIO()
    with pytest.raises(SystemExit) as ending:
        call_command("doctor", json=True, stdout=out)
    report = json.loads(out.getvalue())
    assert ending.value.code == 1
    assert not report["well"]
    assert {"name", "well", "words"} == set(report["checks"][0])


def test_words_for_people() -> None:
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("doctor", stdout=out)
    assert "ok    database     PostgreSQL" in out.getvalue()
    assert "WRONG background" in out.getvalue()
