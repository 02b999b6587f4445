"""Replies as they leave: who gets them, under which headers, and what they look like."""

from __future__ import annotations

from email.utils import getaddresses

import pytest

from channels.mime import parse_mail
from channels.models import Delivery
from channels.receipts import accept
from people.operations import Address
from tests.channels.replies.mails import CARL, DORA, EVA, opened, plain, rich
from tests.factories import make_account, make_agent, make_inbox, raw_mail
from tests.sink import Sink
from tests.working import work
from tickets import files
from tickets.exceptions import TicketError
from tickets.inbound import InboundFile
from tickets.models import Message, Ticket
from tickets.operations.reply import reply

pytestmark = pytest.mark.django_db(transaction=True)

PIXEL = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010806000000")


def test_each_recipient_gets_a_mail_of_their_own_that_names_them_all(sink: Sink) -> None:
    ticket = opened(sink)
    message = reply(ticket, "All of you", actor=make_agent(), cc=[CARL, DORA], bcc=[EVA])
    work()
    got = {
        envelope.rcpt_tos[0]: mail
        for envelope, mail in zip(sink.envelopes, sink.mails, strict=True)
    }
    assert set(got) == {"ann@example.org", *(each.value for each in (CARL, DORA, EVA))}
    assert all(len(envelope.rcpt_tos) == 1 for envelope in sink.envelopes)
    for mail in got.values():
        assert getaddresses([str(mail["To"])]) == [("Ann", "ann@example.org")]
        assert getaddresses([str(mail["Cc"])]) == [("Carl", CARL.value), ("Dora", DORA.value)]
        assert EVA.value not in mail.as_string(), "a blind copy stays blind"
        assert mail["Auto-Submitted"] is mail["List-Id"] is mail["Precedence"] is None
    assert len({str(mail["Message-ID"]) for mail in got.values()}) == 4
    message.refresh_from_db()
    assert message.external_id == str(got["ann@example.org"]["Message-ID"]).strip("<>")
    assert message.sent_at is not None


def test_one_recipient_who_is_refused_is_named_and_the_others_have_it(sink: Sink) -> None:
    ticket = opened(sink)
    sink.answers[CARL.value] = "550 5.1.1 no such user"
    message = reply(ticket, "Both of you", actor=make_agent(), cc=[CARL])
    work()
    states = dict(Delivery.objects.filter(message=message).values_list("to", "status"))
    assert states == {"ann@example.org": "sent", CARL.value: "failed"}
    message.refresh_from_db()
    assert message.sent_at is not None
    assert message.failure == "", "the one it was meant for has it"


def test_a_reply_counts_as_failed_when_the_requester_has_not_got_it(sink: Sink) -> None:
    ticket = opened(sink)
    sink.answers["ann@example.org"] = "550 5.1.1 no such user"
    message = reply(ticket, "Both of you", actor=make_agent(), cc=[CARL])
    work()
    message.refresh_from_db()
    assert message.sent_at is None
    assert message.failure
    assert len(sink.mails) == 1


@pytest.mark.parametrize("wrong", ["ann", "a@b@c", "a b@c", "a@b\r\nBcc: x@y", "", "a\0@b.c"])
def test_what_is_no_address_is_refused(sink: Sink, wrong: str) -> None:
    ticket = opened(sink)
    with pytest.raises(TicketError):
        reply(ticket, "x", actor=make_agent(), cc=[Address("email", wrong)])
    assert not Message.objects.filter(direction="outbound").exists()


def test_too_many_recipients_are_refused_and_repeated_ones_are_one(sink: Sink) -> None:
    ticket = opened(sink)
    many = [Address.email(f"p{n}@example.net") for n in range(101)]
    with pytest.raises(TicketError):
        reply(ticket, "x", actor=make_agent(), cc=many)
    message = reply(ticket, "x", actor=make_agent(), cc=[CARL, CARL], bcc=[CARL, DORA])
    assert message.addressing["cc"] == [["Carl", CARL.value]]
    assert message.addressing["bcc"] == [["Dora", DORA.value]]


def test_our_own_addresses_are_not_written_to(sink: Sink) -> None:
    ticket = opened(sink)
    ours = Address.email("support+x@example.com")
    reply(ticket, "x", actor=make_agent(), cc=[ours, CARL])
    work()
    assert {envelope.rcpt_tos[0] for envelope in sink.envelopes} == {"ann@example.org", CARL.value}


def test_the_thread_has_one_root_and_the_last_message_as_its_parent(sink: Sink) -> None:
    ticket = opened(sink, Message_ID="<one@example.org>")
    reply(ticket, "First answer", actor=make_agent())
    work()
    first = sink.mails[-1]
    back = raw_mail(To=str(first["Reply-To"]), Message_ID="<two@example.org>", text="And now?")
    accept(ticket.inbox.accounts.get(), back, {})
    work()
    reply(ticket, "Second answer", actor=make_agent())
    work()
    second = sink.mails[-1]
    roots = {str(mail["References"]).split()[0] for mail in (first, second)}
    assert len(roots) == 1
    assert first["In-Reply-To"] == "<one@example.org>"
    assert second["In-Reply-To"] == "<two@example.org>"
    parents = str(second["References"]).split()[1:]
    assert parents == ["<one@example.org>", str(first["Message-ID"]), "<two@example.org>"]
    for mail in (first, second):
        assert str(mail["Subject"]) == f"Re: Kettle leaks [{ticket.number}]"


