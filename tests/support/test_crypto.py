"""Tokens and marks hold against every change of a bit, a letter or a purpose; secrets stay sealed."""

import string
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import models
from django.test import override_settings
from hypothesis import assume, given
from hypothesis import strategies as st

from support import crypto

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
PAYLOAD: crypto.Payload = {"ticket": 42, "contact": 7, "email": "ann@example.com"}
payloads = st.dictionaries(st.text(max_size=20), st.text(max_size=40) | st.integers(), max_size=5)
purposes = st.text(max_size=30)
OLD_KEY, NEW_KEY = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@given(purposes, payloads)
def test_what_was_signed_is_read_back(purpose, payload):
    token = crypto.sign(purpose, payload, max_age=HOUR, now=NOW)
    assert crypto.verify(purpose, token, now=NOW) == payload
    assert set(token) <= set(string.ascii_letters + string.digits + "-_.")


@given(purposes, purposes, payloads)
def test_a_token_serves_one_purpose(one, other, payload):
    assume(one != other)
    token = crypto.sign(one, payload, max_age=HOUR, now=NOW)
    with pytest.raises(crypto.BadToken):
        crypto.verify(other, token, now=NOW)


def test_a_token_ends_on_the_second():
    token = crypto.sign("status", PAYLOAD, max_age=HOUR, now=NOW)
    assert crypto.verify("status", token, now=NOW + HOUR - timedelta(seconds=1)) == PAYLOAD
    with pytest.raises(crypto.ExpiredToken):
        crypto.verify("status", token, now=NOW + HOUR)


def test_the_clock_is_the_machines_when_none_is_given():
    assert crypto.verify("status", crypto.sign("status", PAYLOAD, max_age=HOUR)) == PAYLOAD


@pytest.mark.parametrize(
    "age", [timedelta(0), timedelta(seconds=-1), timedelta(days=30, seconds=1)]
)
def test_no_token_lives_longer_than_thirty_days(age):
    with pytest.raises(ValueError, match="at most 30 days"):
        crypto.sign("status", PAYLOAD, max_age=age)


def test_no_flipped_bit_is_accepted():
    token = crypto.sign("status", PAYLOAD, max_age=HOUR, now=NOW)
    flips = [(place, bit) for place in range(len(token)) for bit in range(8)]
    assert not [f for f in flips if _accepted(_flipped(token, *f))]


def test_no_changed_case_is_accepted():
    token = crypto.sign("status", PAYLOAD, max_age=HOUR, now=NOW)
    changed = {token[:n] + token[n].swapcase() + token[n + 1 :] for n in range(len(token))}
    changed |= {token.lower(), token.upper(), token.swapcase()}
    assert not [one for one in changed - {token} if _accepted(one)]


@pytest.mark.parametrize(
    "token",
    ["", ".", "..", "a.b", "=" * 40, "é.ü", "\x00", "." * 5000, "a" * 5000, "e30.e30", "\ud800.x"],
)
def test_what_is_no_token_is_refused(token):
    assert not _accepted(token)


@given(st.text(max_size=200))
def test_no_text_makes_verification_fail_otherwise(text):
    assert not _accepted(text)


def test_truncated_lengthened_and_mixed_tokens_are_refused():
    one = crypto.sign("status", PAYLOAD, max_age=HOUR, now=NOW)
    two = crypto.sign("status", {"ticket": 43}, max_age=HOUR, now=NOW)
    mixed = one.split(".")[0] + "." + two.split(".")[1]
    assert not any(_accepted(bad) for bad in (one[:-1], one + "A", one + "=", " " + one, mixed))


def test_a_retired_key_still_opens_until_it_is_removed():
    with override_settings(SECRET_KEY="old-key"):
        token = crypto.sign("status", PAYLOAD, max_age=HOUR)
        mark = crypto.short_mac("reply", "42")
    with override_settings(SECRET_KEY="new-key", SECRET_KEY_FALLBACKS=["old-key"]):
        assert crypto.verify("status", token) == PAYLOAD
        assert crypto.is_our_mac(mark, "reply", "42")
    with override_settings(SECRET_KEY="new-key", SECRET_KEY_FALLBACKS=[]):
        assert not _accepted(token)
        assert not crypto.is_our_mac(mark, "reply", "42")


def test_a_mark_fits_an_address():
    mark = crypto.short_mac("reply", "4829137304562", "7")
    assert len(mark) == 26
    assert set(mark) <= set("abcdefghijklmnopqrstuvwxyz234567")
    assert len(crypto.short_mac("message-id", "42", bits=80)) == 16


