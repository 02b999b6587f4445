"""Long runs of base64 lines taken out of a mail before the parser walks through every one of them.

Big files cost the parser far more time and memory than all else in a mail; where each one stood
a line is left that only this process can have written, and `put_back` finds it again.
"""

import re
import secrets

_SMALL = 32 * 1024
_LONG = 8 * 1024
# As many lines as there are: possessive, so that the work is linear in the mail.
_RUN = re.compile(rb"(?:^[A-Za-z0-9+/]{40,1000}+\r?\n)++", re.MULTILINE)


class Lifted:
    """The runs of one mail, and the mark of the lines that stand for them."""

    def __init__(self) -> None:
        self.mark = b"lifted-" + secrets.token_hex(12).encode()
        self.pieces: list[memoryview] = []

    def take(self, piece: memoryview) -> bytes:
        """The line that stands for `piece` from now on."""
        self.pieces.append(piece)
        return self.mark + b"-%d-\r\n" % (len(self.pieces) - 1)

    def put_back(self, data: bytes) -> bytes:
        """`data` as it was in the mail."""
        if not self.pieces or self.mark not in data:
            return data
        out: list[bytes | memoryview] = []
        at = 0
        for line in re.finditer(self.mark + rb"-(\d{1,9})-\r?\n?", data):
            out.append(data[at : line.start()])
            out.append(self.pieces[int(line[1])])
            at = line.end()
        out.append(data[at:])
        return b"".join(out)


def lift(raw: bytes) -> tuple[bytes, Lifted]:
    """The mail without its long runs, and these."""
    lifted = Lifted()
    if len(raw) < _SMALL:
        return raw, lifted
    whole = memoryview(raw)
    kept: list[bytes | memoryview] = []
    at = 0
    for run in _RUN.finditer(raw):
        if run.end() - run.start() >= _LONG:
            kept.append(whole[at : run.start()])
            kept.append(lifted.take(whole[run.start() : run.end()]))
            at = run.end()
    if not lifted.pieces:
        return raw, lifted
    kept.append(whole[at:])
    return b"".join(kept), lifted
