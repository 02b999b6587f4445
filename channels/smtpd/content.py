"""What follows DATA: collected in bounded memory, ended by CRLF.CRLF and by nothing else."""

from __future__ import annotations

#: RFC 5321, 4.1.1.4: only this ends a mail. A bare LF or CR around the dot is text,
#: whatever another server makes of it; were it an end too, a mail could smuggle a second.
END = b"\r\n.\r\n"


class Budget:
    """Bytes that all conversations together may hold in memory."""

    def __init__(self, size: int) -> None:
        self._left = size

    def take(self, size: int) -> bool:
        if size > self._left:
            return False
        self._left -= size
        return True

    def give_back(self, size: int) -> None:
        self._left += size


class Content:
    """One mail as it streams in. Past its limit it is read to the end, but not kept."""

    def __init__(self, limit: int, budget: Budget) -> None:
        self.refusal = ""
        self._limit = limit
        self._budget = budget
        self._held = 0
        # The line end of the DATA command itself: a dot at the very start ends an empty mail.
        self._text = bytearray(b"\r\n")

    def feed(self, chunk: bytes) -> bytes | None:
        """Take a chunk. What follows the end of the mail, once that is seen, else None."""
        start = max(0, len(self._text) - len(END) + 1)
        self._hold(len(chunk))
        self._text += chunk
        end = self._text.find(END, start)
        if end >= 0:
            rest = bytes(self._text[end + len(END) :])
            del self._text[end + 2 :]
            return rest
        if self.refusal:
            del self._text[: -len(END) + 1]
        elif len(self._text) > self._limit + self._limit // 32:
            self._refuse("552 5.3.4 Message too big for this system")
        return None

    def mail(self) -> bytes:
        """The mail without its transparency dots (RFC 5321, 4.5.2); empty when refused."""
        mail = self._text.replace(b"\r\n.", b"\r\n")
        self._text.clear()  # a big mail is here twice at most
        del mail[:2]
        if len(mail) > self._limit:
            self._refuse("552 5.3.4 Message too big for this system")
        return b"" if self.refusal else bytes(mail)

    def release(self) -> None:
        self._budget.give_back(self._held)
        self._held = 0

    def _hold(self, size: int) -> None:
        if self.refusal:
            return
        if self._budget.take(size):
            self._held += size
        else:
            self._refuse("452 4.3.1 Too much mail at once, try again later")

    def _refuse(self, answer: str) -> None:
        self.refusal = self.refusal or answer
        del self._text[: -len(END) + 1]
        self.release()
