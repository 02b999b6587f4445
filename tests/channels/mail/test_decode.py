"""Charsets that lie, and encoded words as senders really write them."""

import pytest

from channels.mail.decode import base64_bytes, codec_for, decode_text, header_text, storable


@pytest.mark.parametrize(
    ("label", "text", "codec"),
    [
        ("gb2312", "充值失败，鎔基", "gb18030"),
        ("GBK", "镕基", "gb18030"),
        ("ks_c_5601-1987", "똠방각하", "cp949"),
        ("iso-8859-1", "“smart” – €", "cp1252"),
        ("shift_jis", "①髙﨑", "cp932"),
        ("windows-1251", "Здравствуйте", "cp1251"),
        ("utf8", "naïve", "utf-8"),
        ("big5", "退款申請", "big5hkscs"),
    ],
)
def test_a_label_is_read_as_its_superset(label: str, text: str, codec: str) -> None:
    assert decode_text(text.encode(codec), label) == text


def test_utf8_wins_over_a_label_that_says_latin() -> None:
    assert decode_text("Größe".encode(), "iso-8859-1") == "Größe"


def test_latin_bytes_labelled_utf8_stay_readable() -> None:
    assert decode_text("Größe für Mütter".encode("latin-1"), "utf-8") == "Größe für Mütter"


def test_utf8_with_one_cut_character_is_not_turned_into_latin() -> None:
    assert decode_text("你好世界".encode()[:-1], "utf-8").startswith("你好世")


def test_unlabelled_gbk_is_recognised() -> None:
    assert (
        decode_text("订单没有到账，请帮忙查一下。".encode("gbk")) == "订单没有到账，请帮忙查一下。"
    )


@pytest.mark.parametrize("label", ["idna", "punycode", "unicode_escape", "rot13", "zlib", "x-none"])
def test_codecs_that_are_no_charsets_are_never_run(label: str) -> None:
    assert codec_for(label) == ""
    assert decode_text(b"plain", label) == "plain"


def test_nothing_unstorable_comes_out() -> None:
    assert storable("a\x00b\ud800c") == "abc"
    assert decode_text(b"a\x00b") == "ab"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=?utf-8?Q?Gr=C3=BC=C3=9Fe?= an =?utf-8?B?5L2g5aW9?=", "Grüße an 你好"),
        ("=?utf-8?B?5L2g?= =?utf-8?B?5aW9?=", "你好"),
        ("=?utf-8?B?5L2g5Q==?=\r\n =?utf-8?B?pb0=?=", "你好"),
        ("=?gb2312?B?xOO6ww==?=", "你好"),
        ("=?UTF-8?Q?spaces are wrong here?=", "spaces are wrong here"),
        ("=?UTF-8?B?5L2g5aW9", "你好"),
        ("=?UTF-8*en?Q?marked?= text", "marked text"),
        ("Re: =?iso-8859-1?Q?J=F8rn?=", "Re: Jørn"),
        ("=?NONE?B?VEVTVA=?=", "TEST"),
        ("plain =? not a word ?=", "plain =? not a word ?="),
    ],
)
def test_encoded_words_are_read_even_when_broken(value: str, text: str) -> None:
    assert header_text(value) == text


def test_raw_bytes_in_a_header_follow_the_charset_of_the_body() -> None:
    value = "Тема письма".encode("koi8-r").decode("utf-8", "surrogateescape")
    assert header_text(value, "koi8-r") == "Тема письма"


@pytest.mark.parametrize(
    "data", [b"SGVsbG8", b"SGVsbG8=", b"SGVs\r\nbG8=\r\n", b"SG Vs*bG8==", b"SGVsbG8=A"]
)
def test_damaged_base64_gives_what_it_holds(data: bytes) -> None:
    assert base64_bytes(data).startswith(b"Hello")
