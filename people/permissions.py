"""The one place that says who may do what. Deny by default."""

from __future__ import annotations

from typing import Final

from django.contrib.auth.models import AnonymousUser

from people.models import User

_AGENT: Final = frozenset({"tickets.work", "contacts.read", "attachments.read"})
_ADMIN: Final = _AGENT | {"settings.edit", "quarantine.work", "templates.edit", "tokens.manage"}
_MAY: Final = {User.Role.AGENT: _AGENT, User.Role.ADMIN: _ADMIN}


def may(user: User | AnonymousUser, action: str) -> bool:
    """Whether ``user`` may do ``action``, such as ``"quarantine.work"``."""
    if not isinstance(user, User) or not user.is_active:
        return False
    return action in _MAY.get(User.Role(user.role), frozenset())


def audience_of(user: User) -> frozenset[str] | None:
    """The live-update audiences ``user`` belongs to; None means every one."""
    if user.sees_all_tickets:
        return None
    teams = {f"team:{pk}" for pk in user.teams.values_list("pk", flat=True)}
    return frozenset(teams | {f"user:{user.pk}", "all"})
