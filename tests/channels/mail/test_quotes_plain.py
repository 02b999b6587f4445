"""What is folded in plain text, and what stays in view."""

import textwrap

import pytest

from channels.mail.quotes_plain import Split, plain_lines, split_reply
from tests.channels.mail.announcements import ATTRIBUTIONS, HEADER_BLOCKS, RULES, SENT_FROM


def split(text: str) -> Split:
    return split_reply(plain_lines(text))


@pytest.mark.parametrize("line", ATTRIBUTIONS + RULES)
@pytest.mark.parametrize("quoted", ["> quoted words\n> more", "quoted words\nwithout marks"])
def test_an_announced_quotation_is_folded(line: str, quoted: str) -> None:
    found = split(f"My answer stands here.\n\n{line}\n\n{quoted}\n")
    assert found.reply == "My answer stands here."
    assert "quoted words" in found.quoted


@pytest.mark.parametrize("line", [line for line in ATTRIBUTIONS if not line.startswith(">")])
@pytest.mark.parametrize("width", [76, 50])
def test_an_announcement_broken_over_lines_is_folded_whole(line: str, width: int) -> None:
    wrapped = textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False)
    found = split(f"My answer stands here.\n\n{wrapped}\n\n> quoted words\n> more\n")
    assert found.reply == "My answer stands here."


@pytest.mark.parametrize("line", SENT_FROM)
def test_the_line_of_a_device_is_a_signature(line: str) -> None:
    found = split(f"My answer stands here.\n\n{line}\n\nOn 3 Feb 2026, Bob wrote:\n> quoted\n")
    assert found.reply == "My answer stands here."
    assert found.signature == line


@pytest.mark.parametrize("names", HEADER_BLOCKS, ids="/".join)
@pytest.mark.parametrize("form", ["{}: {}", "*{}:* {}", "{} : {}", "{}：{}"])
def test_a_quoted_header_block_is_folded(names: list[str], form: str) -> None:
    values = ("Bob <bob@example.org>", "2026-02-03 10:00", "Ann <ann@example.com>", "Re: order")
    block = "\n".join(form.format(*pair) for pair in zip(names, values, strict=True))
    found = split(
        f"My answer stands here.\n\n________________________________\n{block}\n\nHello\nwords\n"
    )
    assert found.reply == "My answer stands here."


def test_a_wrapped_attribution_is_folded_whole() -> None:
    found = split(
        "Yes.\n\nOn Tue, Feb 3, 2026 at 10:00 AM, Bob Example\n<bob@example.org>\nwrote:\n\n> words\n"
    )
    assert found.reply == "Yes."


@pytest.mark.parametrize("between", ["--- ", " "])
def test_an_announcement_on_the_line_of_the_answer_is_folded(between: str) -> None:
    found = split(f"Yes.{between}On Wed, Feb 4, 2026 at 3:59 PM, bob@example.org wrote:\n> words")
    assert found.reply == "Yes."


def test_answers_between_quoted_lines_stay_in_view_with_what_they_answer() -> None:
    found = split(
        "Hi,\n\n> Which colour?\n\nBlue.\n\n> Which size?\n\nLarge.\n\n> See you\n> Bob\n"
    )
    assert "> Which colour?\n\nBlue.\n\n> Which size?\n\nLarge." in found.reply
    assert "See you" in found.quoted


def test_an_answer_below_a_quotation_is_the_reply() -> None:
    found = split("On 3 Feb 2026, Bob <bob@example.org> wrote:\n> Which colour?\n\nBlue.\n")
    assert found.reply == "Blue."
    assert "Which colour?" in found.quoted


def test_a_mail_of_nothing_but_quotation_is_shown_whole() -> None:
    assert split("> only this\n> and that").reply == "> only this\n> and that"


