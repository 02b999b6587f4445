"""Trying an account out: does Meta take the token, and is it this account's?"""

from __future__ import annotations

from django.utils.translation import gettext as _

from channels.meta.graph import Graph, GraphError


def wrong_with(graph: Graph, path: str, own_id: str, *, name: str = "id") -> str:
    """What is wrong, in Meta's words or ours; "" when all is well.

    ``name`` is the field that is to hold ``own_id``. Raises ``ValueError`` or its like for what is
    no answer of Meta's.
    """
    said = graph.get(path, fields=name).json()
    if not isinstance(said, dict):
        raise TypeError("no answer of Meta's")
    if "error" in said:
        return GraphError.of(said["error"]).kept
    if (found := str(said[name])) != own_id:
        return _("The token is for another account: %(id)s.") % {"id": found[:40]}
    return ""
