"""What we say by ourselves in a conversation: short, and the number first.

Chat has no subject and little room; the edited templates are for mail. The status link is the
only link, so that nobody learns to press others.
"""

from __future__ import annotations

from collections.abc import Mapping

from channels.models import AutomaticMail

Kind = AutomaticMail.Kind

_WORDS = {
    (Kind.ACKNOWLEDGEMENT, "en"): (
        "We have your request. Its number is {reference}.\n"
        "A person answers {reply_within}. Send this number at any time to hear where it stands, "
        "or see it here: {status_link}\n"
        "We never ask for your password, seed phrase, private key or codes."
    ),
    (Kind.ACKNOWLEDGEMENT, "zh-hans"): (
        "已收到您的问题，工单编号：{reference}。\n"
        "客服将{reply_within}回复您。随时发送该编号即可查询进度，或点此查看：{status_link}\n"
        "我们绝不会向您索要密码、助记词、私钥或验证码。"
    ),
    (Kind.NUDGE, "en"): (
        "About {reference}: we need a word from you to go on. "
        "If we hear nothing, we take it as solved {solve_after}."
    ),
    (Kind.NUDGE, "zh-hans"): (
        "关于工单 {reference}：我们需要您的回复才能继续。"
        "如果没有收到回复，我们将{solve_after}把它标记为已解决。"
    ),
    (Kind.SOLVED, "en"): (
        "{reference} is marked as solved, as we have not heard from you. Just write again "
        "{reopen_within} if it is not."
    ),
    (Kind.SOLVED, "zh-hans"): (
        "由于没有收到您的回复，工单 {reference} 已标记为已解决。"
        "如果仍未解决，请{reopen_within}直接回复。"
    ),
}


def said(kind: str, language: str, values: Mapping[str, str]) -> str:
    """The words of a notice, or "" for a kind that is not for conversations."""
    words = _WORDS.get((Kind(kind), "zh-hans" if language.startswith("zh") else "en"), "")
    return words.format_map(values) if words else ""
