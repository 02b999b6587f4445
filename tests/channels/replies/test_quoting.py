"""What is quoted under a reply, and how an answer is parted from what it quotes."""

from __future__ import annotations

import pytest

from channels import separators
from channels.models import Account
from channels.receipts import accept
from tests.channels.replies.mails import CARL, forget, heard, opened, plain, rich
from tests.factories import make_agent, raw_mail
from tests.sink import Sink
from tests.working import work
from tickets.models import Inbox, Message, Ticket
from tickets.operations.lifecycle import merge
from tickets.operations.reply import add_note, reply

pytestmark = pytest.mark.django_db(transaction=True)


def answered(sink: Sink, ticket: Ticket, text: str = "Try a gasket.") -> tuple[str, str]:
    """Text and HTML of an agent's reply."""
    forget(sink)
    reply(ticket, text, actor=make_agent())
    work()
    return plain(sink.mails[0]), rich(sink.mails[0])


def test_the_last_message_is_quoted_below_in_the_tickets_language(sink: Sink) -> None:
    text, html = answered(sink, opened(sink, text="It leaks.\r\nEverywhere."))
    assert text.endswith(
        "\nOn 2 March 2026, 12:00 UTC, Ann <ann@example.org> wrote:\n> It leaks.\n> Everywhere.\n"
    )
    assert "It leaks.<br>Everywhere.</blockquote>" in html
    chinese, _ = answered(sink, opened(sink, Subject="水壶", text="水壶漏水，请帮忙看看。"))
    assert "2026年3月2日 12:00（UTC），Ann <ann@example.org> 写道：\n> 水壶漏水" in chinese
    assert "请在此行上方回复" in chinese


def test_an_inbox_may_leave_it_out(sink: Sink) -> None:
    ticket = opened(sink, text="It leaks.")
    Inbox.objects.update(quotes_history=False)
    text, html = answered(sink, ticket)
    assert "It leaks" not in text + html


def test_strangers_notes_and_machines_are_never_quoted(sink: Sink) -> None:
    ticket = opened(sink, Message_ID="<one@example.org>", text="It leaks.")
    eve = {"From": "Eve <eve@example.com.invalid>", "In_Reply_To": "<one@example.org>"}
    assert heard(ticket, text="STRANGE", **eve).author == Message.Author.STRANGER
    heard(ticket, text="MACHINE", Auto_Submitted="auto-replied", In_Reply_To="<one@example.org>")
    add_note(ticket, "NOTED", actor=make_agent())
    text, html = answered(sink, ticket)
    assert "> It leaks." in text
    for word in ("STRANGE", "MACHINE", "NOTED"):
        assert word not in text + html


def test_another_customers_words_are_not_quoted_after_a_merge(sink: Sink) -> None:
    ticket = opened(sink, text="It leaks.")
    other = opened(sink, From="Bob <bob@example.org>", text="MY OWN AFFAIR")
    merge(other, ticket, actor=None)
    text, _html = answered(sink, ticket)
    assert "MY OWN AFFAIR" not in text
    assert "> It leaks." in text


BOTTOM = [
    "{answer}\r\n\r\n{ours}",
    "{answer}\r\n\r\nOn Mon, 2 Mar 2026 at 13:00, Support <support@example.com> wrote:\r\n{ours}",
    "{answer}\r\n\r\nsomething no program ever wrote before\r\n{ours}",
]


@pytest.mark.parametrize("form", BOTTOM)
def test_an_answer_is_cut_at_our_line_whatever_a_program_makes_of_the_rest(
    sink: Sink, form: str
) -> None:
    ticket = opened(sink)
    text, _ = answered(sink, ticket, "Our secret sauce")
    body = form.format(answer="That worked.", ours=text.replace("\n", "\r\n"))
    message = heard(ticket, To=str(sink.mails[0]["Reply-To"]), text=body)
    assert message.text.startswith("That worked.")
    assert "Our secret sauce" not in message.text
    assert "Our secret sauce" in message.quoted, "folded, and never cut"
    everything = f"{message.text}\n{message.quoted}"
    assert all(line.strip() in everything for line in body.split("\r\n"))


def test_an_answer_in_html_is_cut_where_ours_begins(sink: Sink) -> None:
    ticket = opened(sink)
    _, html = answered(sink, ticket, "Our secret sauce")
    body = f"<html><body><p>That worked.</p><div>{html}</div></body></html>"
    answer = raw_mail(To=str(sink.mails[0]["Reply-To"]), Content_Type="text/html; charset=utf-8",
                      In_Reply_To=str(sink.mails[0]["Message-ID"]), text=body)  # fmt: skip
    accept(Account.objects.get(), answer, {})
    work()
    message = Message.objects.filter(direction="inbound").latest("pk")
    assert message.text == "That worked."
    assert "Our secret sauce" in message.quoted


def test_what_is_answered_between_our_lines_stays_in_view(sink: Sink) -> None:
    ticket = opened(sink)
    text, _ = answered(sink, ticket, "Which colour?\n\nWhich size?")
    quoted = "\r\n".join(f"> {line}" for line in text.split("\n"))
    body = quoted.replace("> Which colour?", "> Which colour?\r\nRED\r\n").replace(
        "> Which size?", "> Which size?\r\nLARGE\r\n"
    )
    message = heard(ticket, To=str(sink.mails[0]["Reply-To"]), text=body)
    assert "RED" in message.text
    assert "LARGE" in message.text


@pytest.mark.parametrize("change", ["ticket", "mac"])
def test_a_line_that_we_did_not_write_cuts_nothing(sink: Sink, change: str) -> None:
    ticket = opened(sink)
    line = separators.text_line(ticket.pk)
    forged = line.replace(f"t{ticket.pk}.", f"t{ticket.pk + 1}.") if change == "ticket" else ""
    forged = forged or line.replace("] --", "a] --").replace("[ref:t", "[ref:t", 1)[:-6] + "] --"
    assert forged != line
    answered(sink, ticket)
    message = heard(
        ticket, To=str(sink.mails[0]["Reply-To"]), text=f"Yes.\r\n\r\n{forged}\r\n\r\nHIDE ME"
    )
    assert "HIDE ME" in message.text


def test_a_reply_to_all_reads_the_same_for_each(sink: Sink) -> None:
    ticket = opened(sink)
    reply(ticket, "Both of you", actor=make_agent(), cc=[CARL])
    work()
    assert plain(sink.mails[0]) == plain(sink.mails[1])
