"""HTML becomes readable text, and a text becomes HTML with its links and every word."""

import re
from html import unescape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from support.html import html_to_text, text_to_html


def words(output: str) -> str:
    return unescape(re.sub(r"<[^>]*>", "", output.replace("<br>", "\n")))


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("<p>Hello&nbsp;Ann,</p><p>how are you?</p>", "Hello\u00a0Ann,\n\nhow are you?"),
        ("a<br>b<br><br><br>c", "a\nb\n\nc"),
        ("<div>a</div><div><br></div><div>b</div>", "a\n\nb"),
        ("<ul><li>a<li><p>b</p></ul>", "- a\n- b"),
        ("<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>", "1 2\n3"),
        ("<blockquote>old<blockquote>older</blockquote></blockquote>new", "> old\n> > older\nnew"),
        ("<pre>a\n  b\n\nc</pre>d", "a\n  b\n\nc\nd"),
        ("a\n  b\t c", "a b c"),
        ("<style>x</style><script>y</script><title>z</title>a<!-- b -->", "a"),
        ("1 < 2 &lt;b&gt; <img alt='Logo'>", "1 < 2 <b> Logo"),
        ("</blockquote></pre>x", "x"),
    ],
)
def test_html_becomes_readable_text(html, text):
    assert html_to_text(html) == text


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"])))
@example("see (https://a.example/x_(y)). mail a@b.example, www.x.example!\n  two\n")
@example("https://a.example/?a=1&b=2&lt;<x>\"'")
def test_a_linked_text_keeps_every_word(text):
    plain = text.replace("\ufffe", "").replace("\uffff", "")
    assert words(text_to_html(plain)) == plain


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("see https://a.example/x.", ["https://a.example/x"]),
        ("(https://a.example/x_(y))", ["https://a.example/x_(y)"]),
        ("请看https://a.example/p。谢谢", ["https://a.example/p"]),
        ("www.a.example, a.b@c.example!", ["http://www.a.example", "mailto:a.b@c.example"]),
        ("邮箱ann@example.com。", ["mailto:ann@example.com"]),
        ("<https://a.example/?q='x'>", ["https://a.example/?q="]),
        ("https://good.example@evil.example/", []),
        ("javascript:alert(1) data:text/html,x file:///x //a.example", []),
        ("https:// http://. www. @ a@b", []),
        ("https://a.example/\u202egpj", ["https://a.example/"]),
    ],
)
def test_addresses_in_text_become_links(text, links):
    assert [unescape(one) for one in re.findall(r'href="([^"]*)"', text_to_html(text))] == links