@given(purposes, st.lists(st.text(max_size=20), max_size=4))
def test_a_mark_is_recognised_in_any_case(purpose, parts):
    mark = crypto.short_mac(purpose, *parts)
    assert crypto.is_our_mac(mark, purpose, *parts)
    assert crypto.is_our_mac(mark.upper(), purpose, *parts)


@given(
    st.lists(st.text('ab,"[', max_size=4), max_size=4),
    st.lists(st.text('ab,"[', max_size=4), max_size=4),
)
def test_parts_cannot_run_together(one, other):
    assert (crypto.short_mac("reply", *one) == crypto.short_mac("reply", *other)) == (one == other)


def test_no_flipped_bit_of_a_mark_is_accepted():
    mark = crypto.short_mac("reply", "42")
    flips = [(place, bit) for place in range(len(mark)) for bit in range(8) if bit != 5]
    assert not [f for f in flips if crypto.is_our_mac(_flipped(mark, *f), "reply", "42")]


@pytest.mark.parametrize("mark", ["", "a", "\u212a" * 26, "é", "\ud800"])
def test_what_is_no_mark_is_refused(mark):
    assert not crypto.is_our_mac(mark, "reply", "42")


@pytest.mark.parametrize("bits", [0, 56, 65, 264])
def test_a_mark_is_never_weaker_than_64_bits(bits):
    with pytest.raises(ValueError, match="64 to 256"):
        crypto.short_mac("reply", "42", bits=bits)


@override_settings(HARBOUR_KEYS=[NEW_KEY])
def test_sealed_values_are_opened_and_differ_each_time():
    secret = {"bot_token": "123:abc", "名": ["值", 1, None]}
    assert crypto.unseal(crypto.seal(secret)) == secret
    assert crypto.seal(secret) != crypto.seal(secret)
    assert "123:abc" not in crypto.seal(secret)


def test_keys_rotate():
    with override_settings(HARBOUR_KEYS=[OLD_KEY]):
        sealed = crypto.seal({"a": 1})
    with override_settings(HARBOUR_KEYS=[NEW_KEY, OLD_KEY]):
        assert crypto.unseal(sealed) == {"a": 1}
        renewed = crypto.seal(crypto.unseal(sealed))
    with override_settings(HARBOUR_KEYS=[NEW_KEY]):
        assert crypto.unseal(renewed) == {"a": 1}
        with pytest.raises(crypto.Undecipherable):
            crypto.unseal(sealed)


@pytest.mark.parametrize("keys", [[], ["short"], ["é" * 44], [NEW_KEY, "x" * 44]])
def test_wrong_keys_are_explained(keys):
    with override_settings(HARBOUR_KEYS=keys), pytest.raises(ImproperlyConfigured, match="Fernet"):
        crypto.seal({})


@override_settings(HARBOUR_KEYS=[NEW_KEY])
def test_the_field_hands_the_database_nothing_but_sealed_text():
    field = crypto.EncryptedJSONField(default=dict)
    sealed = field.get_prep_value({"token": "s3cret"})
    assert sealed.startswith("gAAAA")
    assert field.from_db_value(sealed, None, None) == {"token": "s3cret"}
    assert field.to_python(sealed) == field.to_python({"token": "s3cret"}) == {"token": "s3cret"}
    assert field.get_prep_value(None) is field.from_db_value(None, None, None) is None


def test_the_field_keeps_out_of_forms_and_fixtures():
    class Sealed(models.Model):
        secret = crypto.EncryptedJSONField(default=dict)

        class Meta:
            app_label = "support"
            managed = False

    field = Sealed._meta.get_field("secret")
    assert not field.editable
    assert field.deconstruct()[1] == "support.crypto.EncryptedJSONField"
    with override_settings(HARBOUR_KEYS=[NEW_KEY]):
        assert "s3cret" not in field.value_to_string(Sealed(secret={"token": "s3cret"}))
    with pytest.raises(FieldError):
        str(Sealed.objects.filter(secret={"token": "s3cret"}).query)
    assert "IS NULL" in str(Sealed.objects.filter(secret__isnull=True).query)


def _flipped(text, place, bit):
    return text[:place] + chr(ord(text[place]) ^ (1 << bit)) + text[place + 1 :]


def _accepted(token):
    try:
        crypto.verify("status", token, now=NOW)
    except crypto.BadToken:
        return False
    return True
