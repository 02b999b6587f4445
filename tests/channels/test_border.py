from __future__ import annotations

from typing import Any

import pytest

from channels import border
from channels.mime import parse_mail
from tests.factories import raw_mail

OURS, ANN = "mx.example.com", "ann@example.org"


@pytest.fixture(autouse=True)
def _border(settings: Any) -> None:
    settings.HARBOUR_AUTHSERV_ID = OURS


def mail_with(*verdicts: str, sender: str = f"Ann <{ANN}>") -> Any:
    head = "".join(f"Authentication-Results: {verdict}\r\n" for verdict in verdicts)
    return parse_mail(head.encode() + raw_mail(From=sender))


@pytest.mark.parametrize(
    "verdicts",
    [
        ["mx.example.com; dmarc=pass"],
        ["MX.example.com; spf=fail; DMARC=Pass header.from=example.org"],
        ["mx.example.com 1; dmarc/1=pass (p=none) header.from=example.org"],
        ["mx.example.com; dkim=pass", "mx.example.com; dmarc=pass", "else.example; dmarc=fail"],
    ],
)
def test_our_own_word_counts(verdicts: list[str]) -> None:
    assert border.vouches_for(mail_with(*verdicts), ANN)


FORGED = [
    "mx.example.com; dmarc=pass",
    "mx.example.com; dmarc=pass header.from=example.org",
    "evil.example; dmarc=pass",
    "mx.example.com.evil.example; dmarc=pass",
    "amx.example.com; dmarc=pass",
]
TRUE = ["mx.example.com; dmarc=fail header.from=example.org", "mx.example.com; dmarc=none"]


@pytest.mark.parametrize("true", TRUE)
@pytest.mark.parametrize("forged", FORGED)
def test_no_forged_word_outweighs_ours_above_or_below_it(true: str, forged: str) -> None:
    for verdicts in ([true, forged], [forged, true], [forged, true, forged]):
        assert not border.vouches_for(mail_with(*verdicts), ANN)


@pytest.mark.parametrize(
    "verdict",
    [
        'mx.example.com; spf=none smtp.mailfrom="; dmarc=pass "@evil.example; dmarc=fail',
        'mx.example.com; spf=none smtp.mailfrom="; dmarc=pass ;"@evil.example',
        "mx.example.com; spf=none (; dmarc=pass (; dmarc=pass); dmarc=pass)",
        "mx.example.com; dmarc=pass header.from=evil.example",
        "mx.example.com; x-dmarc=pass",
        "mx.example.com; dmarc=passing",
        "mx.example.com; spf=none (" + "x" * 5000 + "; dmarc=pass)",
        "mx.example.com; spf=none (; dmarc=pass",
        "(mx.example.com) else.example; dmarc=pass",
        "mx.example.com",
        "; dmarc=pass",
    ],
)
def test_what_only_looks_like_a_pass_is_none(verdict: str) -> None:
    assert not border.vouches_for(mail_with(verdict), ANN)


def test_a_pass_of_one_domain_vouches_for_no_other_from() -> None:
    both = mail_with("mx.example.com; dmarc=pass", sender=f"Eve <eve@evil.example>, <{ANN}>")
    assert not border.vouches_for(both, ANN)
    original = parse_mail(
        b"Authentication-Results: mx.example.com; dmarc=pass\r\n"
        + raw_mail(From="eve@evil.example", X_Original_From=ANN, Reply_To=ANN)
    )
    assert original.from_email == ANN
    assert not border.vouches_for(original, ANN)


def test_without_a_border_of_our_own_a_pass_is_worth_nothing(settings: Any) -> None:
    settings.HARBOUR_AUTHSERV_ID = ""
    assert not border.vouches_for(mail_with("mx.example.com; dmarc=pass", "; dmarc=pass"), ANN)


def test_a_broken_signature_is_told_where_the_border_looks_at_them() -> None:
    assert border.signed(mail_with("mx.example.com; dmarc=pass"))
    assert border.signed(mail_with("mx.example.com; dkim=fail; dkim=pass header.d=example.org"))
    assert not border.signed(mail_with("mx.example.com; dkim=fail; dmarc=pass"))
