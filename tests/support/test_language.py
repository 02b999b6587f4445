"""The customer's language is told by what they wrote, or left open."""

import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.language import detect, supported


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("我的充值还没有到账，请帮忙查一下。", "zh-hans"),
        ("你好", "zh-hans"),
        ("我的充值没到账.请帮忙:谢谢", "zh-hans"),
        ("My name is Zhang Wei (张伟) and I have been waiting for an answer since Monday.", "en"),
        ("提现失败 error 500 TypeError at /withdraw: undefined is not a function", "zh-hans"),
        ("我用 iPhone 登录 Binance Smart Chain 后看不到 USDT，network 选的是 TRC20", "zh-hans"),
        ("我的帳號無法登入，請幫我檢查這個問題", "zh-hant"),
        ("入金が反映されません。確認をお願いします。", "ja"),
        ("送金できません", "ja"),
        ("입금이 아직 확인되지 않았습니다", "ko"),
        ("Мой депозит не пришёл, помогите пожалуйста", "ru"),
        ("Мій депозит не надійшов, допоможіть будь ласка, її немає", "uk"),
        ("لم يصل الإيداع الخاص بي", "ar"),
        ("واریز من نرسیده است لطفا پیگیری کنید", "fa"),
        ("הפיקדון שלי לא הגיע", "he"),
        ("Η κατάθεσή μου δεν έφτασε", "el"),
        ("เงินฝากของฉันยังไม่เข้า", "th"),
        ("मेरा जमा अभी तक नहीं आया", "hi"),
        ("Hello, my deposit has not arrived yet. Can you please check?", "en"),
        ("where is my money", "en"),
        ("Dear sir, I cannot withdraw\n> 您好，请稍等，我们正在处理，谢谢您的耐心等待", "en"),
        ("Hola, no veo mi depósito desde ayer, por favor ayúdenme", "es"),
        ("Bonjour, où est mon dépôt ?", "fr"),
        ("Meu saque não chegou até agora", "pt"),
        ("Wo ist mein Geld? Ich warte seit gestern.", "de"),
        ("tôi không nhận được tiền", "vi"),
        ("", ""),
        ("help", ""),
        ("???? 12345 !!!", ""),
        ("https://example.com/a ann@example.com 0xabcdef0123456789", ""),
        ("👋🏽 ✨", ""),
    ],
)
def test_the_language_is_told(text, code):
    assert detect(text) == code


@given(st.text(max_size=300))
def test_any_text_has_an_answer(text):
    assert supported(detect(text)) in {"en", "zh-hans"}


@pytest.mark.parametrize("unit", [">", "a", "a.", "@", "字", "> \n", "é ", "\x00"])
def test_length_does_not_matter(unit):
    started = time.process_time()
    detect(unit * 2_000_000)
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("code", "ours"),
    [
        ("zh-hans", "zh-hans"),
        ("zh-hant", "zh-hans"),
        ("zh_CN", "zh-hans"),
        ("ZH", "zh-hans"),
        ("en", "en"),
        ("en-gb", "en"),
        ("de", "en"),
        ("", "en"),
        ("zhx", "en"),
    ],
)
def test_every_code_has_a_language_of_ours(code, ours):
    assert supported(code) == ours


def test_a_clear_script_never_loads_the_statistics():
    script = (
        "import sys; from support.language import detect;"
        "detect('你好，请问我的充值'); detect('Помогите пожалуйста'); detect('hi');"
        "sys.exit('py3langid' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
