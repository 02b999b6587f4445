"""Seed phrases and keys are taken out however they are dressed; what support is about stays."""

import hashlib
import random
import re
import time
import unicodedata
from importlib.resources import files

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from support.html import html_to_text
from support.secrets_guard import redact
from tests.counting import LINEAR, growth

LANGUAGES = sorted(
    f.name.removesuffix(".txt") for f in files("mnemonic").joinpath("wordlist").iterdir()
)
WORDS = {
    name: files("mnemonic").joinpath(f"wordlist/{name}.txt").read_text("utf-8").split()
    for name in LANGUAGES
}
CYRILLIC = str.maketrans("aeopcyx", "аеорсух")
FULL_WIDTH = str.maketrans({chr(n): chr(n + 0xFEE0) for n in range(0x21, 0x7F)} | {" ": "\u3000"})

DISGUISES = {
    "plain": " ".join,
    "upper case": lambda w: " ".join(w).upper(),
    "numbered lines": lambda w: "\n".join(f"{n}. {x}" for n, x in enumerate(w, 1)),
    "labelled": lambda w: "\n".join(f"Word {n}: {x}" for n, x in enumerate(w, 1)),
    "labelled in Chinese": lambda w: "\n".join(f"第{n}个：{x}" for n, x in enumerate(w, 1)),
    "a line each": lambda w: "\r\n".join(w),
    "commas": ", ".join,
    "Chinese commas": "、".join,
    "bars": "|".join,
    "no-break spaces": "\u00a0".join,
    "hidden signs inside": lambda w: " ".join(x[:1] + "\u200b" + x[1:] for x in w),
    "hidden signs between": "\u200b".join,
    "look-alikes": lambda w: " ".join(w).translate(CYRILLIC),
    "full width": lambda w: " ".join(w).translate(FULL_WIDTH),
    "a list": lambda w: str(list(w)),
    "a sentence": lambda w: ", ".join(w[:-1]) + " and " + w[-1],
    "quoted": lambda w: "\n".join("> " + x for x in w),
    "tags": lambda w: html_to_text("".join(f"<b>{x[:2]}</b><i>{x[2:]}</i> " for x in w)),
    "a table": lambda w: html_to_text(
        "<table>" + "".join(f"<tr><td>{n}<td>{x}" for n, x in enumerate(w)) + "</table>"
    ),
    "composed": lambda w: unicodedata.normalize("NFC", " ".join(w)),
}
SURROUNDINGS = (
    "{}",
    "Hello, I can not open my wallet.\n{}\nThank you",
    "my seed phrase is {} please restore",
    "Here: {}. It stopped since the update of the app",
)


