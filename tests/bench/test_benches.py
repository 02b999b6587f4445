"""Each benchmark runs at its smallest, ends by itself and prints what it promises."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench import corpus
from bench.fill import numbers
from channels.mime import parse_mail
from tickets import reference

ROOT = Path(__file__).resolve().parents[2]
SMALLEST = {
    "spine": ["--mails", "20"],
    "ingest": ["--mails", "20", "--workers", "1"],
    "status": ["--tickets", "200", "--seconds", "0.5", "--rounds", "1"],
    "list": ["--sizes", "100", "400", "--requests", "5"],
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bench")


def _bench(name: str, data: Path) -> dict[str, Any]:
    kept = ("PATH", "HOME", "LANG", "TZ", "USER")
    env = {key: os.environ[key] for key in kept if key in os.environ}
    done = subprocess.run(
        [sys.executable, str(ROOT / "bench" / "run.py"), name, *SMALLEST[name]],
        env={**env, "HARBOUR_DATA": str(data)}, cwd=data, capture_output=True, text=True,
        timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads(done.stdout))


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(SMALLEST))
def test_it_prints_figure_limit_and_ratio(name: str, data: Path) -> None:
    result = _bench(name, data)
    assert result["bench"] == name
    assert result["figure"] > 0
    assert result["limit"] > 0
    assert result["ratio"] > 0
    assert result["corpus"]["seed"] == 1
    assert len(result["load_average"]) == 3
    assert result["versions"]["postgresql"]
    if name == "ingest":
        assert result["correct"] is True
    if name == "spine":
        assert result["correct"]["all"] is True


def test_a_corpus_is_the_same_for_a_seed_and_another_for_another() -> None:
    first, again, other = (corpus.generate(60, seed) for seed in (1, 1, 2))
    assert [mail.raw for mail in first.mails] == [mail.raw for mail in again.mails]
    assert first.facts()["sha256"] != other.facts()["sha256"]


def test_a_corpus_is_what_it_says() -> None:
    made = corpus.generate(200, 1)
    known: dict[str, int] = {}
    for mail in made.mails:
        read = parse_mail(mail.raw)
        assert read.from_email == mail.sender
        if mail.is_reply:
            assert known[read.in_reply_to.strip("<>")] == mail.thread
        known[mail.message_id] = mail.thread
    facts = made.facts()
    assert 40 <= int(str(facts["replies"])) <= 80
    assert 8 <= int(str(facts["pictures"])) <= 35
    assert made.threads == len({mail.sender for mail in made.mails})


def test_numbers_filled_in_are_wellformed() -> None:
    made = numbers(500, 1)
    assert len(set(made)) == 500
    assert all(reference.is_wellformed(number) for number in made)
