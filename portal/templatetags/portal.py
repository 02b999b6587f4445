from __future__ import annotations

import re

from django import template
from django.conf import settings

from people.models import User
from tickets.pictures import in_words

register = template.Library()
_ONE_WORD_NAME = re.compile(r"[^\x00-\u024f]|^$")


@register.simple_tag
def company() -> str:
    """Whose support this is."""
    return str(settings.HARBOUR_NAME)


@register.filter
def first_name(agent: User | None) -> str:
    """What customers may know of an agent's name; "" when a first name cannot be told.

    A Chinese name has its family name first and no blank: none of it is shown.
    """
    words = agent.name.split() if agent else []
    return "" if not words or _ONE_WORD_NAME.search(words[0]) else words[0]


register.filter("in_words", in_words)
