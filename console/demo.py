"""Fills an empty database with a small desk to look around in. Never outside the demo."""

from __future__ import annotations

import json
import random
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from channels.models import Account
from channels.simulators.base import Simulator
from console.demo_stories import AGENTS, CATEGORIES, STORIES, Story
from people.models import Team, User
from people.operations import Address
from support.models import OutboxEntry
from tickets.inbound import InboundMessage
from tickets.models import Category, Inbox, Message, Priority, Status, Ticket
from tickets.operations import intake, lifecycle, triage
from tickets.operations.reply import add_note, reply

EMAIL, PASSWORD = "demo@example.com", "harbour-demo"
MAILBOX = "support@example.com"
ROUNDS = 4


def is_empty() -> bool:
    return not User.objects.exists() and not Inbox.objects.exists()


@transaction.atomic
def seed() -> None:
    """Teams, agents, inboxes, categories and tickets in every state. Idempotent."""
    agents = _people()
    inboxes = _inboxes()
    for position, (slug, name, name_zh) in enumerate(CATEGORIES):
        Category.objects.create(slug=slug, name=name, name_zh=name_zh, position=position)
    chance = random.Random(4829)  # noqa: S311 - the same desk every time
    for turn in range(ROUNDS):
        for number, story in enumerate(STORIES):
            hours = turn * 30 + number * 2 + chance.random()
            _tell(story, turn, inboxes[number % 2], agents, timedelta(hours=hours))
    # These stories lie in the past: nobody is owed a mail for them any more.
    OutboxEntry.objects.all().delete()


def write_sign_in() -> None:
    """Leave the demo's sign-in where the launcher finds it."""
    settings.HARBOUR_DATA.mkdir(parents=True, exist_ok=True)
    path = settings.HARBOUR_DATA / "demo.json"
    path.write_text(json.dumps({"email": EMAIL, "password": PASSWORD}))


def _people() -> list[User]:
    demo = User.objects.create_agent(
        EMAIL, PASSWORD, name="Demo Agent", role=User.Role.ADMIN, sees_all_tickets=True
    )
    agents = [demo]
    for name, email, team_name in AGENTS:
        team, _ = Team.objects.get_or_create(name=team_name)
        agent = User.objects.create_agent(email, PASSWORD, name=name)
        agent.teams.add(team)
        agents.append(agent)
    return agents


def _inboxes() -> list[Inbox]:
    wallets = Team.objects.get(name="Deposits & wallets")
    mailbox = Inbox.objects.create(name="Support mail", team=wallets, channel="email")
    form = Inbox.objects.create(name="Web form", team=wallets, channel="web")
    Account.objects.create(inbox=mailbox, kind="email", address=MAILBOX)
    Account.objects.create(inbox=form, kind="web", address=MAILBOX)
    for kind, simulator in Simulator.registry.items():
        chat = Inbox.objects.create(name=simulator.label, team=wallets, channel=kind)
        account = Account(inbox=chat, kind=kind)
        account.settings = simulator.account()
        account.save()
    return [mailbox, form]


def _tell(story: Story, turn: int, inbox: Inbox, agents: list[User], ago: timedelta) -> None:
    address = story.address if turn == 0 else story.address.replace("@", f".{turn}@")
    message = intake.receive_message(
        inbox,
        InboundMessage(
            external_id=f"demo:{turn}:{story.address}",
            sender=Address.email(address, story.name),
            subject=story.subject,
            text=story.text,
            sent_at=timezone.now() - ago,
            category=story.category,
            language=story.language,
            never_acknowledge="demo",
        ),
    )
    ticket = message.ticket
    agent = agents[hash_of(story.address, turn) % len(agents)]
    _work(ticket, story, agent, takes=turn > 0 or story.status != "new")
    _set_back(ticket, ago)


def hash_of(text: str, salt: int) -> int:
    """A small number that is the same every time, unlike ``hash``."""
    return sum(text.encode()) + salt


def _work(ticket: Ticket, story: Story, agent: User, *, takes: bool) -> None:
    triage.set_priority(ticket, Priority(story.priority), actor=agent)
    triage.set_tags(ticket, story.tags, actor=agent)
    if takes:
        triage.assign(ticket, agent, actor=agent)
    if story.note:
        add_note(ticket, story.note, actor=agent)
    if story.answer:
        answer = reply(ticket, story.answer, actor=agent, status=Status.OPEN)
        Message.objects.filter(pk=answer.pk).update(sent_at=timezone.now())
    if story.status != ticket.status:
        lifecycle.set_status(ticket, Status(story.status), actor=agent)


def _set_back(ticket: Ticket, ago: timedelta) -> None:
    """Let the ticket have happened ``ago``."""
    then = timezone.now() - ago
    Ticket.objects.filter(pk=ticket.pk).update(created_at=then, active_at=then)
    Ticket.objects.filter(pk=ticket.pk, waiting_since__isnull=False).update(waiting_since=then)
    for step, message in enumerate(ticket.messages.order_by("pk")):
        at = then + timedelta(minutes=7 * step)
        Message.objects.filter(pk=message.pk).update(created_at=at, sent_at=at)
