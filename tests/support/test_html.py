"""Mail is shown without its teeth, and its form is kept."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from support import html as mail_html
from support.html import frame_document, html_to_text, place_pictures, sanitise, text_to_html
from tests.support.html_faults import faults
from tests.support.html_letters import ORDINARY, OUTLOOK
from tests.support.html_vectors import GROUPS, all_vectors


@pytest.mark.parametrize("group", GROUPS)
def test_no_vector_leaves_anything_harmful(group):
    bad = {html: faults(sanitise(html)) for kind, html in all_vectors() if kind == group}
    assert {html: found for html, found in bad.items() if found} == {}


@pytest.mark.parametrize("group", GROUPS)
def test_no_vector_is_harmful_as_plain_text(group):
    texts = [html for kind, html in all_vectors() if kind == group]
    assert [text for text in texts if faults(text_to_html(text))] == []


def test_the_test_itself_sees_what_is_harmful():
    teeth = [
        "<p onclick=x>y</p>",
        "<a href=javascript:x>y</a>",
        "<img src=//t.example>",
        "<p id=x>y</p>",
        "<form>x</form>",
        "<p style='background:url(x)'>y</p>",
        "<svg></svg>",
        "<!-- x -->y",
    ]
    assert all(faults(one) for one in teeth)


def test_cleaning_twice_changes_nothing_in_ordinary_mail():
    for html in (
        ORDINARY,
        OUTLOOK,
        "a<br>b &amp; c < d &nbsp; e",
        "<a href='mailto:a@example.com'>x</a>",
    ):
        assert sanitise(sanitise(html)) == sanitise(html)


@given(st.text())
@example("<p title='" * 3)
@example("\ud800<b>\udfff")
@example("<![endif]--><!--")
def test_any_text_at_all_is_cleaned_without_error(text):
    assert faults(sanitise(text)) == []
    html_to_text(text).encode()
    assert faults(text_to_html(text)) == []


pieces = st.lists(
    st.sampled_from([*"<>\"'=/ &;!-x", *(v for g in GROUPS.values() for v in g)]), max_size=12
)


@settings(max_examples=400)
@given(pieces.map("".join))
def test_vectors_in_pieces_are_cleaned_as_well(html):
    assert faults(sanitise(html)) == []


def test_formatting_tables_lists_and_links_survive():
    html = (
        '<p style="color:red">Hi <b>Ann</b></p><table border="1"><tbody><tr><td colspan="2">1</td></tr></tbody></table>'
        '<ul><li>one</li></ul><a href="https://a.example/?x=1&amp;copy=2">go</a><img src="cid:a@b" alt="Shot" width="20">'
    )
    assert sanitise(html) == html.replace('">go', '" rel="noopener noreferrer nofollow">go')


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("<p>one<p>two", "<p>one</p><p>two</p>"),
        ("<ul><li>a<li>b</ul>", "<ul><li>a</li><li>b</li></ul>"),
        (
            "<table><tr><td>1<td>2<tr><td>3</table>",
            "<table><tbody><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></tbody></table>",
        ),
        (
            "<div><table><tr><td>x</div>y</td></tr></table>z</div>",
            "<div><table><tbody><tr><td>xy</td></tr></tbody></table>z</div>",
        ),
        ("<b><i>x</b>y</i>", "<b><i>x</i></b>y"),
        ("5 < 6 & 7 > 2", "5 &lt; 6 &amp; 7 &gt; 2"),
        ("<o:p>x</o:p><center>y</center>", "x<center>y</center>"),
        ("<img src=https://t.example/x.gif alt='Our logo'>", '<img alt="Our logo">'),
        (
            "<a href='https://a.example/my file.pdf'>x</a>",
            '<a href="https://a.example/my%20file.pdf" rel="noopener noreferrer nofollow">x</a>',
        ),
        (
            "<a href='https://a.example/路径'>x</a>",
            '<a href="https://a.example/路径" rel="noopener noreferrer nofollow">x</a>',
        ),
        ("<!--[if mso]>only Outlook<![endif]--><![if !mso]>all<![endif]>", "all"),
        ("<style>p{color:red}</style><title>t</title>x", "x"),
        (
            "<p class='MsoNormal plain'>x</p><div class='gmail_quote other'>y</div>",
            '<p>x</p><div class="gmail_quote">y</div>',
        ),
        (
            "<font color=#ff0000 face='Arial, sans-serif' size=+1>x</font>",
            '<font color="#ff0000" face="Arial, sans-serif" size="+1">x</font>',
        ),
        (
            "<p style='font:12px/1.5 \"微软雅黑\",-apple-system,sans-serif;mso-x:y;margin:0 auto'>x</p>",
            '<p style="font:12px/1.5 &quot;微软雅黑&quot;,-apple-system,sans-serif;margin:0 auto">x</p>',
        ),
    ],
)
def test_what_mail_programs_write_is_read_as_meant(written, kept):
    assert sanitise(written) == kept


def test_small_pictures_written_into_the_mail_are_shown():
    html = '<img src="data:image/png;base64,iVBORw0KGgo=" alt="dot">'
    assert sanitise(html) == html


def test_inline_pictures_are_placed_and_unknown_ones_dropped():
    clean = sanitise("<img src='CID:a&b@c' alt=1><img src='cid:other' alt=2>")
    assert (
        place_pictures(clean, {"a&b@c": '/files/1?a="x"'})
        == '<img src="/files/1?a=&quot;x&quot;" alt="1"><img alt="2">'
    )


def test_the_frame_allows_nothing_to_load_or_run():
    page = frame_document(sanitise("<p>你好</p>"), lang='zh-hans"><script>')
    assert "<script" not in page
    assert 'lang="zh-hans&quot;' in page
    assert page.index("Content-Security-Policy") < page.index("<style>") < page.index("你好")
    assert "default-src 'none'" in mail_html.FRAME_POLICY
    assert "script" not in mail_html.FRAME_POLICY + mail_html.FRAME_SANDBOX
    assert "same-origin" not in mail_html.FRAME_SANDBOX
