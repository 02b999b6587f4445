"""Rows 2 and 3: marks that nobody can make, and mail that others send to a reply address."""

from __future__ import annotations

import random
from typing import Any

import pytest
from django.core.checks import run_checks

from channels import threads
from channels.evidence import evidence_in
from channels.mime import parse_mail
from people.models import User
from tests.channels.attacks.gate import OURS, file
from tests.factories import make_account, make_agent, raw_mail
from tickets.models import Message, Ticket
from tickets.operations.reply import reply
from tickets.operations.triage import assign

MAILBOX, ALPHABET = "support@example.com", "abcdefghijklmnopqrstuvwxyz234567"
SERVICES = [
    ("no-reply@slack.example", "Your Slack confirmation code: 482-913", "482-913"),
    ("noreply@github.example", "[GitHub] Please verify your email address", "gh-verify-77120"),
    ("noreply@okta.example", "Okta: activate your account", "okta-activation-5521"),
    ("account@zoom.example", "Confirm your Zoom sign-up", "zoom-pin-93310"),
    ("noreply@statuspage.example", "Set your password", "reset-token-10233"),
]  # fmt: skip


def mutated(text: str, chance: random.Random) -> str:
    """With one to three characters changed, dropped, doubled or swapped."""
    letters = list(text)
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(letters))
        kind = chance.randrange(4)
        if kind == 0:
            letters[at] = chance.choice(ALPHABET + "0189.-_+<> ")
        elif kind == 1:
            letters[at] = ""
        elif kind == 2:
            letters[at] *= 2
        else:
            other = chance.randrange(len(letters))
            letters[at], letters[other] = letters[other], letters[at]
    return "".join(letters)


def test_ten_thousand_mutated_ids_prove_nothing_that_was_not_so() -> None:
    chance = random.Random(3)
    genuine = {
        threads.new_message_id(1): threads.Mark(ticket_id=1),
        threads.new_message_id(1, agent_id=7): threads.Mark(ticket_id=1, agent_id=7),
        threads.new_message_id(1, side_thread_id=4): threads.Mark(ticket_id=1, side_thread_id=4),
    }
    known = list(genuine)
    taken = 0
    for _ in range(10_000):
        original = chance.choice(known)
        mark = threads.mark_of_message_id(mutated(original, chance))
        taken += mark is not None
        assert mark in (None, genuine[original])
    assert taken < 2_000, "only what lies outside the signed part may change"


def test_a_mutated_id_in_any_header_invites_no_agent() -> None:
    chance = random.Random(33)
    agents = threads.new_message_id(1, agent_id=7)
    body = agents.strip("<>").split("@")[0]
    for n in range(1_000):
        cut = chance.randrange(len(body))
        forged = f"<{body[:cut]}{chance.choice(ALPHABET)}{body[cut + 1 :]}@example.com>"
        if forged.startswith(f"<{body}@"):
            continue
        header = ("In_Reply_To", "References", "Message_ID")[n % 3]
        found = evidence_in(parse_mail(raw_mail(**{header: forged})), [])
        assert found.mark.agent_id is None


@pytest.mark.django_db
def test_no_forged_answer_is_ever_an_agents(settings: Any) -> None:
    settings.HARBOUR_AUTHSERV_ID = OURS
    chance, account, agent = random.Random(30), make_account(), make_agent(wants_mail=True)
    file(account, [raw_mail()])
    ticket = Ticket.objects.get()
    assign(ticket, agent, actor=agent)
    genuine = threads.agent_address(MAILBOX, ticket.pk, agent.pk)
    local = genuine.partition("@")[0]
    passed = f"{OURS}; dkim=pass; dmarc=pass header.from=example.com"
    mails = [
        raw_mail(
            From=agent.email,
            To=f"{local[:-1]}{chance.choice(ALPHABET.replace(local[-1], ''))}@example.com",
            In_Reply_To=mutated(threads.new_message_id(ticket.pk, agent_id=0), chance),
            Authentication_Results=passed,
        )
        for _ in range(40)
    ]
    mails += [
        raw_mail(From=agent.email, To=genuine, Authentication_Results=verdict)
        for verdict in ("", f"{OURS}; dmarc=none", "evil.example; dmarc=pass") * 10
    ]
    file(account, mails)
    assert not Message.objects.filter(direction=Message.Direction.OUTBOUND).exists()
    assert not Message.objects.filter(agent__isnull=False).exists()


@pytest.mark.django_db
def test_sign_up_codes_sent_to_a_reply_address_are_shown_to_no_customer() -> None:
    """The trick by which hundreds of firms let strangers into their workspaces."""
    account = make_account()
    file(account, [raw_mail(From="eve@evil.example")])
    ticket = Ticket.objects.get()
    address = threads.reply_address(MAILBOX, ticket.pk)
    mails = [
        raw_mail(From=sender, To=address, Subject=subject, text=f"Your code is {code} ({n})")
        for n in range(10)
        for sender, subject, code in SERVICES
    ]
    file(account, mails, rcpt_tos=[address])
    reply(ticket, "Anything else?", actor=User.objects.first() or make_agent())
    file(account, [])
    codes = [code for _, _, code in SERVICES]
    assert ticket.messages.filter(author=Message.Author.STRANGER).count() == 50
    for message in Message.objects.filter(ticket=ticket).for_customers():
        assert not any(code in f"{message.text} {message.quoted}" for code in codes)
    for delivery in ticket.messages.latest("pk").deliveries.all():
        assert not any(code in str(delivery.payload) for code in codes)


def test_reply_addresses_bear_128_bits() -> None:
    for address in (
        threads.reply_address(MAILBOX, 1),
        threads.agent_address(MAILBOX, 1, 2),
        threads.side_thread_address(MAILBOX, 1),
        threads.bounce_address(MAILBOX, 1),
    ):
        mac = address.partition("@")[0].rpartition(".")[2]
        assert len(mac) * 5 >= 128


@pytest.mark.django_db
def test_the_deployment_check_warns_when_support_shares_the_staffs_domain() -> None:
    def warnings() -> list[str]:
        found = run_checks(include_deployment_checks=True, databases=["default"])
        return [str(each.msg) for each in found if each.id == "channels.W001"]

    make_account(address="support@help.example.com")
    make_agent(email="mia@example.com")
    assert warnings() == []
    make_agent(email="tom@HELP.example.com")
    assert warnings() == ["Agents and mailboxes share the domain help.example.com."]
