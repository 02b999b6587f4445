"""Where mail clients' HTML says that a quotation starts: by element, class, id and style."""

import re
from functools import lru_cache

# Everything inside such an element is quoted.
_INSIDE = re.compile(
    r"(?:\b|_)(?:\w{0,20}yahoo_quoted|protonmail_quote|tutanota_quote|zmail_extra"
    r"|zmail_extra_hr|isreplycontent|referencecontent|foxreply|foxmail_reply"
    r"|xm_mail_oringinal_describe|xm_mail_original|xmail_original|qmbox|qm_original"
    r"|history-quote-wrapper|lark-mail-quote|alimail-quote|messagereplysection"
    r"|front-blockquote|sh-quoted-content|edo-original|cm_quote"
    r"|__quoted_text__|ntes_quote|quoted-text|quotedtext|hey-quote|wiseStamp_reply"
    r"|olk_src_body_section|mail-quote-collapse|mailru-blockquote|sign-quote"
    r"|naver_quote|original-message|outlook_quote|edisonmail_quote|freshdesk_quote"
    r"|missive_quote|outreach-quote|hs_reply|xm_write_history|oryginal-mail)(?:\b|_)",
    re.IGNORECASE,
)
# Such an element holds the line that announces a quotation.
_ANNOUNCED = re.compile(
    r"\b(?:gmail_attr|moz-cite-prefix|reply-intro|replyheader|airmail_on|quote-header)\b",
    re.IGNORECASE,
)
# Everything from such an element to the end of the mail is quoted.
_AFTER = re.compile(
    r"\b(?:divrplyfwdmsg|appendonsend|outlookmessageheader|stopspelling|zwchr|__divider__"
    r"|_mailoriginal|mail-editor-reference-message-container|x_divrplyfwdmsg|x_appendonsend"
    r"|replysplit|ms-outlook-mobile-reference-message|ms-outlook-ios-quote)\b",
    re.IGNORECASE,
)
# Such an element holds the signature that the program put below what was written.
_SIGNATURE = re.compile(
    r"\b(?:gmail_signature|moz-signature|ms-outlook-(?:mobile|ios)-signature|front-signature"
    r"|protonmail_signature_block|composer_signature|hwsignature|xmail_signature|zm-_id_-sgn"
    r"|ntes-[\w-]{1,20}-signature|bloop_sign|__sig_(?:pre|post)__|x?_?signature)(?:\b|_)",
    re.IGNORECASE,
)
_FOXMAIL_RULE = re.compile(r"width\s*:\s*210px", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"\b(class|id|name|type|style|data-marker|cite)\s*=\s*(?:\"([^\"]{0,500})|'([^']{0,500})|([^\s\"'>]{1,200}))",
    re.IGNORECASE,
)
_TOP_RULE = re.compile(r"border-top(?:-style)?\s*:\s*[^;]*\b(?:solid|#)", re.IGNORECASE)
_OTHER_SIDES = re.compile(r"border-(?:left|right|bottom)\s*:\s*[^;]*solid", re.IGNORECASE)
_INDENT = re.compile(r"border\s*:\s*(?:none|0|medium none)", re.IGNORECASE)
_LEFT_BAR = re.compile(r"border-left\s*:\s*[^;]*(?:solid|#|rgb|px|pt)", re.IGNORECASE)

MARKED_TAGS = frozenset(
    ("blockquote", "div", "hr", "table", "td", "p", "span", "section", "article", "a")
)


@lru_cache(maxsize=1024)
def quote_mark(tag: str, attributes: str) -> str:
    """ "inside", "announced", "after", "signature", "divider" (if header lines follow) or ""."""
    given: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(attributes[:2000]):
        given.setdefault(match[1].lower(), match[2] or match[3] or match[4] or "")
    names = " ".join(given.get(key, "") for key in ("class", "id", "name", "data-marker"))
    if names.strip():
        if _AFTER.search(names):
            return "after"
        if tag != "a" and _ANNOUNCED.search(names):
            return "announced"
        if tag != "a" and _INSIDE.search(names):
            return "inside"
        if tag != "a" and _SIGNATURE.search(names):
            return "signature"
    style = given.get("style", "")
    if tag == "blockquote":
        indented = _INDENT.search(style) and not _LEFT_BAR.search(style) and not given.get("type")
        return "" if indented and "foxmail" not in names.lower() else "inside"
    if tag == "div" and _TOP_RULE.search(style) and not _OTHER_SIDES.search(style):
        return "divider"
    if tag == "hr":
        return "signature" if _FOXMAIL_RULE.search(style) else "divider"
    return ""
