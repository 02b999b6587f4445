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
    "gmx": '<div>Answer.</div><div name="quote" style="border-left:2px solid"><div><b>Gesendet:</b>&nbsp;Dienstag<br/><b>Von:</b>&nbsp;Bob<br/><b>An:</b> ann<br/><b>Betreff:</b> x</div><div name="quoted-content">quoted</div></div>',
    "notes": "<font size=2>Answer.</font><br><br><font size=1>From: &nbsp; &nbsp;</font><font size=1>Bob &lt;b@example.org&gt;</font><br><font>To: &nbsp;</font><font>ann</font><br><font>Date: </font><font>03.02.2026 10:00</font><br><font>Subject: </font><font>x</font><br><hr noshade><br>quoted",
    "samsung": '<div dir="auto">Answer.</div><div id="composer_signature"><div>Sent from my Galaxy</div></div><div><!-- originalMessage --><div>-------- Original message --------</div><div>From: Bob &lt;b@example.org&gt; </div><div>Date: 03/02/2026  10:00</div><div>To: ann </div><div>Subject: x </div></div>quoted',
    "huawei": '<div>Answer.</div><br><div id="hwSignature">发自我的华为手机</div><br><div class="quote">-------- 原始邮件 --------<br>发件人： Bob &lt;b@example.org&gt;<br>日期： 2026年2月3日周二 10:00<br>收件人： ann<br>主 题： x<br><blockquote>quoted</blockquote></div>',
    "netease mailmaster": '<div>Answer.</div><div id="ntes-pcmac-signature"></div><div><div>---- 回复的原邮件 ----</div><table><tr><td>发件人</td><td>Bob&lt;b@example.org&gt;</td></tr><tr><td>主题</td><td>x</td></tr></table><div>quoted</div></div>',
    "qq in wechat": '<div>Answer.</div><div class="xm_write_history">原始邮件<br>发件人：Bob<br>quoted</div>',
    "foxmail with its rule": '<div>Answer.</div><hr style="WIDTH: 210px; HEIGHT: 1px" align="left"><div><span>ann@example.com</span></div><blockquote><div style="border:none;border-top:solid #B5C4DF 1.0pt"><b>From:</b>&nbsp;Bob</div><div>quoted</div></blockquote>',
    "orange": '<div>Answer.</div><blockquote style="border-left: 1px solid #FF6600">&gt; Message du 03/02/26 10:00<br>&gt; De : "Bob"<br>&gt;quoted</blockquote>',
    "open-xchange": '<p>Answer.</p><div>Bob &lt;b@example.org&gt; hat am 03.02.2026 10:00 CET geschrieben:</div><blockquote type="cite">quoted</blockquote>',
    "seznam": '<div>Answer.</div><aside>---------- Původní e-mail ----------<br>Od: Bob &lt;b@example.org&gt;<br>Komu: ann<br>Datum: 3. 2. 2026<br>Předmět: x</aside><blockquote data-email="b@example.org">quoted</blockquote>',
    "daum": "<p>Answer.</p><div>--------- 원본 메일 ---------</div><div><b>보낸사람:</b> Bob<br><b>받는사람 :</b> ann<br><b>제목:</b> x</div><div>quoted</div>",
    "freshdesk": '<div>Answer.</div><div class="freshdesk_quote">quoted</div>',
    "missive": '<div>Answer.</div><div class="missive_quote">quoted</div>',
    "hubspot": '<div>Answer.</div><div class="hs_reply">quoted</div>',
    "front": '<div>Answer.</div><div class="front-signature">Ann</div><blockquote type="cite" class="front-blockquote">On Feb 3, 2026, Bob wrote: <br>quoted</blockquote>',
    "roundcube": '<p>Answer.</p><p id="reply-intro">On 2026-02-03 10:00, Bob wrote:</p><blockquote type="cite">quoted</blockquote>',
}


@pytest.mark.parametrize("html", REPLIES.values(), ids=REPLIES.keys())
def test_a_clients_quotation_is_folded(html: str) -> None:
    mail = parse_mail(
        letter("", html=f"<html><body>{html}</body></html>", in_reply_to="<a@example.org>")
    )
    assert mail.reply_text == "Answer."
    assert "quoted" in mail.quoted_text


def test_a_signature_marked_in_the_html_is_told_and_folded() -> None:
    html = (
        '<div>Answer.</div><div class="gmail_signature">Ann from the shop, open nine to five</div>'
    )
    mail = parse_mail(letter("", html=html))
    assert (mail.reply_text, mail.signature) == ("Answer.", "Ann from the shop, open nine to five")


def test_words_below_a_marked_signature_stay_in_view() -> None:
    html = '<div>Answer.</div><div id="Signature">Ann</div><div>One more thing</div>'
    assert parse_mail(letter("", html=html)).reply_text == "Answer.\nAnn\nOne more thing"


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
