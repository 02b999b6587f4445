"""Bodies and files out of the tree of parts."""

from email.message import EmailMessage

import pytest

from channels.mail.flowed import unflow
from channels.mail.parameters import parameters, safe_name
from channels.mime import describe, parse_mail
from tests.channels.mail.letters import letter, raw

MIXED = """
From: ann@example.com
Subject: files
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b"
"""


def parts(*written: str) -> bytes:
    return (
        "".join(f"--b\r\n{one.replace(chr(10), chr(13) + chr(10))}\r\n" for one in written).encode()
        + b"--b--\r\n"
    )


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ('Content-Disposition: attachment; filename="a b.txt"', "a b.txt"),
        ("Content-Disposition: attachment; filename=This is a test.txt", "This is a test.txt"),
        ("Content-Disposition: attachment; filename*=utf-8''%E5%8F%91%E7%A5%A8.pdf", "发票.pdf"),
        (
            "Content-Disposition: attachment; filename*0*=utf-8''%E5%8F; filename*1*=%91.pdf",
            "发.pdf",
        ),
        (
            'Content-Disposition: attachment; filename*0="long "; filename*1="name.pdf"',
            "long name.pdf",
        ),
        ('Content-Disposition: attachment; filename="=?utf-8?B?5Y+R56WoLnBkZg==?="', "发票.pdf"),
        ('Content-Disposition: attachment; filename="/etc/passwd"', "passwd"),
        ('Content-Disposition: attachment; filename="..\\\\..\\\\evil.exe"', "evil.exe"),
        ('Content-Disposition: attachment; filename=".."', "attachment.bin"),
        ("Content-Disposition: inline\nContent-Location: Photo25.jpg", "Photo25.jpg"),
        ("Content-Disposition: attachment", "attachment.bin"),
        ('Content-Disposition: attachment; filename="invoice\u202efdp.exe"', "invoice fdp.exe"),
    ],
)
def test_files_have_names_that_are_safe(fields: str, name: str) -> None:
    mail = parse_mail(raw(MIXED, parts(f"Content-Type: application/x-thing\n{fields}\n\nx")))
    assert [one.name for one in mail.attachments] == [name]


def test_text_html_and_files_are_told_apart() -> None:
    message = EmailMessage()
    message["From"] = "ann@example.com"
    message.set_content("plain")
    message.add_alternative("<p>rich <img src='cid:pic'></p>", subtype="html")
    message.get_payload()[1].add_related(b"PNG", "image", "png", cid="<pic>")
    message.add_attachment(b"PDF", maintype="application", subtype="pdf", filename="a.pdf")
    message.add_attachment("notes", filename="notes.txt")
    mail = parse_mail(message.as_bytes())
    assert mail.text.strip() == "plain"
    assert "rich" in mail.html
    kept = {one.name: (one.content_type, one.content_id, one.inline) for one in mail.attachments}
    assert kept == {
        "attachment.png": ("image/png", "pic", True),
        "a.pdf": ("application/pdf", "", False),
        "notes.txt": ("text/plain", "", False),
    }
    assert mail.attachments[1].content == b"PDF"


def test_an_empty_plain_part_gives_way_to_the_html() -> None:
    assert parse_mail(letter(" \n", html="<p>Hello there</p>")).text == "Hello there"


def test_parts_that_follow_each_other_are_all_read() -> None:
    body = parts(
        "\nfirst", "Content-Type: text/html\n\n<p>second</p>", "Content-Type: text/plain\n\nthird"
    )
    assert parse_mail(raw(MIXED, body)).text.split() == ["first", "second", "third"]


def test_a_boundary_that_never_comes_is_not_the_end() -> None:
    body = b"--other\r\nContent-Type: text/plain\r\n\r\nfound\r\n--other--\r\n"
    assert parse_mail(raw(MIXED, body)).text.strip() == "found"


def test_uuencoded_files_leave_the_text() -> None:
    mail = parse_mail(letter("See file\n\nbegin 644 a.txt\n%:&5L;&\\\n`\nend\n\nbye\n"))
    assert (mail.attachments[0].name, mail.attachments[0].content) == ("a.txt", b"hello")
    assert mail.text.split() == ["See", "file", "bye"]


def test_a_forwarded_message_is_a_file_and_its_text_is_read_when_there_is_no_other() -> None:
    inner = "Content-Type: message/rfc822\nContent-Disposition: attachment\n\nFrom: bob@example.org\nSubject: lost\n\ninner words"
    mail = parse_mail(raw(MIXED, parts(inner)))
    assert [one.name for one in mail.attachments] == ["lost.eml"]
    assert mail.text.strip() == "inner words"


