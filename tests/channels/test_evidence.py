from __future__ import annotations

from channels import threads
from channels.evidence import Evidence, evidence_in, facts_of
from channels.mime import parse_mail
from channels.threads import Mark
from tests.factories import raw_mail

MAILBOX = "support@example.com"


def evidence(*envelope: str, **headers: str) -> Evidence:
    return evidence_in(parse_mail(raw_mail(**headers)), envelope)


def test_the_envelope_comes_before_the_headers_and_addresses_before_ids() -> None:
    first, second = threads.reply_address(MAILBOX, 1), threads.reply_address(MAILBOX, 2)
    third = threads.new_message_id(3)
    assert evidence(first, To=second, In_Reply_To=third).mark == Mark(ticket_id=1)
    assert evidence(MAILBOX, To=second, In_Reply_To=third).mark == Mark(ticket_id=2)
    assert evidence(MAILBOX, In_Reply_To=third).mark == Mark(ticket_id=3)
    assert not evidence(MAILBOX).is_proved


def test_every_recipient_header_is_looked_at() -> None:
    signed = threads.reply_address(MAILBOX, 7)
    for name in ("Cc", "Delivered_To", "X_Original_To", "Envelope_To", "X_Forwarded_To"):
        assert evidence(**{name: signed}).mark == Mark(ticket_id=7), name


def test_the_nearest_of_five_ids_counts() -> None:
    ids = [threads.new_message_id(n) for n in range(10)]
    assert evidence(References=" ".join(ids)).mark == Mark(ticket_id=9)
    found = evidence(References=" ".join(ids), In_Reply_To=ids[0])
    assert found.mark == Mark(ticket_id=0)
    assert len(found.references) == 5


def test_an_answer_whose_ids_were_rewritten_is_known_by_the_text_it_quotes() -> None:
    mark = threads.body_mark(12)
    quoted = f"Yes.\r\n\r\nOn Monday, Support wrote:\r\n> Have you tried?\r\n> {mark}"
    found = evidence(In_Reply_To="<rewritten@mail.example.net>", text=quoted)
    assert found.mark == Mark(ticket_id=12)
    for forged in (mark.replace("t12", "t13"), mark[:-1], f"{mark}a", f"x{mark}"):
        assert not evidence(text=forged).is_proved


def test_an_issue_of_a_tracker_is_one_thread_whatever_its_ids() -> None:
    opened = evidence(Message_ID="<JIRA.4711.1767225600000.88.1767225600001@Atlassian.JIRA>")
    later = evidence(
        Message_ID="<JIRA.4711.1767225600000.99.1767230000000@Atlassian.JIRA>",
        In_Reply_To="<JIRA.4711.1767225600000@Atlassian.JIRA>",
    )
    assert opened.thread == later.thread == "jira.4711.1767225600000"
    assert evidence(Message_ID="<JIRA.4711.1767225600000@example.net>").thread == ""


def test_a_mail_that_is_no_report_has_no_facts_of_one() -> None:
    assert facts_of(parse_mail(raw_mail())) == {}
