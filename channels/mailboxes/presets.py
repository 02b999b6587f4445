"""What we know of the providers that companies use: servers, ways to sign in, peculiarities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, kw_only=True)
class Preset:
    """``hint`` says what to do at the provider first, ``refusal`` why it may not let us in."""

    name: str
    label: str | Promise
    hint: str | Promise
    values: dict[str, Any]
    refusal: str | Promise = ""


_TENCENT = _("Tencent wants a password for mail programs, made in its web mail's settings.")
_NETEASE = _("NetEase wants an authorisation password, made in its web mail's settings.")
_ALIYUN = _("Aliyun wants a security password for mail programs, made in its web mail's settings.")
_GOOGLE = _("Google takes no account password here: sign in with Google, or make an app password.")
_MICROSOFT = _("Microsoft takes no passwords here: sign in with Microsoft.")


def _servers(imap: str, smtp: str, port: int, security: str, **values: Any) -> dict[str, Any]:
    return {
        "imap_host": imap,
        "imap_port": 993,
        "imap_security": "ssl",
        "smtp_host": smtp,
        "smtp_port": port,
        "smtp_security": security,
        "sign_in": "password",
        **values,
    }


def presets() -> dict[str, Preset]:
    """By name, in the order in which people are asked."""
    found = [*_worldwide(), *_china(), *_plain()]
    return {preset.name: preset for preset in found}


def of_host(host: str) -> Preset | None:
    """The provider whose server this is."""
    return next((p for p in presets().values() if host and p.values["imap_host"] == host), None)


def _worldwide() -> list[Preset]:
    in_china = settings.HARBOUR_MICROSOFT_MAIL.endswith(".cn")
    imap = "partner.outlook.cn" if in_china else "outlook.office365.com"
    smtp = "smtp.partner.outlook.cn" if in_china else "smtp.office365.com"
    return [
        Preset(
            name="google",
            label="Google",
            hint=_("Save, then sign in with Google as this mailbox."),
            refusal=_GOOGLE,
            values=_servers("imap.gmail.com", "smtp.gmail.com", 587, "starttls", sign_in="google"),
        ),
        Preset(
            name="microsoft",
            label="Microsoft 365",
            hint=_("Save, then sign in with Microsoft as this mailbox."),
            refusal=_MICROSOFT,
            values=_servers(imap, smtp, 587, "starttls", sign_in="microsoft"),
        ),
    ]


def _china() -> list[Preset]:
    plain = {"plus_addressing": False}
    return [
        Preset(
            name="exmail",
            label=_("Tencent Exmail"),
            hint=_TENCENT,
            refusal=_TENCENT,
            values=_servers("imap.exmail.qq.com", "smtp.exmail.qq.com", 465, "ssl", **plain),
        ),
        Preset(
            name="netease",
            label=_("NetEase enterprise mail (163)"),
            hint=_NETEASE,
            refusal=_NETEASE,
            values=_servers("imap.qiye.163.com", "smtp.qiye.163.com", 465, "ssl", **plain),
        ),
        Preset(
            name="aliyun",
            label=_("Aliyun enterprise mail"),
            hint=_ALIYUN,
            refusal=_ALIYUN,
            values=_servers("imap.qiye.aliyun.com", "smtp.qiye.aliyun.com", 465, "ssl", **plain),
        ),
    ]


def _plain() -> list[Preset]:
    return [
        Preset(
            name="imap",
            label=_("Another mail server (IMAP and SMTP)"),
            hint=_("Your mail provider tells the names of its servers."),
            values=_servers("", "", 587, "starttls"),
        ),
        Preset(
            name="door",
            label=_("Mail is handed to us (mail door or webhook)"),
            hint=_("Nothing is fetched; point your mail server or provider at Harbour."),
            values=_servers("", "", 587, "starttls"),
        ),
    ]
