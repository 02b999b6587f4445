"""What could hurt in shown HTML, read by a parser that knows nothing of how it was made."""

import re

import lxml.html

from support import html as mail_html

ATTRIBUTES = set().union(*mail_html._ATTRIBUTES.values()) | {"rel", "class"}
ALLOWED_LINK = re.compile(r"(?i)(https?://[^/\\]|mailto:[^?]|tel:)[^\s\x00-\x1f]*")
ALLOWED_PICTURE = re.compile(r"cid:[^\s\"]+|data:image/(png|jpe?g|gif|webp);base64,[A-Za-z0-9+/=]+")
FORBIDDEN_STYLE = re.compile(
    r"(?i)url|expression|\\|/\*|position|z-index|transform|binding|:\s*[^;]*(?<![\w])-\d"
)


def faults(output: str) -> list[str]:
    """What could hurt in this output, read by a parser that knows nothing of how it was made."""
    if not output.strip():
        return []
    tree = lxml.html.fragment_fromstring(output, create_parent="div")
    found = []
    for element in tree.iter():
        if not isinstance(element.tag, str):
            found.append("not an element")
        elif element.tag not in mail_html.TAGS:
            found.append(element.tag)
        else:
            found += [
                f"{element.tag} {n}={v}" for n, v in element.attrib.items() if not _harmless(n, v)
            ]
    return found


def _harmless(name: str, value: str) -> bool:
    if name not in ATTRIBUTES:
        return False
    if name == "href":
        return bool(ALLOWED_LINK.fullmatch(value))
    if name == "src":
        return bool(ALLOWED_PICTURE.fullmatch(value))
    return name != "style" or not FORBIDDEN_STYLE.search(value)
