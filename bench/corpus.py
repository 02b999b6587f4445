"""Support mails made from a seed: Chinese and English, some with pictures, some replies."""

from __future__ import annotations

import base64
import hashlib
import random
import textwrap
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.header import Header
from email.utils import format_datetime

PICTURES = 0.10
REPLIES = 0.30
HTML = 0.40
MAILBOX = "support@example.com"
#: A customer answers after others have written: a reply follows its thread by so many mails.
REPLY_DISTANCE = 0.3

_ENGLISH = (
    "The withdrawal I made yesterday evening has not arrived in my account yet.",
    "My card was charged twice for the same order, and I would like one payment back.",
    "When I open the app it says that my session has ended and asks me to sign in again.",
    "Could you tell me where the parcel is? The tracking page has not changed for four days.",
    "I changed my telephone and can no longer receive the codes for signing in.",
    "The invoice for March shows the old address of our company. Please correct it.",
    "Everything worked until the update last week; since then the export stays empty.",
    "Thank you for the quick answer, that was the right setting.",
    "I have attached a picture of what I see on the screen.",
    "Please tell me how long this will take, because our month ends on Friday.",
)
_CHINESE = (
    "我昨天晚上提交的提现申请到现在还没有到账，请帮忙查询一下。",
    "同一个订单被扣了两次款，麻烦把多扣的那一笔退回来。",
    "打开应用后一直提示登录已过期，重新登录之后还是同样的问题。",
    "请问我的包裹到哪里了？物流信息已经四天没有更新。",
    "我换了新手机，收不到登录验证码，应该怎么处理？",
    "三月份的发票抬头还是公司以前的名称，需要重新开具。",
    "上周更新之后导出的文件一直是空的，之前都可以正常使用。",
    "谢谢你们的快速回复，按照说明设置之后已经恢复正常。",
    "附件是我屏幕上看到的内容，请查看。",
    "请告诉我大概需要多长时间，我们周五之前要结账。",
)
_START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Mail:
    """One raw mail. ``thread`` numbers the ticket that it must end on."""

    raw: bytes
    sender: str
    message_id: str
    thread: int
    is_reply: bool


@dataclass
class Corpus:
    mails: list[Mail]
    seed: int
    prefix: str

    @property
    def threads(self) -> int:
        return len({mail.thread for mail in self.mails})

    def facts(self) -> dict[str, object]:
        size = sum(len(mail.raw) for mail in self.mails)
        digest = hashlib.sha256(b"".join(mail.raw for mail in self.mails)).hexdigest()
        return {
            "mails": len(self.mails),
            "threads": self.threads,
            "replies": sum(mail.is_reply for mail in self.mails),
            "pictures": sum(b"image/png" in mail.raw for mail in self.mails),
            "bytes": size,
            "seed": self.seed,
            "sha256": digest[:16],
        }


def generate(count: int, seed: int, prefix: str = "c") -> Corpus:
    """``count`` mails, always the same for a seed. ``prefix`` keeps two corpora apart."""
    dice = random.Random(f"{seed}/{prefix}")
    mails: list[Mail] = []
    last_of: dict[int, int] = {}  # thread -> place of its latest mail
    distance = int(count * REPLY_DISTANCE)
    for place in range(count):
        ripe = [thread for thread, last in last_of.items() if last <= place - distance]
        # The first part of a corpus can hold no replies: the rest holds the more.
        chance = REPLIES / (1 - REPLY_DISTANCE)
        thread = dice.choice(ripe) if ripe and dice.random() < chance else len(last_of)
        parent = mails[last_of[thread]] if thread in last_of else None
        last_of[thread] = place
        mails.append(_mail(dice, place, thread, parent, prefix))
    return Corpus(mails, seed, prefix)


def _mail(dice: random.Random, place: int, thread: int, parent: Mail | None, prefix: str) -> Mail:
    chinese = thread % 2 == 1
    sentences = dice.sample(_CHINESE if chinese else _ENGLISH, dice.randint(2, 6))
    text = ("" if chinese else " ").join(sentences)
    greeting = "您好：" if chinese else "Hello,"
    name = f"客户{thread}" if chinese else f"Customer {thread}"
    sender = f"{prefix}{thread}@example.org"
    message_id = f"{prefix}.{place}.{dice.randrange(10**9)}@example.org"
    body = f"{greeting}\n\n{text if chinese else textwrap.fill(text, 76)}\n\n{name}\n"
    subject = sentences[0][:40]
    headers = [
        f"From: {Header(name, 'utf-8').encode()} <{sender}>",
        f"To: {MAILBOX}",
        f"Message-ID: <{message_id}>",
        f"Date: {format_datetime(_START + timedelta(seconds=20 * place))}",
        "MIME-Version: 1.0",
    ]
    if parent is not None:
        headers += [f"In-Reply-To: <{parent.message_id}>", f"References: <{parent.message_id}>"]
        subject = f"Re: {subject}"
        quoted = "\n".join(f"> {line}" for line in body.splitlines())
        body += f"\nOn Mon, 2 Mar 2026 at 09:00, Support <{MAILBOX}> wrote:\n{quoted}\n"
    headers.append(f"Subject: {Header(subject, 'utf-8').encode()}")
    raw = _content(dice, headers, body, picture=dice.random() < PICTURES)
    return Mail(raw, sender, message_id, thread, parent is not None)


def _content(dice: random.Random, headers: list[str], body: str, *, picture: bool) -> bytes:
    part = _alternative(dice, body) if dice.random() < HTML else _text("plain", body)
    if picture:
        content = b"\x89PNG\r\n\x1a\n" + dice.randbytes(dice.randint(30_000, 100_000))
        file = (
            'Content-Type: image/png; name="screen.png"\r\n'
            'Content-Disposition: attachment; filename="screen.png"\r\n'
            f"Content-Transfer-Encoding: base64\r\n\r\n{_base64(content)}"
        )
        part = _multipart(dice, "mixed", part, file)
    return "\r\n".join([*headers, part]).encode()


def _alternative(dice: random.Random, body: str) -> str:
    paragraphs = "".join(f"<p>{line}</p>\n" for line in body.splitlines() if line)
    html = f'<html><body><div style="font-family: sans-serif">{paragraphs}</div></body></html>'
    return _multipart(dice, "alternative", _text("plain", body), _text("html", html))


def _text(kind: str, body: str) -> str:
    return (
        f"Content-Type: text/{kind}; charset=utf-8\r\n"
        f"Content-Transfer-Encoding: base64\r\n\r\n{_base64(body.encode())}"
    )


def _base64(content: bytes) -> str:
    return base64.encodebytes(content).decode().replace("\n", "\r\n")


def _multipart(dice: random.Random, kind: str, *parts: str) -> str:
    mark = f"=_{dice.randrange(10**12)}"
    joined = "".join(f"--{mark}\r\n{part}\r\n" for part in parts)
    return f'Content-Type: multipart/{kind}; boundary="{mark}"\r\n\r\n{joined}--{mark}--\r\n'
