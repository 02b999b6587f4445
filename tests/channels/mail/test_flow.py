"""Machines' mail is told from people's, and never answered."""

import pytest

from channels.mail.flow import never_answer
from channels.mime import parse_mail
from tests.channels.mail.letters import letter


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"auto_submitted": "auto-generated"}, "auto-submitted"),
        ({"auto_submitted": "auto-replied"}, "auto-submitted"),
        ({"auto_submitted": "auto-replied (vacation)"}, "out-of-office"),
        ({"x_apple_action": "vacation"}, "out-of-office"),
        ({"subject": "Ann Example is out of the office (returning 5 May)"}, "subject"),
        ({"x_autoreply": "yes"}, "x-autoreply"),
        ({"x_autorespond": "yes"}, "x-autorespond"),
        ({"precedence": "auto_reply"}, "precedence"),
        ({"subject": "Automatic reply: Order 17"}, "subject"),
    ],
)
def test_an_automatic_answer_is_recognised(headers: dict[str, str], reason: str) -> None:
    mail = parse_mail(letter(**headers))
    assert (mail.is_auto, mail.suppress_autoreply, mail.auto_reason) == (True, True, reason)


@pytest.mark.parametrize(
    "subject",
    [
        "Auto: away", "Automatic reply: x", "Autosvar: x", "Automatisk svar: x", "Automatisch antwoord: x",
        "Abwesenheitsnotiz: x", "Automatische Antwort: x", "Risposta automatica: x", "Fuori sede: x",
        "Auto Response: x", "Respuesta automática: x", "Out of Office: x", "Out of the office", "Frånvaro: x",
        "Réponse automatique : x", "Resposta automática: x", "Odpowiedź automatyczna: x",
        "Automatická odpověď: x", "Автоответ: x", "Automaattinen vastaus: x", "Otomatik Yanıt: x",
        "自动回复: x", "自动答复：x", "自動回覆: x", "自動返信: x", "자동 응답: x", "不在通知: x",
    ],
)  # fmt: skip
def test_vacation_subjects_of_many_languages_suppress_the_answer(subject: str) -> None:
    assert parse_mail(letter(subject=subject)).suppress_autoreply


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic door broken", "My automatic reply does not work", "On holiday and lost my card",
        "关于自动回复的设置", "休假期间能否登录", "Poissa tilistä", "Frånvarande vara saknas", "Re: order",
        "The out of office form is broken", "Printer is out of paper", "Absence of refund",
    ],
)  # fmt: skip
def test_people_writing_about_such_things_are_answered(subject: str) -> None:
    mail = parse_mail(letter(subject=subject))
    assert not mail.suppress_autoreply
    assert mail.auto_reason == ""


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"precedence": "bulk"}, "precedence"),
        ({"precedence": "list"}, "list"),
        ({"x_auto_response_suppress": "All"}, "auto-response-suppress"),
        ({"x_auto_response_suppress": "DR, AutoReply"}, "auto-response-suppress"),
        ({"list_unsubscribe": "<https://example.com/u>"}, "list"),
        ({"list_id": "<l.example.com>"}, "list"),
        ({"x_loop": "yes"}, "x-loop"),
        ({"return_path": "<>"}, "null-return-path"),
        ({"from": "No Reply <no-reply@example.com>"}, "never-answer"),
        ({"subject": "complaint about message from 192.0.2.1"}, "complaint"),
    ],
)
def test_some_mails_are_only_not_to_be_answered(headers: dict[str, str], reason: str) -> None:
    mail = parse_mail(letter(**headers))
    assert (mail.is_auto, mail.suppress_autoreply, mail.auto_reason) == (False, True, reason)


def test_an_exchange_rule_with_suppress_all_is_out_of_office() -> None:
    mail = parse_mail(
        letter(x_auto_response_suppress="All", x_ms_exchange_inbox_rules_loop="ann@example.com")
    )
    assert mail.is_out_of_office


@pytest.mark.parametrize("value", ["no", "No", "no (really)"])
def test_auto_submitted_no_is_a_persons_mail(value: str) -> None:
    assert not parse_mail(letter(auto_submitted=value)).suppress_autoreply


@pytest.mark.parametrize(
    "local",
    [
        "mailer-daemon", "MAILER-DAEMON", "postmaster", "abuse", "root", "noreply", "no-reply", "no_reply",
        "donotreply", "do-not-reply", "noreply+17", "orders-noreply", "bounce", "bounces", "bounces+17-x=example.com",
        "list-bounces", "owner-list", "list-owner", "list-request", "majordomo", "nobody",
    ],
)  # fmt: skip
def test_machines_addresses_are_never_answered(local: str) -> None:
    assert never_answer(f"{local}@example.com")


@pytest.mark.parametrize("address", ["", "<>", "nothing", "@example.com"])
def test_what_is_no_address_is_never_answered(address: str) -> None:
    assert never_answer(address)


@pytest.mark.parametrize("local", ["ann", "rooted", "abused", "replyguy", "bouncer.bob", "owner"])
def test_people_are_answered(local: str) -> None:
    assert not never_answer(f"{local}@example.com")


def test_our_own_loop_marks_are_told() -> None:
    mail = parse_mail(letter(x_harbour_loop="support@example.org", x_loop="desk"))
    assert mail.loop_headers == ("desk", "support@example.org")


def test_authentication_results_are_told_in_order() -> None:
    raw = (
        b"Authentication-Results: mx.example.org; dmarc=pass\r\nAuthentication-Results: evil; dmarc=fail\r\n"
        + letter()
    )
    assert parse_mail(raw).auth_results == ("mx.example.org; dmarc=pass", "evil; dmarc=fail")
