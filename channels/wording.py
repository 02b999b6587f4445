"""The words of automatic messages: our own, until an administrator edits them.

Logic-less on purpose: ``{{ name }}`` is replaced, nothing is evaluated, and what is put in
is never looked at again, so that no customer's text can act as a template.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from channels.models import AutomaticMail, Template

Kind = AutomaticMail.Kind

#: What each kind of message can say; shown beside the editor.
VARIABLES = {
    Kind.ACKNOWLEDGEMENT: ("greeting", "reference", "reply_within", "status_link", "company"),
    Kind.NUDGE: ("greeting", "reference", "solve_after", "status_link", "company"),
    Kind.SOLVED: ("greeting", "reference", "reopen_within", "status_link", "company"),
    Kind.ACCESS_CODE: ("reference", "code", "link", "company"),
}

_FIELD = re.compile(r"\{\{\s*([a-z_]{1,30})\s*\}\}")


@dataclass(frozen=True)
class Words:
    subject: str
    body: str

    def fill(self, values: Mapping[str, str]) -> Words:
        """With every known field replaced, once; unknown fields stay as they are."""

        def put(found: re.Match[str]) -> str:
            return values.get(found[1], found[0])

        return Words(_FIELD.sub(put, self.subject), _FIELD.sub(put, self.body))


def unknown_fields(kind: str, text: str) -> list[str]:
    """Fields in ``text`` that this kind of message cannot fill."""
    known = VARIABLES[Kind(kind)]
    return sorted({name for name in _FIELD.findall(text) if name not in known})


def words_for(kind: str, language: str) -> Words:
    """The words in force: the edited template, else our own."""
    edited = Template.objects.filter(kind=kind, language=language).first()
    return Words(edited.subject, edited.body) if edited else default_words(kind, language)


def default_words(kind: str, language: str) -> Words:
    return _DEFAULTS[Kind(kind), "zh-hans" if language.startswith("zh") else "en"]


_DEFAULTS = {
    (Kind.ACKNOWLEDGEMENT, "en"): Words(
        "We have your request – {{ reference }}",
        """{{ greeting }}

we have received your request. Its number is

    {{ reference }}

What happens next: a person reads it and answers you {{ reply_within }}.

See where it stands, or add something, at any time:
{{ status_link }}

You can also simply answer this mail. We never ask for your password, seed phrase,
private key or verification codes.

{{ company }}
""",
    ),
    (Kind.ACKNOWLEDGEMENT, "zh-hans"): Words(
        "我们已收到您的工单 – {{ reference }}",
        """{{ greeting }}

我们已收到您的工单，编号为

    {{ reference }}

接下来：客服人员会阅读您的工单，并{{ reply_within }}回复您。

您可以随时查看处理进度或补充信息：
{{ status_link }}

您也可以直接回复本邮件。我们绝不会向您索要密码、助记词、私钥或验证码。

{{ company }}
""",
    ),
    (Kind.NUDGE, "en"): Words(
        "We are waiting for your answer – {{ reference }}",
        """{{ greeting }}

we answered your request {{ reference }} and need a word from you to go on.

Read our answer and reply here:
{{ status_link }}

or answer this mail. If we hear nothing, we take it as solved {{ solve_after }}. You can
reopen it after that.

{{ company }}
""",
    ),
    (Kind.NUDGE, "zh-hans"): Words(
        "我们正在等待您的回复 – {{ reference }}",
        """{{ greeting }}

我们已回复您的工单 {{ reference }}，需要您进一步回复才能继续处理。

请在此查看我们的回复并答复：
{{ status_link }}

您也可以直接回复本邮件。如果一直没有收到您的回复，我们将{{ solve_after }}把工单标记为已解决，
之后您仍可重新打开。

{{ company }}
""",
    ),
    (Kind.SOLVED, "en"): Words(
        "Your request is marked as solved – {{ reference }}",
        """{{ greeting }}

as we have not heard from you, we have marked your request {{ reference }} as solved.

Not solved? Answer this mail {{ reopen_within }}, or reopen it here:
{{ status_link }}

{{ company }}
""",
    ),
    (Kind.SOLVED, "zh-hans"): Words(
        "您的工单已标记为已解决 – {{ reference }}",
        """{{ greeting }}

由于一直没有收到您的回复，我们已将您的工单 {{ reference }} 标记为已解决。

问题还没有解决？请{{ reopen_within }}回复本邮件，或在此重新打开：
{{ status_link }}

{{ company }}
""",
    ),
    (Kind.ACCESS_CODE, "en"): Words(
        "{{ code }} is your code for request {{ reference }}",
        """Somebody, we hope you, asked to open request {{ reference }}.

Your code:

    {{ code }}

or open this page and press the button:
{{ link }}

Both work once, for 15 minutes. If it was not you, do nothing: nobody can open your
request without this mail.

{{ company }}
""",
    ),
    (Kind.ACCESS_CODE, "zh-hans"): Words(
        "{{ code }} 是您查看工单 {{ reference }} 的验证码",
        """有人（希望是您本人）请求查看工单 {{ reference }}。

您的验证码：

    {{ code }}

或打开以下页面并点击按钮：
{{ link }}

两者均只能使用一次，15 分钟内有效。如果不是您本人操作，请忽略本邮件：
没有这封邮件，任何人都无法查看您的工单。

{{ company }}
""",
    ),
}
