"""References are made unguessable, read as people write them, and found in free text."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import damm

from tickets import reference

KNOWN = "4829137304562"
references = st.builds(lambda _: reference.new(), st.integers())
twelve = st.text("0123456789", min_size=12, max_size=12)


def test_a_new_reference_has_thirteen_digits_and_holds():
    made = {reference.new() for _ in range(5000)}
    assert len(made) == 5000
    assert all(reference.is_wellformed(one) for one in made)


def test_a_new_reference_is_never_mistaken_for_another_kind_of_number():
    made = [reference.new() for _ in range(5000)]
    assert not any(r.startswith(("0", "8613", "15", "17", "19", "978", "979")) for r in made)


def test_display_groups_by_four():
    assert reference.display(KNOWN) == "4829-1373-0456-2"


@pytest.mark.parametrize(
    "typed",
    [
        "4829137304562",
        "4829-1373-0456-2",
        " 4829 1373 0456 2 ",
        "#4829-1373-0456-2",
        "№ 4829-1373-0456-2",
        "４８２９－１３７３－０４５６－２",
        "4829–1373—0456‑2",
        "4829 − 1373 − 0456 − 2",
        "4829ー1373ー0456ー2",
        "4829.1373.0456.2",
        "4829_1373_0456_2",
        "4 8 2 9 1 3 7 3 0 4 5 6 2",
        "\u200b4829-1373-0456-2\ufeff",
        "4829\u00a01373\u30000456\u20092",
        "٤٨٢٩-١٣٧٣-٠٤٥٦-٢",
        "4829-1373-\n0456-2",
    ],
)
def test_typed_references_are_read(typed):
    assert reference.normalise(typed) == KNOWN


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "#",
        "hello",
        "482913730456",
        "48291373045625",
        "4829-1373-0456-7",
        "4829-1373-0456-x",
        "-4829",
        "4829137304562 4829137304562",
        "4829137304562; --",
        "②829137304565",
        "4" * 5000,
        " " * 81 + KNOWN,
        "\x00" + KNOWN,
    ],
)
def test_what_is_no_reference_is_refused(typed):
    assert reference.normalise(typed) is None


@given(references)
def test_display_and_normalise_are_each_others_mirror(one):
    assert reference.normalise(reference.display(one)) == one


@given(references, st.integers(0, 12), st.integers(1, 9))
def test_any_single_wrong_digit_is_caught(one, place, step):
    wrong = str((int(one[place]) + step) % 10)
    assert not reference.is_wellformed(one[:place] + wrong + one[place + 1 :])


@given(references, st.integers(0, 11))
def test_any_two_swapped_neighbours_are_caught(one, place):
    swapped = one[:place] + one[place + 1] + one[place] + one[place + 2 :]
    assert swapped == one or not reference.is_wellformed(swapped)


@given(st.text())
def test_reading_never_raises_and_returns_only_what_holds(text):
    read = reference.normalise(text)
    assert read is None or reference.is_wellformed(read)
    assert all(reference.is_wellformed(one) for one in reference.find_all(text))


@pytest.mark.parametrize(
    "text",
    [
        "Re: [4829-1373-0456-2] Where is my deposit?",
        "Re: [Harbour #4829-1373-0456-2] hello",
        "工单编号4829-1373-0456-2的进度如何？",
        "工单编号：４８２９－１３７３－０４５６－２，谢谢",
        "my number is 4829 1373 0456 2.",
        "ref4829137304562",
        "Ref.4829137304562, thanks",
        "No. 4829137304562",
        "https://support.example.com/status/4829137304562?lang=en",
        "on 22 4829-1373-0456-2 was opened",
        "4829-1373-0456-2 4829-1373-0456-2",
        "(4829-1373-0456-2)(4829-1373-0456-2)",
        "4829-1373-0456-2. 2 more things",
        "*4829-1373-0456-2*",
        "_4829137304562_",
        "ticket-4829137304562",
        "4829\u200b-1373-0456-2",
        "on 2026-11-22 4829137304562 said",
    ],
)
def test_a_reference_is_found_in_free_text(text):
    assert reference.find_all(text) == [KNOWN]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "48291373045620",
        "14829137304562",
        "4829137304562123",
        "4829-1373-0456-2-1",
        "4829 1373 0456 2123",
        "12-4829137304562",
        "+4829137304562",
        "0x4829137304562",
        "a9f4829137304562",
        "4829137304562ab",
        "4829137304562.50",
        "3.4829137304562",
        "1,4829137304562",
        "4829137304562/3",
        "4829-1373-0456-7",
    ],
)
def test_parts_of_other_numbers_are_left_alone(text):
    assert reference.find_all(text) == []


def test_phones_clocks_and_book_numbers_are_left_alone_even_when_their_check_digit_holds():
    for start in ("861380013800", "176377654321", "978030640615", "004912345678"):
        assert reference.find_all("call " + start + damm.calc_check_digit(start)) == []


def test_two_references_are_found_in_order_and_once_each():
    one, two = reference.new(), reference.new()
    text = f"{reference.display(two)}, {one} and again {reference.display(two)}"
    assert reference.find_all(text) == [two, one]


@given(
    references,
    st.text(st.characters(categories=["Lo", "Po"], exclude_characters=".,:/+"), max_size=9),
)
def test_a_reference_is_found_between_any_words_and_marks(one, around):
    assert reference.find_all(around + reference.display(one) + around) == [one]


@pytest.mark.parametrize(
    "hostile", ["1-", "1 ", "4829-1373-0456-", "1" * 7 + " ", "- ", "a1", "\u200b1"]
)
def test_searching_takes_linear_time(hostile):
    text = hostile * (400_000 // len(hostile))
    started = time.perf_counter()
    assert reference.find_all(text) == []
    assert time.perf_counter() - started < 3
