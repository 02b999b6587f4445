"""The last message of the customer's under our answer, as mail programs quote it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from channels import markup
from support.html import linked_html
from tickets.models import Message
from tickets.operations.forwarding import author_of

#: Letters of a message that are quoted; the rest the customer has anyway.
MOST = 20_000


@dataclass(frozen=True)
class Quote:
    """Both empty when there is nothing to quote."""

    text: str = ""
    html: str = ""


def last_heard(message: Message) -> Message | None:
    """What this reply answers: the last that those on the ticket wrote before it.

    Never a stranger's, nor anything of a side thread, or that only agents may read.
    """
    said = Message.objects.public().filter(ticket=message.ticket_id, pk__lt=message.pk)
    takes_part = Q(contact=message.ticket.requester_id) | Q(
        contact__in=message.ticket.participants.values("contact")
    )
    heard = said.filter(takes_part, direction=Message.Direction.INBOUND, is_automatic=False)
    heard = heard.exclude(author=Message.Author.STRANGER).select_related("contact", "inbox")
    return heard.order_by("-pk").first()


def last_heard_aside(message: Message) -> Message | None:
    """The same in a side thread, from the one we asked."""
    said = Message.objects.filter(side_thread=message.side_thread_id, pk__lt=message.pk)
    heard = said.filter(direction=Message.Direction.INBOUND, author=Message.Author.PARTICIPANT)
    return heard.select_related("contact", "inbox").order_by("-pk").first()


def quote(message: Message | None) -> Quote:
    """In the active language."""
    if message is None or not message.text.strip():
        return Quote()
    at = message.sent_at or message.created_at
    told = {"when": date_format(at, _("j F Y, H:i")), "who": author_of(message)}
    attribution = _("On %(when)s UTC, %(who)s wrote:") % told
    words = message.text.strip()[:MOST]
    marked = "\n".join(f"> {line}".rstrip() for line in words.split("\n"))
    lines = "<br>".join(linked_html(line) for line in words.split("\n"))
    return Quote(
        text=f"{attribution}\n{marked}",
        html=f'<div class="moz-cite-prefix">{linked_html(attribution)}</div>\n'
        f"{markup.QUOTE}{lines}</blockquote>",
    )


def passed_on(message: Message) -> Quote:
    """The messages that a forward holds, as they were put together when it was written."""
    if not message.quoted:
        return Quote()
    lines = "<br>".join(linked_html(line) for line in message.quoted.split("\n"))
    return Quote(text=message.quoted, html=f"{markup.QUOTE}{lines}</blockquote>")
