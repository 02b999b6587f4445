"""A call that does not prove who speaks leaves nothing."""

from __future__ import annotations

import time
from typing import Any

import pytest

from channels.models import Receipt
from tests.channels.hooks import signed_calls
from tests.channels.hooks.calls import Call
from tests.channels.hooks.posting import CALLS, EVERY, account_for, post, set_up
from tests.factories import make_account

pytestmark = pytest.mark.django_db


def forgeries(call: Call) -> list[Call]:
    """The call without its proof, with a wrong one, with a part of it, and with other content."""
    found = []
    marks = {name for name in call.headers if name not in ("svix-id", "svix-timestamp")}
    for name in marks:
        value = call.headers[name]
        others = {n: v for n, v in call.headers.items() if n != name}
        wrong = value[:-6] + ("AAAA" if value[-6:-2] != "AAAA" else "BBBB") + value[-2:]
        for said in (
            None,
            "",
            wrong,
            value[:-4],
            value[:12] + "A" + value[12:],
            value.encode().hex(),
        ):
            headers = others if said is None else others | {name: said}
            found.append(call.but(headers=headers))
    if marks - {"Authorization"}:  # it signs what it says
        found += [call.but(body=call.body + b" "), call.but(body=call.body.replace(b"a", b"b", 1))]
    return found


@pytest.mark.parametrize("name", [n for n in EVERY if not n.startswith(("amazon", "mailgun"))])
def test_a_call_that_proves_nothing_leaves_nothing(name: str, internet: dict[str, Any]) -> None:
    account, call = set_up(name)
    forged = forgeries(call)
    assert len(forged) >= 6
    for each in forged:
        assert post(account, each) == 403, each.headers
    assert not Receipt.objects.exists()


def test_mailguns_signature_must_fit_and_be_recent() -> None:
    account = account_for(signed_calls.mailgun())
    now = time.time()
    assert post(account, signed_calls.mailgun(when=now - 800)) == 200
    for call in (
        signed_calls.mailgun(when=now - 1000),
        signed_calls.mailgun(when=now + 400),
        signed_calls.mailgun(signature="0" * 64),
        signed_calls.mailgun(signature=signed_calls.mailgun_proof()["signature"]),
        signed_calls.mailgun(signature=""),
        signed_calls.mailgun(token="x"),
        signed_calls.mailgun(token="\xff"),
        signed_calls.mailgun(timestamp=str(int(now) - 1)),
        signed_calls.mailgun(timestamp=""),
    ):
        assert post(account, call) == 403
    assert Receipt.objects.count() == 1


def test_a_mailgun_token_cannot_be_shifted_into_a_new_one() -> None:
    """The signature covers timestamp and token run together, wherever the seam is said to be."""
    account = account_for(signed_calls.mailgun())
    fields = signed_calls.mailgun_proof()
    whole = fields["timestamp"] + fields["token"]
    for seam in (8, 9, 11, 12):
        call = signed_calls.mailgun(
            timestamp=whole[:seam], token=whole[seam:], signature=fields["signature"]
        )
        assert post(account, call) in (400, 403)
    assert not Receipt.objects.exists()


def test_without_a_secret_nobody_is_believed(internet: dict[str, Any]) -> None:
    for number, make in enumerate(CALLS.values()):
        call = make()
        internet |= call.internet
        values = {"provider": call.provider, "webhook_secret": "nocolon"}
        account = make_account(address=f"a{number}@example.com", settings=values)
        assert post(account, call) in (401, 403), call.provider
    assert not Receipt.objects.exists()
