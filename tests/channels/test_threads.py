from __future__ import annotations

import random

from channels import threads
from channels.threads import Mark

MAILBOX = "support@example.com"


def test_each_address_proves_what_it_was_made_for():
    made = {
        threads.reply_address(MAILBOX, 42): Mark(ticket_id=42),
        threads.side_thread_address(MAILBOX, 42): Mark(side_thread_id=42),
        threads.agent_address(MAILBOX, 42, 7): Mark(ticket_id=42, agent_id=7),
        threads.bounce_address(MAILBOX, 42): Mark(delivery_id=42),
    }
    assert list(threads.marks_of_addresses(made)) == list(made.values())
    assert list(threads.marks_of_addresses(map(str.upper, made))) == list(made.values())
    assert all(threads.base_address(address) == MAILBOX for address in made)


def test_a_message_id_says_whose_it_is():
    assert threads.mark_of_message_id(threads.new_message_id(42)) == Mark(ticket_id=42)
    beside = threads.new_message_id(42, side_thread_id=3)
    assert threads.mark_of_message_id(beside) == Mark(ticket_id=42, side_thread_id=3)
    agents = threads.new_message_id(42, agent_id=7)
    assert threads.mark_of_message_id(agents) == Mark(ticket_id=42, agent_id=7)
    assert threads.ticket_of_message_id(agents) == 42


def test_a_mac_of_one_purpose_is_worth_nothing_for_another():
    mac = threads.reply_address(MAILBOX, 42).partition(".")[2]
    forged = [f"support+{letter}42.{mac}" for letter in "sb"] + [f"support+a42-7.{mac}"]
    assert list(threads.marks_of_addresses(forged)) == []


def test_no_mutated_mark_is_taken():
    chance = random.Random(20)
    genuine = [
        threads.reply_address(MAILBOX, 4242),
        threads.agent_address(MAILBOX, 4242, 17),
        threads.side_thread_address(MAILBOX, 311),
        threads.bounce_address(MAILBOX, 99),
    ]
    for _ in range(2000):
        address = chance.choice(genuine)
        local, _at, domain = address.partition("@")
        assert not list(threads.marks_of_addresses([f"{_mutated(local, chance)}@{domain}"]))


def _mutated(local: str, chance: random.Random) -> str:
    """One character of what follows the plus is another one, missing, or there twice."""
    place = chance.randrange(local.index("+") + 1, len(local))
    other = chance.choice([c for c in "abcdst0123456789z." if c != local[place].lower()])
    return local[:place] + chance.choice([other, "", local[place] * 2]) + local[place + 1 :]
