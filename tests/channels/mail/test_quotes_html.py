"""HTML replies, split by what each mail program marks its quotations with."""

import pytest

from channels.mail.html_text import html_lines, text_of
from channels.mime import parse_mail
from tests.channels.mail.letters import letter

OUTLOOK = (
    '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class=MsoNormal>'
    "<b>{}:</b> Bob<br><b>{}:</b> x<br><b>{}:</b> Ann<br><b>{}:</b> RE: order</p></div><p>quoted</p>"
)
REPLIES = {
    "gmail": '<div dir="ltr">Answer.</div><div class="gmail_quote"><div class="gmail_attr">On Tue, Feb 3, 2026 at 10:00 Bob &lt;bob@example.org&gt; wrote:<br></div><blockquote class="gmail_quote">quoted</blockquote></div>',
    "gmail in a language nobody listed": '<div>Answer.</div><div class="gmail_quote"><div class="gmail_attr">Xyzzy 3 Bob plugh<br></div><blockquote class="gmail_quote">quoted</blockquote></div>',
    "outlook desktop": "<div class=WordSection1><p class=MsoNormal>Answer.</p>"
    + OUTLOOK.format("From", "Sent", "To", "Subject")
    + "</div>",
    "outlook chinese": "<p>Answer.</p>" + OUTLOOK.format("发件人", "发送时间", "收件人", "主题"),
    "outlook in a language nobody listed": "<p>Answer.</p>"
    + OUTLOOK.format("Qqa", "Qqb", "Qqc", "Qqd"),
    "outlook web": '<div>Answer.</div><div id="appendonsend"></div><hr tabindex="-1"><div id="divRplyFwdMsg"><b>From:</b> Bob<br><b>Sent:</b> x</div><div>quoted</div>',
    "outlook.com of old": '<div>Answer.<br><br><div><hr id="stopSpelling">Date: Fri, 23 Mar 2012<br>From: a@example.com<br>quoted</div></div>',
    "windows mail": '<div>Answer.</div><div style="border-top-color: rgb(1, 1, 1); border-top-width: 1px; border-top-style: solid;"><b>From:</b>&nbsp;Bob<br><b>Sent:</b>&nbsp;x<br><b>To:</b>&nbsp;b</div><div>quoted</div>',
    "apple": 'Answer.<br><div><br><blockquote type="cite"><div>On 3 Feb 2026, at 10:00, Bob wrote:</div><div>quoted</div></blockquote></div>',
    "iphone": 'Answer.<br><br><div dir="ltr">Sent from my iPhone</div><div><br>On 3 Feb 2026, at 10:00, Bob &lt;b@example.org&gt; wrote:<br><br></div><blockquote type="cite">quoted</blockquote>',
    "yahoo": '<div class="ydp1yahoo-style-wrap">Answer.</div><div id="ydp2yahoo_quoted_1" class="ydp2yahoo_quoted"><div>On Tuesday, Bob wrote:</div><div>quoted</div></div>',
    "thunderbird": '<p>Answer.</p><div class="moz-cite-prefix">Am 03.02.26 um 10:00 schrieb Bob:<br></div><blockquote type="cite" cite="mid:x">quoted</blockquote>',
    "qq": '<div>Answer.</div><div style="font-size: 12px;padding:2px 0 2px 0;">------------------&nbsp;原始邮件&nbsp;------------------</div><div style="background:#efefef;"><b>发件人:</b>&nbsp;"Bob"</div><div>quoted</div>',
    "163": '<div>Answer.</div><br><p>At 2026-02-03 10:00:00, "Bob" &lt;bob@example.org&gt; wrote:</p><blockquote id="isReplyContent" style="BORDER-LEFT: #ccc 1px solid">quoted</blockquote>',
    "163 chinese": '<div>Answer.</div><br><p>在 2026-02-03 10:00:00，"Bob" &lt;bob@example.org&gt; 写道：</p><blockquote id="isReplyContent">quoted</blockquote>',
    "foxmail": '<div>Answer.</div><blockquote style="margin-top: 0px; margin-left: 0.5em;"><div>&nbsp;</div><div style="border:none;border-top:solid #B5C4DF 1.0pt"><b>发件人：</b>Bob</div><div>quoted</div></blockquote>',
    "aliyun": '<div>Answer.</div><blockquote style="margin-right:0"><div>--------------------</div><div>发件人：Bob</div><div>quoted</div></blockquote>',
    "lark": '<div>Answer.</div><div class="history-quote-wrapper"><div>发件人：Bob</div><div>quoted</div></div>',
    "zimbra": '<div>Answer.</div><hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__"><b>From: </b>Bob<br></div><div data-marker="__QUOTED_TEXT__">quoted</div>',
    "proton": '<div>Answer.</div><div class="protonmail_quote">On Tuesday, Bob wrote:<br><blockquote type="cite">quoted</blockquote></div>',
    "spark": '<div name="messageBodySection">Answer.</div><div name="messageReplySection">On 3 Feb 2026, Bob wrote:<blockquote type="cite">quoted</blockquote></div>',
    "mail.ru": "<div>Answer.</div><blockquote>Вторник, 3 февраля 2026, 10:00 +03:00 от Bob &lt;b@example.org&gt;:<br>quoted</blockquote>",
    "roundcube": '<p>Answer.</p><p id="reply-intro">On 2026-02-03 10:00, Bob wrote:</p><blockquote type="cite">quoted</blockquote>',
}


