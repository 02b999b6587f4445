"""WeChat's XML, read without entities, without a DTD and without asking anybody."""

from __future__ import annotations

import re

from lxml import etree

from channels.base import Unreadable

#: Far more than any call of WeChat's has.
MOST_BYTES = 256 * 1024
#: Characters that people do send, and that no XML may hold.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def read(body: bytes) -> dict[str, str]:
    """What each element says, those right under the root before all deeper ones.

    Raises ``Unreadable``.
    """
    if len(body) > MOST_BYTES:
        raise Unreadable("larger than any call of WeChat's")
    text = _NOT_XML.sub("", body.decode("utf-8", "replace"))
    try:
        root = etree.fromstring(text.encode(), _parser())
    except etree.XMLSyntaxError as error:
        raise Unreadable(f"no XML: {error}") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise Unreadable("a DTD, which WeChat never sends")
    said: dict[str, str] = {}
    for element in (*root, *root.iter()):
        if isinstance(element.tag, str) and not len(element):
            said.setdefault(element.tag, element.text or "")
    return said


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