def test_soft_line_breaks_are_joined() -> None:
    assert unflow("one \ntwo\n> q \n> r\n-- \nann", delsp=False) == "one two\n> q r\n-- \nann"
    assert unflow("你 \n好", delsp=True) == "你好"


def test_parameters_survive_what_senders_do() -> None:
    assert parameters('text/plain; charset="utf-8"; format=flowed;;') == {
        "charset": "utf-8",
        "format": "flowed",
    }
    assert parameters("text/plain") == {}
    assert safe_name("a" * 500 + ".pdf").endswith(".pdf")
    assert safe_name(" \x00 ") == ""


def test_raw_bytes_in_an_encoded_parameter_are_read_too() -> None:
    head = "From: a@example.com\nContent-Type: application/pdf; name*=utf-8''a%20"
    mail = head.encode() + "发票.pdf\n\nx".encode()
    assert parse_mail(mail).attachments[0].name == "a 发票.pdf"


def test_describe_speaks_in_plain_values() -> None:
    told = describe(letter("Hello", html="<p>Hello</p>"))
    assert told["from_email"] == "ann@example.com"
    assert told["to"] == [("", "support@example.org")]
    assert told["date"] == "2026-02-03T10:00:00+00:00"
    assert told["attachments"] == []


def test_a_text_with_a_files_name_is_read_when_it_is_all_there_is() -> None:
    named = "Content-Type: text/plain; name=note.txt\n\nread me"
    mail = parse_mail(raw(MIXED, parts(named)))
    assert (mail.text.strip(), [one.name for one in mail.attachments]) == ("read me", ["note.txt"])
    both = parse_mail(raw(MIXED, parts("\nhello", named)))
    assert both.text.strip() == "hello"
    attached = named.replace("\n\n", "\nContent-Disposition: attachment\n\n", 1)
    assert parse_mail(raw(MIXED, parts(attached))).text == ""


@pytest.mark.parametrize(
    ("head", "body", "text", "names"),
    [
        # Signed mail is read, and its signature is a file.
        (
            'multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary="b"',
            parts("\nsigned words", "Content-Type: application/pkcs7-signature; name=smime.p7s\n\nx"),
            "signed words",
            ["smime.p7s"],
        ),
        (
            'multipart/signed; protocol="application/pgp-signature"; boundary="b"',
            parts("\nsigned words", "Content-Type: application/pgp-signature\n\nx"),
            "signed words",
            ["attachment.asc"],
        ),
        # Encrypted mail has nothing to read, and loses nothing.
        (
            'multipart/encrypted; protocol="application/pgp-encrypted"; boundary="b"',
            parts("Content-Type: application/pgp-encrypted\n\nVersion: 1", "Content-Type: application/octet-stream; name=encrypted.asc\n\n-----BEGIN"),
            "",
            ["attachment.bin", "encrypted.asc"],
        ),
        ("application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", b"DER", "", ["smime.p7m"]),
        # An invitation is a file beside its text.
        (
            'multipart/alternative; boundary="b"',
            parts("\nCome at ten", "Content-Type: text/html\n\n<p>Come at ten</p>", "Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR"),
            "Come at ten",
            ["attachment.ics"],
        ),
        # No boundary at all, and one that is never closed.
        ("multipart/mixed", b"--x\r\n\r\nfound\r\n--x--\r\n", "found", []),
        ('multipart/mixed; boundary="b"', b"--b\r\n\r\nnever closed", "never closed", []),
        # yEnc is left as it came.
        ("text/plain", b"=ybegin line=128 size=3 name=a.bin\r\n\x8b\x8c\r\n=yend size=3", "=ybegin line=128 size=3 name=a.bin", []),
        # Damaged quoted-printable keeps what cannot be undone.
        ("text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable", b"50 =ZZ off=\r\n now =C3=A9 =", "50 =ZZ off now é", []),
    ],
)  # fmt: skip
def test_odd_mails_are_read_and_lose_nothing(
    head: str, body: bytes, text: str, names: list[str]
) -> None:
    mail = parse_mail(raw(f"From: ann@example.com\nMIME-Version: 1.0\nContent-Type: {head}", body))
    assert mail.text.strip().startswith(text)
    assert [one.name for one in mail.attachments] == names
