"""The bare limit: the standard library parses, psycopg2 executes what the path must execute.

One process, no framework, no channel rules, no files. For each mail the same rows are
written as Harbour writes, with as many mails in one commit; acknowledgements are made and
settled many at a time, as Harbour does.
"""

from __future__ import annotations

import email
import email.policy
import json
import secrets
import time
from collections.abc import Sequence
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr
from typing import Any

from psycopg2.extras import execute_values

from bench.corpus import Mail
from bench.stage import connect

BATCH = 50
_HANDLER = "bench.floor"


def run(mails: Sequence[Mail], account: int, inbox: int) -> float:
    """Mails a second, from raw bytes to committed rows."""
    connection = connect()
    began = time.perf_counter()
    with connection.cursor() as cursor:
        for start in range(0, len(mails), BATCH):
            batch = mails[start : start + BATCH]
            receipts = _store(cursor, batch, account)
            connection.commit()
            cursor.execute(
                "update channels_receipt set attempts = attempts + 1, "
                "due_at = now() + interval '2 minutes' where id = any(%s)",
                [receipts],
            )
            connection.commit()
            opened = [
                _file(cursor, mail.raw, receipt, inbox)
                for mail, receipt in zip(batch, receipts, strict=True)
            ]
            connection.commit()
            _acknowledge(cursor, [each for each in opened if each], account)
            connection.commit()
            _settle(cursor)
            connection.commit()
    elapsed = time.perf_counter() - began
    connection.close()
    return len(mails) / elapsed


def _store(cursor: Any, batch: Sequence[Mail], account: int) -> list[int]:
    rows = [(account, mail.raw, "{}", "waiting", 0, "") for mail in batch]
    sql = (
        "insert into channels_receipt (account_id, body, meta, status, attempts, error) "
        "values %s returning id"
    )
    return [row[0] for row in execute_values(cursor, sql, rows, fetch=True)]


def parse(raw: bytes) -> tuple[Message, str, str, list[tuple[str, int]]]:
    """Headers, text, HTML and files, by the standard library alone."""
    message = email.message_from_bytes(raw, policy=email.policy.compat32)
    text, html, files = "", "", []
    for part in message.walk():
        if part.is_multipart():
            continue
        content = part.get_payload(decode=True) or b""
        kind = part.get_content_type()
        if part.get_filename():
            files.append((str(part.get_filename()), len(content)))
        elif kind == "text/plain":
            text = content.decode(part.get_content_charset() or "utf-8", "replace")
        elif kind == "text/html":
            html = content.decode(part.get_content_charset() or "utf-8", "replace")
    return message, text, html, files


def _file(cursor: Any, raw: bytes, receipt: int, inbox: int) -> tuple[int, str] | None:
    """Contact, ticket, message, events; the opened ticket and whom to tell."""
    message, text, html, files = parse(raw)
    subject = str(make_header(decode_header(message.get("Subject", ""))))
    name, address = parseaddr(str(make_header(decode_header(message.get("From", "")))))
    contact = _contact(cursor, name, address)
    ticket = _continued(cursor, inbox, message.get("In-Reply-To", "").strip("<>"))
    opened = ticket is None
    if ticket is None:
        ticket = _ticket(cursor, inbox, contact, subject, text)
    cursor.execute(
        "insert into tickets_message (ticket_id, inbox_id, direction, author, contact_id, channel,"
        " text, quoted, html, external_id, is_automatic, is_verified, receipt_id, failure, sent_at)"
        " values (%s, %s, 'inbound', 'requester', %s, 'email', %s, '', %s, %s, false, false, %s,"
        " '', now()) returning id",
        [ticket, inbox, contact, text, html, message.get("Message-ID", "").strip("<>"), receipt],
    )
    message_id = cursor.fetchone()[0]
    _attach(cursor, message_id, files)
    event = _events(cursor, ticket, message_id, opened=opened)
    cursor.execute(
        "update tickets_ticket set last_event_id = %s, active_at = now() where id = %s",
        [event, ticket],
    )
    cursor.execute(
        "update channels_receipt set status = 'filed', message_id = %s, processed_at = now() "
        "where id = %s",
        [message_id, receipt],
    )
    return (ticket, address) if opened else None


