"""Fields and payloads of a parsed message exactly as they came.

The standard accessors replace bytes they cannot decode; we decode better when we see them.
"""

from email.message import Message


def raw_field(part: Message, name: str) -> str:
    """The first field of that name, surrogates for 8-bit bytes; "" when there is none."""
    wanted = name.lower()
    for key, value in part.raw_items():
        if key.lower() == wanted:
            return str(value)
    return ""


def raw_payload(part: Message) -> object:
    """A string for a leaf, a list of messages for a container."""
    return part.__dict__["_payload"]