@pytest.mark.parametrize("html", REPLIES.values(), ids=REPLIES.keys())
def test_a_clients_quotation_is_folded(html: str) -> None:
    mail = parse_mail(
        letter("", html=f"<html><body>{html}</body></html>", in_reply_to="<a@example.org>")
    )
    assert mail.reply_text == "Answer."
    assert "quoted" in mail.quoted_text


def test_answers_between_blockquotes_stay_in_view() -> None:
    html = '<div class="gmail_quote"><div class="gmail_attr">Bob wrote:</div><blockquote>one?</blockquote><div>Yes one.</div><blockquote>two?</blockquote><div>Yes two.</div></div>'
    reply = parse_mail(letter("", html=html, in_reply_to="<a@example.org>")).reply_text
    assert reply.split("\n\n") == ["> one?", "Yes one.", "> two?", "Yes two."]


@pytest.mark.parametrize(
    "html",
    [
        '<div>Answer.</div><blockquote style="margin:0 0 0 40px;border:none;padding:0px">my own words</blockquote>',
        "<div>Answer.</div><hr><div>my own words</div>",
        "<div>Answer.</div><blockquote>quoted</blockquote><div>my own words</div>",
    ],
)
def test_the_senders_own_words_are_never_folded(html: str) -> None:
    reply = parse_mail(letter("", html=html, in_reply_to="<a@example.org>")).reply_text
    assert "Answer." in reply
    assert "my own words" in reply


def test_the_plain_part_is_split_where_only_the_html_knows() -> None:
    html = '<div>Answer.</div><div id="divRplyFwdMsg">Qqa Bob</div><div>old words</div>'
    mail = parse_mail(
        letter("Answer.\n\nQqa Bob\nold words\n", html=html, in_reply_to="<a@example.org>")
    )
    assert mail.reply_text == "Answer."
    assert "old words" in mail.quoted_text


def test_html_becomes_lines_as_they_are_seen() -> None:
    html = "<style>x</style><title>y</title><p>One&nbsp;&amp; two</p><ul><li>a<li>b</ul><table><tr><td>c<td>d</table>e<br>f<pre>g\n  h</pre><script>z</script>"
    assert text_of(html_lines(html)).split("\n") == [
        "One & two",
        "",
        "* a",
        "* b",
        "",
        "c d",
        "",
        "e",
        "f",
        "",
        "g",
        "  h",
    ]


def test_a_forwarded_mail_is_shown_whole() -> None:
    text = "Please see.\n\n---------- Forwarded message ----------\nFrom: Bob <bob@example.org>\nSubject: x\n\nwords\n"
    assert "words" in parse_mail(letter(text, subject="Fwd: x")).reply_text