def phrase(language: str, bits: int, dice: random.Random) -> list[str]:
    """A phrase as BIP-39 makes it: entropy, then the first bits of its SHA-256."""
    entropy = dice.randbytes(bits // 8)
    sign = f"{int.from_bytes(hashlib.sha256(entropy).digest()):0256b}"[: bits // 32]
    text = f"{int.from_bytes(entropy):0{bits}b}" + sign
    return [WORDS[language][int(text[n : n + 11], 2)] for n in range(0, len(text), 11)]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_phrase_is_found_in_every_dress(language, disguise):
    dice = random.Random(f"{language}{disguise}")
    for bits in (128, 160, 192, 224, 256):
        words = phrase(language, bits, dice)
        for around in SURROUNDINGS:
            left, kinds = redact(around.replace("{}", DISGUISES[disguise](words)))
            assert "seed phrase" in kinds, left
            assert _remaining(words, left) <= 2, left


def _remaining(words: list[str], left: str) -> int:
    plain = unicodedata.normalize("NFKD", left.replace("seed phrase", "")).lower()
    return sum(
        len(w) > 3 and bool(re.search(rf"(?<!\w){re.escape(w)}(?!\w)", plain)) for w in words
    )


@pytest.mark.parametrize(
    "text",
    [
        "legal winner thank year wave sausage worth useful legal winner thank yellow",
        "abandon " * 11 + "about",
        "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong",
        "letter advice cage absurd amount doctor acoustic avoid letter advice cage above",
        "my seed phrase: legal winner thank year wave sausgae worth useful legal winner thank yellow",
        "recovery phrase legal winner thank year wave sausage worth useful legal winner thank",
        "助记词：" + "".join(phrase("chinese_simplified", 128, random.Random(3))),
        "我的助记词是" + "".join(phrase("chinese_simplified", 256, random.Random(4))) + "，请帮忙",
        "Two: abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about\n\n"
        "and legal winner thank year wave sausage worth useful legal winner thank yellow",
    ],
)
def test_known_phrases_slips_and_signs_without_blanks_are_found(text):
    left, kinds = redact(text)
    assert set(kinds) == {"seed phrase"}
    assert not re.search("winner|abandon|zoo|doctor", left)


def test_what_is_said_around_a_phrase_stays():
    words = " ".join(phrase("english", 128, random.Random(1)))
    assert redact(f"Dear support,\n{words}\nregards, Ann") == (
        "Dear support,\n[removed: seed phrase]\nregards, Ann",
        ["seed phrase"],
    )


HEX = hashlib.sha256(b"a key of these tests").hexdigest()
WIF = "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ"
XPRV = "xprv9s21ZrQH143K" + "3" * 95


@pytest.mark.parametrize(
    "text",
    [
        f"private key: {HEX}",
        f"Private-Key = 0x{HEX}",
        f"PRIVATE_KEY={HEX.upper()}",
        f"my privkey {HEX}",
        f"私钥：{HEX}",
        f"私鑰 0x{HEX}",
        f"我的密钥是 {HEX}",
        f"приватный ключ: {HEX}",
        f"clave privada: {HEX}",
        f"秘密鍵：{HEX}",
        f"{HEX} is my private key",
        f"0x{HEX}\n(private key)",
        "private key: " + " ".join(HEX[n : n + 8] for n in range(0, 64, 8)),
        "private key: " + f"{HEX}".translate(FULL_WIDTH),
        "private key: " + HEX[:32] + "\n" + HEX[32:],
        "private key: " + HEX[:10] + "\u200b" + HEX[10:],
        f'{{"privateKey": "{HEX}"}}',
        WIF,
        f"here it is {WIF}, thanks",
        XPRV,
        XPRV.replace("xprv", "zprv"),
        XPRV.replace("xprv", "tprv"),
        "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQ==\n-----END PRIVATE KEY-----",
        "-----BEGIN EC PRIVATE KEY-----\nMIIEvQIBADANBg",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1\n-----END OPENSSH PRIVATE KEY-----",
        "-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: 1\n\nlQOYBF=\n-----END PGP PRIVATE KEY BLOCK-----",
        "[" + ", ".join(str(n) for n in range(64)) + "]",
        "secret key " + "4kXyZ" * 17 + "abc",
        f'{{"crypto": {{"kdf": "scrypt", "ciphertext": "{HEX}"}}}}',
    ],
)
def test_a_private_key_is_taken_out(text):
    left, kinds = redact(text)
    assert kinds == ["private key"]
    assert not re.search(
        r"[0-9a-f]{16}|MII|b3Blbn|lQOY|5Hue|143K|10, 11|4kXyZ",
        unicodedata.normalize("NFKC", left).lower(),
    )


@pytest.mark.parametrize(
    "text",
    [
        "api secret: a1b2c3d4e5f6a7b8c9",
        'apiSecret = "Zm9vYmFyMTIzNDU2Nzg5"',
        "secret access key: wJalrXUtnFEMI/K7MDENG",
    ],
)
def test_an_api_secret_is_taken_out(text):
    assert redact(text)[1] in (["API secret"], ["private key"])
    assert "[removed: " in redact(text)[0]


@pytest.mark.parametrize(
    "text",
    [
        f"0x{HEX}",
        f"txid {HEX}",
        f"交易哈希：0x{HEX}",
        f"https://explorer.example/tx/0x{HEX}",
        f"My transaction hash is {HEX}, I never shared my private key.",
        f"Is it safe to send you my private key? The transaction: {HEX}",
        "0x" + HEX[:40],
        "bc1q" + "q" * 38,
        "1BoatSLRHtKNngkdXEeobR76b53LETtpyT",
        "What is a seed phrase and why will you never ask for it?",
        "请问什么是助记词？我没有把助记词告诉过任何人，请放心。",
        "助记词丢失了怎么办，我还能找回我的账户吗？",
        "Never share your private key or recovery phrase with anyone who asks.",
        "重 要 通 知 请 各 位 用 户 注 意 查 收",
        "4829-1373-0456-2",
        "-----BEGIN CERTIFICATE-----\nMIIEvQIBADANBg\n-----END CERTIFICATE-----",
        "-----BEGIN PUBLIC KEY-----\nMIIEvQ\n-----END PUBLIC KEY-----",
        "5" + "A" * 50,
        "",
        "[1, 2, 3]",
        "api secret: please tell me where to find it",
        "OBJECT " * 200,
        "1. open 2. open 3. open 4. open 5. open 6. open 7. open 8. open 9. open 10. open 11. open 12. open",
    ],
)
def test_what_support_is_about_stays(text):
    assert redact(text) == (text, [])


def test_a_thousand_transaction_hashes_and_addresses_stay():
    for number in range(1000):
        digest = hashlib.sha256(str(number).encode()).hexdigest()
        text = f"Deposit {number} USDT from 0x{digest[:40]} tx 0x{digest} not credited. Hash: {digest.upper()}"
        assert redact(text) == (text, [])


def test_ordinary_words_in_any_order_stay():
    """Prose made by lot of common English words, a third of which are in the list."""
    listed = [w for w in WORDS["english"] if len(w) < 6][:300]
    common = re.findall(
        r"\w+",
        "the of and to a in is it for on with as at by an be or if we I was are from but not has so no",
    )
    dice = random.Random(11)
    hits = sum(
        bool(
            redact(
                " ".join(
                    dice.choice(listed if dice.random() < 0.33 else common) for _ in range(150)
                )
            )[1]
        )
        for _ in range(3000)
    )
    assert hits == 0


@given(st.text())
@example("\u200b" * 50)
@example("seed " * 30)
@example("\u200b0x" + HEX)
def test_any_text_is_taken_and_without_findings_unchanged(text):
    left, kinds = redact(text)
    assert kinds or left == text


@given(st.text(max_size=50), st.text(max_size=50))
def test_a_phrase_is_found_between_any_texts(before, after):
    words = " ".join(phrase("english", 256, random.Random(2)))
    assert "seed phrase" in redact(f"{before}\n{words}\n{after}")[1]


UNITS = [
    "abandon ",
    "1. abandon ",
    "的 ",
    "的一是在",
    "private key ",
    "private key " + "a " * 70 + "g",
    "-----BEGIN PRIVATE KEY-----",
    "[1,",
    "x\u200b",
    "a\u0301",
    "api secret: a1",
    "seed abandon ",
]


@pytest.mark.parametrize("unit", UNITS)
def test_length_costs_no_more_than_its_share(unit):
    assert growth(redact, unit) < LINEAR


@pytest.mark.parametrize("unit", UNITS)
def test_200_kilobytes_of_any_sign_are_searched_soon(unit):
    """What a pattern does inside is not counted, but to go over the text again and again shows."""
    text = (unit * 200_000)[:200_000]
    started = time.process_time()
    redact(text)
    assert time.process_time() - started < 5  # about 0.5