def _contact(cursor: Any, name: str, address: str) -> int:
    cursor.execute(
        "select contact_id from people_identity where kind = 'email' and value = %s", [address]
    )
    if found := cursor.fetchone():
        return int(found[0])
    cursor.execute(
        "insert into people_contact (name, language) values (%s, '') returning id", [name]
    )
    contact = int(cursor.fetchone()[0])
    cursor.execute(
        "insert into people_identity (contact_id, kind, value) values (%s, 'email', %s)",
        [contact, address],
    )
    return contact


def _continued(cursor: Any, inbox: int, parent: str) -> int | None:
    if not parent:
        return None
    cursor.execute(
        "select ticket_id from tickets_message where inbox_id = %s and external_id = %s",
        [inbox, parent],
    )
    found = cursor.fetchone()
    return int(found[0]) if found else None


def _ticket(cursor: Any, inbox: int, contact: int, subject: str, text: str) -> int:
    reference = f"{secrets.randbelow(10**13):013}"
    cursor.execute(
        "insert into tickets_ticket (reference, inbox_id, requester_id, subject, preview, status,"
        " priority, language, thread, waiting_since, follow_up_why, last_event_id)"
        " values (%s, %s, %s, %s, %s, 'new', 'normal', 'en', '', now(), '', 0) returning id",
        [reference, inbox, contact, subject[:255], text[:160]],
    )
    ticket = int(cursor.fetchone()[0])
    cursor.execute(
        "insert into tickets_ticketreference (number, ticket_id) values (%s, %s)",
        [reference, ticket],
    )
    return ticket


def _attach(cursor: Any, message: int, files: list[tuple[str, int]]) -> None:
    for name, size in files:
        cursor.execute(
            "insert into tickets_attachment (public_id, message_id, key, name, content_type, size,"
            " sha256, content_id, is_inline, part) values (gen_random_uuid(), %s, 'floor', %s,"
            " 'image/png', %s, '', '', false, 0)",
            [message, name, size],
        )


def _events(cursor: Any, ticket: int, message: int, *, opened: bool) -> int:
    kinds = ["ticket.opened", "message.received"] if opened else ["message.received"]
    payload = json.dumps({"ticket_id": ticket, "message_id": message})
    rows = [(kind, f"ticket:{ticket}", payload, ["all"]) for kind in kinds]
    sql = "insert into support_event (kind, topic, payload, audience) values %s returning id"
    ids = [row[0] for row in execute_values(cursor, sql, rows, fetch=True)]
    if opened:
        cursor.execute(
            "insert into support_outboxentry (event_id, handler, attempts, error)"
            " values (%s, %s, 0, '')",
            [ids[0], _HANDLER],
        )
    return int(ids[-1])


def _acknowledge(cursor: Any, opened: Sequence[tuple[int, str]], account: int) -> None:
    if not opened:
        return
    payload = json.dumps({"subject": "We have your request", "text": "Its number is " * 30})
    rows = [
        (account, address, f"<floor.{ticket}@example.com>", payload) for ticket, address in opened
    ]
    sql = (
        'insert into channels_delivery (account_id, "to", external_id, payload, status, attempts,'
        " was_handed_over, error) values %s returning id"
    )
    template = "(%s, %s, %s, %s, 'queued', 0, false, '')"
    made = execute_values(cursor, sql, rows, template=template, fetch=True)
    log = [
        (ticket, address, delivery[0])
        for (ticket, address), delivery in zip(opened, made, strict=True)
    ]
    execute_values(
        cursor,
        "insert into channels_automaticmail (ticket_id, kind, occasion, address, language,"
        " delivery_id, suppressed_by) values %s",
        log,
        template="(%s, 'acknowledgement', 'opened', %s, 'en', %s, '')",
    )
    cursor.execute("delete from support_outboxentry where handler = %s", [_HANDLER])


def _settle(cursor: Any) -> None:
    """Claimed, then sent: the mails themselves are not part of the limit."""
    cursor.execute(
        "update channels_delivery set status = 'sending', attempts = 1 where status = 'queued'"
    )
    cursor.connection.commit()
    cursor.execute(
        "update channels_delivery set status = 'sent', sent_at = now() where status = 'sending'"
    )