def test_text_and_html_say_the_same_and_html_can_do_nothing(sink: Sink) -> None:
    ticket = opened(sink)
    words = "Hello <b>Ann</b>,\n\nplease:\n- open https://example.com/a?b=1&c=2\n- close\n\n1. one\n3. three\n\n<script>alert(1)</script>"
    reply(ticket, words, actor=make_agent())
    work()
    [mail] = sink.mails
    assert words in plain(mail)
    html = rich(mail)
    assert "<script" not in html
    assert "&lt;b&gt;Ann&lt;/b&gt;" in html
    assert 'href="https://example.com/a?b=1&amp;c=2"' in html
    assert html.count("<li>") == 2
    assert '<li value="3">three</li>' in html


def test_a_picture_lies_beside_the_html_that_shows_it(sink: Sink) -> None:
    ticket = opened(sink)
    pictures = [picture("p1", "screen.png"), picture("p2", "more.png"), attachment()]
    reply(ticket, "Look: ![screen.png](cid:p1) there", actor=make_agent(), files=pictures)
    work()
    [mail] = sink.mails
    assert mail.get_content_type() == "multipart/mixed"
    alternative, log = list(mail.iter_parts())
    text, related = list(alternative.iter_parts())
    html, one, two = list(related.iter_parts())
    assert [each.get_content_type() for each in (text, related, html, one, two, log)] == [
        "text/plain", "multipart/related", "text/html", "image/png", "image/png", "text/plain",
    ]  # fmt: skip
    assert "Look: [screen.png] there" in text.get_content()
    ids = [str(part["Content-ID"]).strip("<>") for part in (one, two)]
    assert all("@" in each for each in ids)
    assert len(set(ids)) == 2
    for content_id in ids:
        assert f'src="cid:{content_id}"' in html.get_content()
    assert html.get_content().index("Look:") < html.get_content().index(ids[0])
    assert one.get_content() == PIXEL
    assert log.get_filename() == "log.txt"


def picture(content_id: str, name: str) -> InboundFile:
    shown = {"content_id": content_id, "is_inline": True}
    return files.describe(name, PIXEL, key=files.keep(PIXEL), **shown)


def attachment() -> InboundFile:
    return files.store("log.txt", b"all went well")


def test_the_sender_and_the_signature_are_the_agents_then_the_inboxes(sink: Sink) -> None:
    inbox = make_inbox(from_name="{agent} ({team}, {company})", signature="Yours, {agent}\n{team}")
    accept(make_account(inbox=inbox), raw_mail(), {})
    work()
    ticket, mei = Ticket.objects.get(), make_agent(name="Mei {company} Lin")
    reply(ticket, "One", actor=mei)
    work()
    mei.signature = "Mei\nextension {agent} 12"
    mei.save()
    reply(ticket, "Two", actor=mei)
    reply(ticket, "Three", actor=None)
    work()
    acknowledgement, one, two, three = sink.mails
    assert "Mei {company} Lin (Support, Harbour)" in str(one["From"]), "a name is not filled in"
    assert "-- \nYours, Mei {company} Lin\nSupport" in plain(one)
    assert "-- \nMei\nextension Mei {company} Lin 12" in plain(two)
    assert "Yours, \nSupport" in plain(three)
    assert str(acknowledgement["From"]).startswith("Harbour ")
    assert str(three["From"]).startswith("Harbour ")
    assert parse_mail(one.as_bytes()).from_email == "support@example.com"


def test_a_conversation_in_a_channel_is_answered_there_even_if_an_address_is_known(
    sink: Sink,
) -> None:
    ticket = opened(sink)
    Ticket.objects.filter(pk=ticket.pk).update(thread="4711")
    ticket.refresh_from_db()
    assert reply(ticket, "x", actor=make_agent()).addressing["to"] == []
    work()
    assert [str(mail["To"]) for mail in sink.mails] == ["Ann <ann@example.org>"], (
        "no channel holds it"
    )
    message = Message.objects.get(direction="outbound")
    assert message.addressing["to"] == [["Ann", "ann@example.org"]]


def test_a_mail_of_an_issue_tracker_is_answered_by_mail(sink: Sink) -> None:
    key = "JIRA.4711.1767225600000.88.1767225600001@Atlassian.JIRA"
    accept(make_account(), raw_mail(Message_ID=f"<{key}>"), {})
    work()
    before, ticket = len(sink.mails), Ticket.objects.get()
    assert ticket.thread
    reply(ticket, "We are on it", actor=make_agent())
    work()
    assert [each.rcpt_tos for each in sink.envelopes[before:]] == [["ann@example.org"]]
