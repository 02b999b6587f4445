"""Many tickets quickly: a fifth of them unsolved, over two years, teams and agents."""

from __future__ import annotations

import io
import random
from typing import Any

from stdnum import damm

from bench.stage import connect, say

TEAMS, AGENTS = 5, 20


def numbers(count: int, seed: int) -> list[str]:
    """Distinct references whose check digit holds (four digits of it at a time)."""
    steps = _steps()
    dice, made = random.Random(seed), {}
    while len(made) < count:
        digits = f"{dice.randrange(2 * 10**11, 9 * 10**11)}"
        state = 0
        for start in (0, 4, 8):
            state = steps[state][int(digits[start : start + 4])]
        made[f"{digits}{state}"] = None
    return list(made)


def _steps() -> list[list[int]]:
    """Damm's check digit over four digits at once, from each state."""
    table = [
        [int(damm.calc_check_digit(_after(state) + str(d))) for d in range(10)]
        for state in range(10)
    ]
    return [
        [
            table[table[table[table[s][n // 1000]][n // 100 % 10]][n // 10 % 10]][n % 10]
            for n in range(10_000)
        ]
        for s in range(10)
    ]


def _after(state: int) -> str:
    """A digit that leads from the start to ``state``."""
    return next(str(d) for d in range(10) if int(damm.calc_check_digit(str(d))) == state)


class Filler:
    """Grows one database; ``grow`` may be called with ever larger counts."""

    def __init__(self, seed: int, most: int) -> None:
        self.connection = connect()
        self.connection.autocommit = True
        self.cursor = self.connection.cursor()
        self.have, self.seed = 0, seed
        self.references = numbers(most, seed)
        self._prepare()

    def _prepare(self) -> None:
        """Teams, agents, an inbox; the numbers in a table of their own."""
        self._do(
            "insert into people_team (name) select 'Team ' || n from generate_series(1, %s) n",
            TEAMS,
        )
        self._do(
            "insert into people_user (password, is_superuser, username, first_name, last_name,"
            " email, is_staff, is_active, date_joined, name, role, language, sees_all_tickets)"
            " select '!', false, a, '', '', a, false, true, now(), 'Agent ' || n, 'agent', 'en',"
            " n > 1 from generate_series(1, %s) n,"
            " lateral (select 'agent' || n || '@example.com' a) named",
            AGENTS,
        )
        self._do(
            "insert into people_user_teams (user_id, team_id)"
            " select u.id, 1 + u.id %% %s from people_user u",
            TEAMS,
        )
        self._do(
            "insert into tickets_inbox (name, channel, reply_within, reopen_within, nudge_after,"
            " solve_after) values ('Front desk', 'email', '24 hours', '14 days', '3 days',"
            " '4 days')"
        )
        self._do("create temporary table numbers (n bigint primary key, number text)")
        lines = "".join(f"{n}\t{number}\n" for n, number in enumerate(self.references, 1))
        self.cursor.copy_expert("copy numbers from stdin", io.StringIO(lines))

    def _do(self, sql: str, *values: Any) -> None:
        self.cursor.execute(sql, values or None)

    def grow(self, count: int) -> None:
        """Add tickets until there are ``count``, then tell the planner."""
        say(f"filling to {count} tickets")
        # Foreign keys hold by construction; the alarm need not ring for each row.
        self._do("set session_replication_role = replica")
        for first in range(self.have + 1, count + 1, 250_000):
            self._part(first, min(count, first + 249_999))
        self._do("set session_replication_role = origin")
        self.have = count
        for table in ("people_contact", "people_identity", "tickets_ticket", "tickets_message",
                      "tickets_ticketreference"):  # fmt: skip
            self._do(f"vacuum (analyze) {table}")
        self._do("checkpoint")

    def _part(self, first: int, last: int) -> None:
        for sql in _ROWS:
            self._do(sql.format(first=first, last=last, teams=TEAMS, agents=AGENTS))


_ROWS = (
    """insert into people_contact (id, name, language)
       select n, 'Customer ' || n, 'en' from generate_series({first}, {last}) n""",
    """insert into people_identity (contact_id, kind, value)
       select n, 'email', 'customer' || n || '@example.org'
       from generate_series({first}, {last}) n""",
    # Hashes of the ticket's number are the dice: the same mix at every size, and no part of it
    # follows from another.
    """insert into tickets_ticket (id, reference, inbox_id, requester_id, team_id, assignee_id,
           subject, preview, status, priority, language, thread, waiting_since, pending_since,
           follow_up_why, created_at, active_at, solved_at, last_event_id)
       select n, number, 1, 1 + n * 7 % {last}, nullif(abs(hashint8(n + 1) % ({teams} + 1)), 0),
           case when hashint8(n + 2) % 2 = 0 then 1 + abs(hashint8(n + 3) % {agents}) end,
           'Question about order ' || n, 'Good morning, since yesterday my order shows',
           status, case when dice % 10 = 3 then 'high' else 'normal' end, 'en', '',
           case when status in ('new', 'open') then moment end,
           case when status = 'pending' then moment end, '', moment, moment,
           case when status in ('solved', 'closed') then moment + interval '1 hour' end, 0
       from numbers,
           lateral (select abs(hashint8(n) % 100) as dice) d,
           lateral (select now() - n * interval '731 days' / {last} as moment) t,
           lateral (select case when dice < 6 then 'new' when dice < 13 then 'open'
               when dice < 18 then 'pending' when dice < 20 then 'on_hold'
               when dice < 70 then 'solved' else 'closed' end as status) s
       where n between {first} and {last}""",
    """insert into tickets_ticketreference (number, ticket_id)
       select number, n from numbers where n between {first} and {last}""",
    """insert into tickets_message (ticket_id, inbox_id, direction, author, contact_id, channel,
           text, quoted, html, external_id, is_automatic, is_verified, failure, sent_at)
       select n, 1, 'inbound', 'requester', 1 + n * 7 % {last}, 'email',
           repeat('Good morning, since yesterday my order shows nothing. ', 6), '', '',
           'fill.' || n || '@example.org', false, false, '', now()
       from generate_series({first}, {last}) n""",
)
