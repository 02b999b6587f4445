"""Files that Outlook hides in winmail.dat."""

import struct
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from channels.mail.tnef import tnef_files
from channels.mime import parse_mail
from tests.channels.mail.letters import raw

BEGIN, TITLE, DATA, PROPERTIES, CODEPAGE = 0x69002, 0x18010, 0x6800F, 0x69005, 0x69007


def record(attribute: int, value: bytes) -> bytes:
    head = struct.pack("<BII", 2, attribute, len(value))
    return head + value + struct.pack("<H", sum(value) & 0xFFFF)


def text_property(number: int, text: str) -> bytes:
    value = (text + "\0").encode("utf-16-le")
    return struct.pack("<HHII", 0x1F, number, 1, len(value)) + value + b"\0" * (-len(value) % 4)


def properties(*each: bytes) -> bytes:
    return struct.pack("<I", len(each)) + b"".join(each)


def container(*records: bytes) -> bytes:
    return struct.pack("<IH", 0x223E9F78, 1) + b"".join(records)


LONG = properties(
    struct.pack("<HHI", 0x03, 0x0E20, 17),
    struct.pack("<HH", 0x03, 0x8001) + b"G" * 16 + struct.pack("<III", 0, 5, 7),
    text_property(0x3707, "发票 2026.pdf"),
    text_property(0x370E, "application/pdf"),
    text_property(0x3712, "<pic@example.com>"),
)
WINMAIL = container(
    record(CODEPAGE, struct.pack("<II", 1251, 0)),
    record(BEGIN, b"\0" * 14),
    record(TITLE, b"SHORT~1.PDF\0"),
    record(DATA, b"PDF bytes"),
    record(PROPERTIES, LONG),
    record(BEGIN, b"\0" * 14),
    record(TITLE, "Счёт.txt".encode("cp1251") + b"\0"),
    record(DATA, b"words"),
)


def test_the_files_come_out_with_their_long_names() -> None:
    found = [
        (one.name, one.content_type, one.content_id, one.content) for one in tnef_files(WINMAIL)
    ]
    assert found == [
        ("发票 2026.pdf", "application/pdf", "pic@example.com", b"PDF bytes"),
        ("Счёт.txt", "application/octet-stream", "", b"words"),
    ]


def test_a_mail_keeps_the_container_and_gains_what_is_inside() -> None:
    head = "From: ann@example.com\nContent-Type: application/ms-tnef; name=winmail.dat"
    names = [one.name for one in parse_mail(raw(head, WINMAIL)).attachments]
    assert names == ["winmail.dat", "发票 2026.pdf", "Счёт.txt"]


def test_names_are_as_safe_as_any_other() -> None:
    evil = container(record(BEGIN, b""), record(TITLE, b"..\\..\\evil.exe\0"), record(DATA, b"x"))
    assert [one.name for one in tnef_files(evil)] == ["evil.exe"]


def test_a_cut_container_gives_what_came_before_the_cut() -> None:
    assert [one.name for one in tnef_files(WINMAIL[:-3])] == ["发票 2026.pdf"]
    assert tnef_files(b"") == tnef_files(b"not one") == []


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.integers(0, len(WINMAIL) - 1), st.binary(max_size=8))
def test_no_bytes_hurt(tail: bytes, at: int, noise: bytes) -> None:
    tnef_files(container(record(BEGIN, b""), record(DATA, b"x"), record(PROPERTIES, tail)))
    tnef_files(WINMAIL[:at] + noise + WINMAIL[at + len(noise) :])
    tnef_files(WINMAIL[:6] + tail)


def test_a_container_made_to_cost_time_costs_little() -> None:
    greedy = struct.pack("<I", 0xFFFFFFFF) + struct.pack("<HHI", 0x1E, 1, 16) * 50_000
    many = container(*[record(BEGIN, b"") + record(PROPERTIES, greedy)] * 20)
    began = time.process_time()
    tnef_files(many)
    assert time.process_time() - began < 1
