"""Limits hold in every stretch of time, for all processes at once, and without Redis too."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from support import ratelimit, redis
from support.ratelimit import Verdict, client_key, hit, judge, peek

MINUTE = timedelta(minutes=1)
DEAD = "redis://127.0.0.1:1/0"
steps = st.lists(st.tuples(st.integers(0, 40_000), st.integers(1, 3)), max_size=60)


@pytest.fixture(autouse=True)
def _redis_is_asked_again():
    ratelimit._outage.until = 0.0
    yield
    ratelimit._outage.until = 0.0


@pytest.fixture(params=["redis", "alone"])
def key(request):
    """A fresh key, counted by Redis or, in the second turn, by this process alone."""
    if request.param == "redis":
        yield f"test:{uuid4()}"
        return
    with override_settings(REDIS_URL=DEAD):
        yield f"test:{uuid4()}"


def test_as_many_as_the_limit_are_admitted(key):
    verdicts = [hit(key, limit=3, window=MINUTE) for _ in range(5)]
    assert [v.allowed for v in verdicts] == [True, True, True, False, False]
    assert [v.remaining for v in verdicts] == [2, 1, 0, 0, 0]
    assert all(v.retry_after == 0 for v in verdicts[:3])
    assert 50 < verdicts[4].retry_after <= 63
    assert 50 < verdicts[4].reset <= 63


def test_keys_do_not_share_a_count(key):
    assert not [
        v for v in (hit(f"{key}{n}", limit=1, window=MINUTE) for n in range(9)) if not v.allowed
    ]


def test_refused_hits_do_not_lengthen_the_lock(key):
    window = timedelta(milliseconds=400)
    assert hit(key, limit=1, window=window).allowed
    deadline = time.monotonic() + 5
    while not hit(key, limit=1, window=window).allowed:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert 4.4 < deadline - time.monotonic() < 4.7


def test_a_look_counts_nothing(key):
    for _ in range(5):
        assert peek(key, limit=1, window=MINUTE) == Verdict(True, 1, 0, 0)
    hit(key, limit=1, window=MINUTE)
    assert not peek(key, limit=1, window=MINUTE).allowed


def test_a_reset_forgets(key):
    hit(key, limit=1, window=MINUTE)
    ratelimit.reset(key)
    assert hit(key, limit=1, window=MINUTE).allowed


def test_costs_add_up_and_one_too_large_never_fits(key):
    assert hit(key, limit=10, window=MINUTE, cost=7).remaining == 3
    assert not hit(key, limit=10, window=MINUTE, cost=4).allowed
    assert hit(key, limit=10, window=MINUTE, cost=3).allowed
    assert hit(key + "x", limit=10, window=MINUTE, cost=11).retry_after == 60
    assert not hit(key + "y", limit=0, window=MINUTE).allowed


def test_many_at_once_are_counted_exactly(key):
    with ThreadPoolExecutor(8) as pool:
        verdicts = list(pool.map(lambda _: hit(key, limit=50, window=MINUTE), range(200)))
    assert sum(v.allowed for v in verdicts) == 50


@pytest.mark.parametrize("odd", ["", "\x00", "é" * 5000, "\ud800", "a b\r\nFLUSHALL"])
def test_any_text_can_be_a_key(odd):
    assert hit(f"{uuid4()}{odd}", limit=1, window=MINUTE).allowed


def test_redis_keeps_no_address_and_forgets_in_time():
    address = f"203.0.113.{uuid4()}"
    hit(address, limit=1, window=MINUTE)
    assert not redis.client().keys(f"*{address}*")
    assert 0 < redis.client().pttl(ratelimit._hashed(address)) <= 66_001


def test_a_dead_redis_costs_one_wait_and_then_none():
    with override_settings(REDIS_URL=DEAD):
        started = time.monotonic()
        assert [hit("dead", limit=500, window=MINUTE).allowed for _ in range(1000)].count(
            True
        ) == 500
        assert time.monotonic() - started < 5
    ratelimit.reset("dead")


def test_alone_a_process_remembers_a_bounded_number_of_keys():
    with override_settings(REDIS_URL=DEAD):
        for number in range(ratelimit.MOST_KEYS_ALONE + 50):
            hit(f"bound{number}", limit=1, window=MINUTE)
        assert len(ratelimit._alone.keys) == ratelimit.MOST_KEYS_ALONE
        assert not hit(f"bound{number}", limit=1, window=MINUTE).allowed
    ratelimit._alone.keys.clear()


@given(steps, st.integers(1, 8), st.integers(20, 100_000))
def test_no_stretch_of_a_window_holds_more_than_the_limit(moves, limit, span):
    slices, now, admitted = {}, 1_000_000, []
    for wait, cost in moves:
        now += wait
        verdict = judge(slices, now, span=span, limit=limit, cost=cost, keep=True)
        if verdict.allowed:
            admitted.append((now, cost))
        assert len(slices) <= ratelimit.SLICES + 2
        assert sum(c for at, c in admitted if at > now - span) <= limit


@given(steps, st.integers(3, 8), st.integers(20, 100_000))
def test_who_waits_as_told_is_admitted_and_not_before(moves, limit, span):
    slices, now = {}, 1_000_000
    for wait, cost in moves:
        now += wait
        verdict = judge(slices, now, span=span, limit=limit, cost=cost, keep=True)
        if not verdict.allowed:
            later = now + round(verdict.retry_after * 1000)
            ask = {"span": span, "limit": limit, "cost": cost, "keep": False}
            assert not judge(dict(slices), later - 1, **ask).allowed
            assert judge(dict(slices), later, **ask).allowed
            assert verdict.retry_after * 1000 <= span + 2 * (span // ratelimit.SLICES + 1)


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("203.0.113.7", "203.0.113.7"),
        (" 203.0.113.7 ", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("", "unknown"),
        ("203.0.113.7, 10.0.0.1", "unknown"),
        ("x" * 10_000, "unknown"),
    ],
)
def test_a_client_is_an_ipv4_host_or_an_ipv6_network(address, client):
    assert client_key(address) == client
