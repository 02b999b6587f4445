"""One open folder of a mailbox: what we ask of it, each command once."""

from __future__ import annotations

import email
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _
from imapclient import DELETED, SEEN, IMAPClient

from channels.mail.headers import Headers
from channels.mailboxes.connection import Declined, Misconfigured, in_words

#: Bytes of a mail's header fields that are read where its body is not.
HEAD = 128 * 1024
#: How soon a waiting connection notices that it is to end.
BLINK = 1.0
_MOST_NAMES = 20


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the server tells of a mail without its content."""

    size: int
    arrived: datetime | None = None
    message_id: str = ""


class Folder:
    """Open it, and close it by hanging up. Raises ``MailboxError`` wherever it asks the server."""

    def __init__(self, client: IMAPClient, name: str, *, read_only: bool = False) -> None:
        self.name = name
        self._client = client
        try:
            with in_words(_("opening the folder")):
                answer = client.select_folder(name, readonly=read_only)
        except Declined as error:
            raise Misconfigured(self._no_folder(str(error))) from error
        self.uid_validity = int(answer.get(b"UIDVALIDITY", 0))
        if not self.uid_validity:
            raise Misconfigured(_("The server numbers no mails (UIDVALIDITY), so none is fetched."))
        self.highest = int(answer.get(b"UIDNEXT", 0)) - 1
        if self.highest < 0:
            self.highest = max(self.uids(1), default=0)

    def _no_folder(self, words: str) -> str:
        with in_words(_("listing folders")):
            names = sorted(str(name) for _flags, _sign, name in self._client.list_folders())
        if self.name in names:
            return words
        there = ", ".join(names[:_MOST_NAMES])
        return _("There is no folder %(name)s; there are: %(there)s") % {
            "name": self.name,
            "there": there,
        }

    def uids(
        self,
        first: int,
        last: int | None = None,
        *,
        since: date | None = None,
        lacking: bytes | None = None,
    ) -> list[int]:
        """The mails from ``first`` to ``last``, in order; ``lacking`` a flag if one is named."""
        terms: list[Any] = ["UID", f"{first}:{'*' if last is None else last}"]
        if since:
            terms += ["SINCE", since]
        if lacking:
            terms.append({SEEN: "UNSEEN", DELETED: "UNDELETED"}[lacking])
        with in_words(_("looking for mails")):
            self.has_news()  # what was told before this is seen by it
            found = self._client.search(terms)
        # "n:*" finds the last mail even when its number is below n (RFC 3501, 9).
        return sorted(uid for uid in found if first <= uid and (last is None or uid <= last))

    def facts(self, uids: Sequence[int], *, with_ids: bool = False) -> dict[int, Facts]:
        """Sizes; on request arrivals and Message-IDs too. None for a mail that is gone."""
        wanted = ["RFC822.SIZE"]
        if with_ids:
            wanted += ["INTERNALDATE", "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"]
        with in_words(_("asking for sizes")):
            answers = self._client.fetch(uids, wanted)
        return {uid: _facts(answer) for uid, answer in answers.items() if b"RFC822.SIZE" in answer}

    def bodies(self, uids: Sequence[int]) -> dict[int, bytes]:
        """Whole mails; those the server does not give are missing."""
        with in_words(_("fetching mails")):
            answers = self._client.fetch(uids, ["BODY.PEEK[]"])
        return {uid: body for uid, answer in answers.items() if (body := _body(answer)) is not None}

    def head(self, uid: int) -> bytes:
        """The header fields of one mail, as far as we read them; empty if not to be had."""
        with in_words(_("fetching a header")):
            answers = self._client.fetch([uid], [f"BODY.PEEK[HEADER]<0.{HEAD}>"])
        return (_body(answers.get(uid, {})) or b"")[:HEAD]

    def mark_seen(self, uids: Sequence[int]) -> None:
        with in_words(_("marking mails as seen")):
            self._client.add_flags(uids, [SEEN], silent=True)

    def move(self, uids: Sequence[int], target: str) -> None:
        with in_words(_("moving mails")):
            if not self._client.folder_exists(target):
                self._client.create_folder(target)
            if self._client.has_capability("MOVE"):
                self._client.move(uids, target)
                return
            self._client.copy(uids, target)
        self.delete(uids)

    def delete(self, uids: Sequence[int]) -> None:
        """Flag them, and expunge them where that touches no other mail (RFC 4315)."""
        with in_words(_("deleting mails")):
            self._client.add_flags(uids, [DELETED], silent=True)
            if self._client.has_capability("UIDPLUS"):
                self._client.uid_expunge(uids)

    def has_idle(self) -> bool:
        return bool(self._client.has_capability("IDLE"))

    def has_news(self) -> bool:
        """Whether mail was told of beside the answers to commands; it is told of once."""
        return any(self._client._imap.response("EXISTS")[1])

    def idle(self, seconds: float, stop: threading.Event) -> None:
        """Until the server tells of mail, ``stop`` is set, or the time is over (RFC 2177)."""
        if self.has_news():
            return
        with in_words(_("waiting for mail")):
            self._client.idle()
            try:
                self._listen(time.monotonic() + seconds, stop)
            finally:
                self._client.idle_done()

    def _listen(self, end: float, stop: threading.Event) -> None:
        while (left := end - time.monotonic()) > 0 and not stop.is_set():
            blink = min(left, BLINK)
            began = time.monotonic()
            told = self._client.idle_check(timeout=blink)
            if any(len(answer) > 1 and answer[1] == b"EXISTS" for answer in told):
                return
            if not told and time.monotonic() - began < blink / 2:
                return  # woken for nothing: the line may be dead, and the next command will tell


def _facts(answer: Mapping[bytes, Any]) -> Facts:
    ids = Headers(email.message_from_bytes(_body(answer) or b"")).ids("message-id")
    return Facts(
        size=int(answer[b"RFC822.SIZE"]),
        arrived=answer.get(b"INTERNALDATE"),
        message_id=ids[0][:255] if ids else "",
    )


def _body(answer: Mapping[bytes, Any]) -> bytes | None:
    """The one literal in an answer: servers differ in how they repeat what was asked."""
    return next((value for key, value in answer.items() if key.startswith(b"BODY[")), None)
