"""The telephone by Twilio: a menu, the state of a request, voicemail, and a person when it burns.

https://www.twilio.com/docs/voice/twiml (read November 2026). A call cannot be answered in writing:
agents ring back, or write in another channel of the same person.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from channels.base import (
    Adapter,
    Media,
    OutboundMessage,
    Outcome,
    Polled,
    RawCall,
    Reply,
    Result,
    Unreadable,
    WebhookCall,
    secret,
    setting,
)
from channels.capabilities import Capabilities
from channels.happenings import Inbound
from channels.twilio import calls, forms
from channels.twilio.api import HOST, Api
from channels.twilio.menu import Menu
from support import http, ratelimit

#: Wrong numbers from one telephone in a quarter of an hour, after which none is looked up.
_MOST_WRONG, _WITHIN = 5, timedelta(minutes=15)
_CHINESE = ("+86", "+852", "+853", "+886")
_MOST_PAGES = 50


@dataclass(frozen=True, kw_only=True)
class Voice(Adapter):
    kind = "voice"
    label = gettext_noop("Phone")
    capabilities = Capabilities(answer_within=timedelta(seconds=15))

    steps = (
        _("In Twilio's console copy the Account SID and the Auth Token of the (sub)account."),
        _("Buy a number that takes calls, and enter it here."),
        _("We then tell Twilio our address {webhook} when you test the connection."),
        _("Enter the number of a person on duty, if callers in an emergency shall reach one."),
    )

    account_sid: str = setting(
        _("Begins with AC. The account, or subaccount, that owns the number.")
    )
    auth_token: str = secret(_("Of the same account, no API key; two by comma while changing."))
    number: str = setting(_("The number that is called, such as +14155550199."))
    urgent_number: str = setting(_("Who is rung in an emergency; empty: nobody."), default="")
    language: str = setting(
        _("Spoken first to callers from elsewhere: en or zh-hans."), default="en"
    )

    def verify(self, call: WebhookCall) -> None:
        forms.verify(call, self.auth_token)

    def answer(self, call: WebhookCall) -> Reply:
        form = forms.read(call.body)
        return Reply(body=self._spoken(call, form), content_type=forms.XML)

    def check(self, webhook: str) -> str:
        form = {"VoiceUrl": webhook, "VoiceMethod": "POST"}
        form |= {"StatusCallback": f"{webhook}?step=status", "StatusCallbackMethod": "POST"}
        return self._api.wrong() or self._api.configure_number(self.number, form)

    def poll(self, cursor: str) -> Polled | None:
        """Once a day the log of calls, from the day before the last time."""
        today = datetime.now(UTC).date()
        if cursor == today.isoformat():
            return Polled(bodies=(), cursor=cursor)
        since = datetime.fromisoformat(cursor).date() if cursor else today
        asked = {"To": self.number, "StartTime>": (since - timedelta(days=1)).isoformat()}
        answer = self._api.get("/Calls.json", **asked, PageSize=200)
        found: list[bytes] = []
        for _page in range(_MOST_PAGES):
            if not answer.is_ok:
                raise http.Unreachable(f"Twilio gives no log of calls ({answer.status})")
            said = answer.json()
            found += [json.dumps({"call": each}).encode() for each in said.get("calls") or []]
            if not (more := said.get("next_page_uri")):
                break
            answer = self._api.get(f"{HOST}{more}")
        return Polled(bodies=tuple(found), cursor=today.isoformat())

    def fetch(self, source: Mapping[str, str]) -> Media:
        return self._api.fetch(source)

    def parse(self, call: RawCall) -> Iterator[Inbound]:
        if not call.body.startswith(b"{"):
            query = call.meta.get("query") or {}
            yield from calls.understood(forms.read(call.body), query, call.receipt_id)
            return
        try:
            yield from calls.logged(json.loads(call.body)["call"], call.receipt_id)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Unreadable(f"no log of calls: {type(error).__name__}") from error

    def send(self, messages: Iterable[OutboundMessage]) -> Iterator[Result]:
        for message in messages:
            detail = "a call cannot be answered in writing"
            yield Result(key=message.key, outcome=Outcome.NEVER, detail=detail)

    def _spoken(self, call: WebhookCall, form: Mapping[str, str]) -> bytes:
        step, menu = call.query.get("step", ""), self._menu(call, form)
        if calls.is_served(form, call.query):
            calls.note_served(form.get("CallSid", ""))
        if step in ("status", "recording") or form.get("CallStatus") in calls.ENDED:
            return forms.EMPTY
        if step == "choice":
            return self._chosen(menu, form.get("Digits", ""))
        if step == "number":
            return self._state(menu, form)
        if step == "voicemail":
            return menu.voicemail()
        if step == "dialled" and form.get("DialCallStatus") != "completed":
            return menu.voicemail()
        return menu.thanks() if step in ("dialled", "recorded") else menu.begin()

    def _chosen(self, menu: Menu, digits: str) -> bytes:
        if digits == "1":
            return menu.ask_number()
        if digits == "2":
            return menu.voicemail()
        if digits == "3" and self.urgent_number:
            return menu.urgent()
        if digits == "9":
            other = "zh-hans" if menu.language == "en" else "en"
            return self._in(menu, other).begin()
        return menu.begin()

    def _state(self, menu: Menu, form: Mapping[str, str]) -> bytes:
        """Numbers are not there to be tried out."""
        key = f"voice-wrong:{form.get('From', '')}"
        if not ratelimit.peek(key, limit=_MOST_WRONG, window=_WITHIN).allowed:
            return menu.wait()
        words, is_found = menu.status(form.get("Digits", ""))
        if not is_found:
            ratelimit.hit(key, limit=_MOST_WRONG, window=_WITHIN)
        return words

    def _menu(self, call: WebhookCall, form: Mapping[str, str]) -> Menu:
        theirs = form.get("From") or call.query.get("from", "")
        spoken = "zh-hans" if theirs.startswith(_CHINESE) else self.language
        language = call.query.get("lang") or spoken
        proved = form.get("StirVerstat", "").startswith("TN-Validation-Passed-A")
        kept = {"from": theirs, "to": form.get("To", "")} | ({"proved": "1"} if proved else {})
        url = call.url.partition("?")[0]
        menu = Menu(url=url, language="en", urgent_number=self.urgent_number, kept=kept)
        return self._in(menu, "en" if language == "en" else "zh-hans")

    @staticmethod
    def _in(menu: Menu, language: str) -> Menu:
        kept: dict[str, Any] = {**menu.kept, "lang": language}
        return Menu(url=menu.url, language=language, urgent_number=menu.urgent_number, kept=kept)

    @property
    def _api(self) -> Api:
        return Api(self.account_sid, self.auth_token)
