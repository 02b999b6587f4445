"""Bytes without a label, or with the label of a program that knows no other."""

import pytest

from channels.mail.decode import decode_text, header_text
from channels.mail.guess import likely_charset

TEXTS = [
    ("gb18030", "您好，我的订单还没有收到，请帮我查一下。"),
    ("gb18030", "附件是合同扫描件，请查收"),
    ("big5hkscs", "您好，我的訂單還沒有收到，請幫我查一下。"),
    ("cp949", "안녕하세요, 주문한 상품을 아직 받지 못했습니다."),
    ("euc_jp", "注文した商品がまだ届いていません。"),
    ("cp932", "注文した商品がまだ届いていません。"),
    ("cp1251", "Здравствуйте, мой заказ ещё не пришёл."),
    ("koi8_r", "Здравствуйте, мой заказ ещё не пришёл."),
    ("cp1253", "Καλησπέρα, η παραγγελία μου δεν έχει έρθει ακόμα."),
    ("cp1255", "שלום, ההזמנה שלי עדיין לא הגיעה"),
    ("cp1256", "مرحبا، لم يصل طلبي بعد، يرجى التحقق"),
    ("cp874", "สวัสดี คำสั่งซื้อของฉันยังไม่มาถึง"),
]


@pytest.mark.parametrize(("codec", "text"), TEXTS)
def test_a_text_is_known_by_its_commonest_letters(codec: str, text: str) -> None:
    assert likely_charset(text.encode(codec)) == codec


@pytest.mark.parametrize("label", ["", "us-ascii", "iso-8859-1", "windows-1252", "x-unknown"])
@pytest.mark.parametrize(("codec", "text"), TEXTS)
def test_it_is_read_whatever_a_western_label_claims(codec: str, text: str, label: str) -> None:
    assert decode_text(text.encode(codec), label) == text


@pytest.mark.parametrize(("codec", "text"), TEXTS)
def test_so_are_unlabelled_subjects(codec: str, text: str) -> None:
    assert header_text(text.encode(codec).decode("utf-8", "surrogateescape")) == text


@pytest.mark.parametrize("label", ["iso-8859-1", "us-ascii", ""])
@pytest.mark.parametrize(
    "text",
    ["Größe für München, bitte ändern", "L'été à Noël où déjà vu", "è perché più città così",
     "ÀÉÈÙÇ ÊÎÔÛ", "España señor niño mañana", "“quoted” … 100 €", "ÄÖÜ"],
)  # fmt: skip
def test_western_text_stays_western(label: str, text: str) -> None:
    assert likely_charset(text.encode("cp1252")) == ""
    assert decode_text(text.encode("cp1252"), label) == text
