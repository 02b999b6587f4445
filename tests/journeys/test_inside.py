"""What is said inside the house never leaves it, in whatever order things are done."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from channels.correspondents import reply_to_all
from channels.models import Account, Delivery
from channels.receipts import accept
from channels.threads import reply_address, side_thread_address
from channels.withdrawal import withdraw
from people.models import User
from people.operations import Address
from portal.access import COOKIE
from support import crypto, outbox
from tests.factories import make_account, make_agent, raw_mail
from tests.sink import Sink
from tests.working import work
from tickets import files
from tickets.exceptions import TicketError
from tickets.inbound import InboundFile
from tickets.models import Attachment, Message, SideThread, Status, Ticket
from tickets.operations import follow_up, lifecycle, side_threads
from tickets.operations.reply import add_note, reply

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

SEQUENCES, STEPS, AT_ONCE = 200, 7, 20
MAILBOX = "support@example.com"
SUPPLIER = Address.email("sales@supplier.example", "Supplier")
#: What no customer may read, and what those outside whom we ask may not read either.
NOTE, ASIDE, STRANGE, TAKEN = "CANARYNOTE", "CANARYASIDE", "CANARYSTRANGE", "CANARYTAKEN"


class Play:
    """One ticket (or what it was merged into), and all that may happen to it."""

    def __init__(self, seed: int, agent: User) -> None:
        self.chance = random.Random(seed)
        self.agent = agent
        self.account = Account.objects.get()
        self.mail("Ann <ann@example.org>", "Hello there", Cc="Carl <carl@example.net>")
        self.ticket = Ticket.objects.latest("pk")

    def mail(self, who: str, text: str, **headers: str) -> None:
        accept(self.account, raw_mail(From=who, text=text, **headers), {})
        work()

    def step(self) -> None:
        self.ticket = Ticket.objects.get(pk=self.ticket.pk)
        doing: Callable[[], object] = self.chance.choice(
            [self.note, self.reply, self.reply, self.take_back, self.wait, self.forward,
             self.supplier, self.supplier, self.stranger, self.customer, self.merge, self.silence]
        )  # fmt: skip
        with suppress(TicketError):  # refused: a note passed on, a closed ticket
            doing()

    def note(self) -> None:
        add_note(self.ticket, f"{NOTE} only for us", actor=self.agent, files=[_file(NOTE)])

    def reply(self) -> None:
        everybody = reply_to_all(self.ticket)
        reply(self.ticket, "Our answer", actor=self.agent, to=everybody.to, cc=everybody.cc)

    def take_back(self) -> None:
        attached = [_file(TAKEN)]
        message = reply(self.ticket, f"{TAKEN} oh no", actor=self.agent, files=attached)
        if self.chance.random() < 0.7:
            outbox.drain_batch()
        withdraw(message, actor=self.agent)

    def wait(self) -> None:
        later = timezone.now() + timedelta(hours=1)
        waits = reply(self.ticket, f"{TAKEN} for later", actor=self.agent, send_at=later)
        if self.chance.random() < 0.5:
            withdraw(waits, actor=self.agent)

    def forward(self) -> None:
        every = list(self.ticket.messages.all())
        chosen = self.chance.sample(every, min(len(every), self.chance.randint(0, 3)))
        side_threads.begin(
            self.ticket,
            SUPPLIER,
            f"{ASIDE} what do you say?",
            actor=self.agent,
            files=[_file(ASIDE)],
            forwards=chosen,
        )

    def supplier(self) -> None:
        if thread := SideThread.objects.filter(ticket=self.ticket).order_by("?").first():
            to = side_thread_address(MAILBOX, thread.pk)
            self.mail("sales@supplier.example", f"{ASIDE} our prices", To=to)
            side_threads.answer(thread, f"{ASIDE} thank you", actor=self.agent)

    def stranger(self) -> None:
        to = reply_address(MAILBOX, self.ticket.pk)
        self.mail("Eve <eve@attacker.example>", f"{STRANGE} I am Ann", To=to)

    def customer(self) -> None:
        to = reply_address(MAILBOX, self.ticket.pk)
        who = self.chance.choice(["Ann <ann@example.org>", "Carl <carl@example.net>"])
        self.mail(who, "One more thing", To=to)

    def merge(self) -> None:
        old = self.ticket
        self.mail("Ann <ann@example.org>", "The same again", Subject="Again")
        self.ticket = Ticket.objects.latest("pk")
        lifecycle.merge(old, self.ticket, actor=self.agent)

    def silence(self) -> None:
        if self.ticket.status not in (Status.PENDING, Status.CLOSED):
            lifecycle.set_status(self.ticket, Status.PENDING, actor=self.agent)
        follow_up.tend_pending(timezone.now() + self.ticket.inbox.nudge_after * 2)


def _file(words: str) -> InboundFile:
    return files.store(f"{words}.txt", words.encode())


@pytest.mark.parametrize("first", range(0, SEQUENCES, AT_ONCE))
def test_no_word_from_inside_reaches_a_customer(sink: Sink, first: int) -> None:
    make_account()
    agent = make_agent(signature="Yours")
    for seed in range(first, first + AT_ONCE):
        sink.mails.clear()
        sink.envelopes.clear()
        play = Play(seed, agent)
        for _ in range(STEPS):
            play.step()
        work()
        assert_nothing_left(sink, seed)
        assert_nothing_is_shown(play.ticket, seed)
    assert Message.objects.filter(text__contains=NOTE).exists()
    assert Message.objects.filter(direction="inbound", side_thread__isnull=False).exists()
    assert Delivery.objects.filter(status="withdrawn").exists()


def assert_nothing_left(sink: Sink, seed: int) -> None:
    for envelope, mail in zip(sink.envelopes, sink.mails, strict=True):
        [to] = envelope.rcpt_tos
        assert to in ("ann@example.org", "carl@example.net", SUPPLIER.value), (seed, to)
        said = "\n".join([mail.as_string(), *(_decoded(part) for part in mail.walk())])
        inside = [NOTE, STRANGE, TAKEN] if to == SUPPLIER.value else [NOTE, STRANGE, TAKEN, ASIDE]
        if to == SUPPLIER.value and "Forwarded message" in said:
            inside.remove(STRANGE)  # an agent passed it on, by hand
        assert not [word for word in inside if word in said], (seed, to)
        if to != SUPPLIER.value:
            assert "supplier" not in said.lower(), seed


def _decoded(part: Any) -> str:
    content = part.get_payload(decode=True)
    return content.decode("utf-8", "replace") if isinstance(content, bytes) else ""


def assert_nothing_is_shown(ticket: Ticket, seed: int) -> None:
    for contact in (ticket.requester, *(row.contact for row in ticket.participants.all())):
        client = Client()
        grant = {"g": f"{ticket.pk}:{contact.pk}"}
        client.cookies[COOKIE] = crypto.sign("access", grant, max_age=timedelta(days=1))
        page = client.get(f"/status/{ticket.reference}/conversation/").content.decode()
        assert "Hello there" in page or "The same again" in page
        for word in (NOTE, ASIDE, STRANGE, TAKEN, "supplier"):
            assert word not in page, (seed, word)
        for file in Attachment.objects.filter(message__ticket=ticket):
            where = f"/status/{ticket.reference}/files/{file.public_id}/"
            assert client.get(where).status_code == 404, (seed, file.name)