@pytest.mark.parametrize(
    "text",
    [
        "Trip plan\nFrom: London\nTo: Paris\nOn: Tuesday\n\nCan you book it?",
        "Please pay\nDate: 5 May 2026\nAmount: 100\nTo: account 123\nReference: abc",
        "On 3 Feb 2026 I sent the parcel.\nOn 4 Feb 2026 you said it was lost.\nSo what now?",
        "Log:\n2026-02-03 10:00:01 server wrote:\n  failure\n2026-02-03 10:00:02 server: ok\nWhat now?",
        "I wrote to bob@example.org on 3 February 2026 at 10:00:\nno answer came. Please help.",
        "你好，\n我在2026年2月3日充值失败，订单号：123456。\n时间：10:00\n金额：100\n请处理。",
        "See https://example.com/on-2026-someone-wrote: please.\nIs that right?",
        "Options\n\n--- first ---\nred\n\n--- second ---\nblue",
        "On this day\n\nI wrote something\n\nwhich was long.",
        "```\nFrom: x\n# not a mark\n####\n```\nDone.",
        "Subject: hello\nthis is my text",
        "My parcel was\nFrom: Bob Example <bob@example.org>\nto me. Where is it?",
        "I wrote this on 3 February 2026 at 10:00:\nno answer came.",
        "Somebody from the shop wrote. On 3 Feb 2026 at 10:00:\nnothing happened.",
    ],
)
def test_what_is_no_quotation_is_left_alone(text: str) -> None:
    found = split(text)
    assert found.reply == text
    assert found.quoted == ""


@pytest.mark.parametrize(
    ("text", "signature"),
    [
        ("Works now.\n\n-- \nAnn Example\nHead of Sales", "-- \nAnn Example\nHead of Sales"),
        ("Works now.\n\nKind regards,\nAnn Example", "Kind regards,\nAnn Example"),
        ("Works now.\n\nSent from my iPhone", "Sent from my iPhone"),
        ("Works now.\n\n发自我的iPhone", "发自我的iPhone"),
        (
            "Works now.\n\nGet Outlook for iOS<https://aka.example/x>",
            "Get Outlook for iOS<https://aka.example/x>",
        ),
        ("Works now.\n\n此致\n敬礼\n王小明", "此致\n敬礼\n王小明"),
        (
            "Works now.\n\nMit freundlichen Grüßen\nAnn Example\nExample GmbH\nTel: +49 30 12345\nwww.example.com",
            "Mit freundlichen Grüßen\nAnn Example\nExample GmbH\nTel: +49 30 12345\nwww.example.com",
        ),
        ("Works now.\n\n谢谢！\n王小明\n电话：13800000000", "谢谢！\n王小明\n电话：13800000000"),
        ("Works now.\n\nMvh,\nAnn E\n070-0000000", "Mvh,\nAnn E\n070-0000000"),
        ("Works now.\n---\nAnn Example", "---\nAnn Example"),
        ("Works now.\n-ann", "-ann"),
        (
            "Works now.\n\n_______________\nlist mailing list\nlist@example.org",
            "_______________\nlist mailing list\nlist@example.org",
        ),
    ],
)
def test_a_signature_is_folded_and_told(text: str, signature: str) -> None:
    found = split(text)
    assert (found.reply, found.signature) == ("Works now.", signature)
    assert signature in found.quoted


@pytest.mark.parametrize(
    "text",
    [
        "Sent from my desk, which is easier than my phone.",
        "Hello.\n\nFrom my phone I cannot log in",
        "Hello.\n\nEnviado desde mi cuenta pero no llega.",
        "Hello.\n\n发自我的账户的邮件都被退回了，请问怎么办？",
        "Hello.\n\nOutlook for iOS does not show it",
        "Hello.\n\nSent from a different address than usual, does it matter?",
        "-- \nAnn",
        "Thanks",
        "My number is new.\n\nThanks\n070 123456",
        "Please call.\n\nThanks,\nI am there until five\n070-0000000",
        "To do\n- one\n- two",
    ],
)
def test_what_only_looks_like_a_signature_stays(text: str) -> None:
    assert split(text).reply == text


def test_a_thousand_page_log_with_a_quotation_at_its_end_is_kept() -> None:
    text = "\n".join(f"line {number}" for number in range(20_000))
    assert split(text).reply == text
