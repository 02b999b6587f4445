"""Trying an account of X's out: who we are there, our webhook, and what we want to hear."""

from __future__ import annotations

from typing import Any

from channels import wire
from channels.x.api import Api
from channels.x.tokens import API
from support.http import Answer

EVENTS = (
    "dm.received", "dm.sent", "dm.read", "chat.received", "post.mention.create",
    "post.reply.create", "post.delete", "oauth.revoke",
)  # fmt: skip


def wrong(api: Api, own_id: str, bearer: str, webhook: str) -> str:
    """What keeps us from hearing, in words, or ""."""
    answer = api.get("/users/me")
    if not answer.is_ok:
        return _said(answer)
    if str(answer.json()["data"]["id"]) != own_id:
        return "the tokens belong to another account of X's"
    if not bearer:
        return ""
    headers = {"Authorization": f"Bearer {bearer}"}
    listed = wire.get(f"{API}/webhooks", headers=headers)
    if not listed.is_ok:
        return _said(listed)
    ours = [each for each in listed.json().get("data") or [] if each["url"] == webhook]
    if not ours:
        made = wire.post(f"{API}/webhooks", json={"url": webhook}, headers=headers)
        if not made.is_ok:
            return _said(made)
        ours = [_data(made)]
    if not ours[0].get("valid", True):
        return "X holds our address to be invalid; validate the webhook again in its console"
    return _subscribe(api, own_id, str(ours[0]["id"]))


def _subscribe(api: Api, own_id: str, webhook_id: str) -> str:
    """What was subscribed to before is refused as a duplicate, and is well."""
    for kind in EVENTS:
        body: dict[str, Any] = {"event_type": kind, "webhook_id": webhook_id, "tag": "harbour"}
        answer = api.post("/activity/subscriptions", {**body, "filter": {"user_id": own_id}})
        if not answer.is_ok and answer.status != 409 and "uplicate" not in _said(answer):
            return f"{kind}: {_said(answer)}"
    return ""


def _data(answer: Answer) -> dict[str, Any]:
    said: dict[str, Any] = answer.json()
    return dict(said.get("data") or said)


def _said(answer: Answer) -> str:
    said = answer.json() if answer.status < 500 else {}
    problem = (said.get("errors") or [{}])[0]
    why = said.get("detail") or problem.get("detail") or problem.get("message")
    return f"X answers {answer.status} {why or said.get('title') or ''}".strip()[:300]
