"""Text messages of Twilio's: what a telephone sends, and the statuses of ours."""

from __future__ import annotations

from typing import Any

from channels.simulators.base import Called, Said
from channels.simulators.twilio import (
    ACCOUNT,
    OWN,
    STORE,
    TOKEN,
    TwilioSimulator,
    heard,
    number_of,
    signed,
)


class SmsSimulator(TwilioSimulator):
    kind = "sms"
    label = "SMS"
    hosts = ("api.twilio.com", "messaging.twilio.com", STORE)
    acts = ("message", "block", "start", "delivered", "undelivered")

    @staticmethod
    def account() -> dict[str, Any]:
        return {"account_sid": ACCOUNT, "auth_token": TOKEN, "sender": OWN}

    def calls(self, said: Said) -> list[Called]:
        if said.act in ("message", "block", "start"):
            return [signed(self.kind, self._text(said))]
        form = {"MessageSid": said.about or f"SM{0:032x}", "MessageStatus": said.act}
        form |= {"From": OWN, "To": number_of(said.person)}
        if said.act in ("undelivered", "failed"):
            form["ErrorCode"] = said.text or "30003"
        return [signed(self.kind, form)]

    def _text(self, said: Said) -> dict[str, str]:
        number, words = number_of(said.person), {"block": "STOP", "start": "START"}
        sid = f"{'MM' if said.file else 'SM'}{self.number():032x}"
        form = {
            "MessageSid": sid,
            "SmsSid": sid,
            "SmsStatus": "received",
            "From": number,
            "To": OWN,
            "Body": words.get(said.act, said.text),
            "NumSegments": "1",
            "NumMedia": "1" if said.file else "0",
        }
        if word := words.get(said.act):
            form["OptOutType"] = word
            self.tape.remember(f"stop:{number}", "yes" if word == "STOP" else "")
        if said.file:
            base = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}"
            form |= {
                "MediaUrl0": f"{base}/Messages/{sid}/Media/ME0",
                "MediaContentType0": "image/png",
            }
        heard(self, said, sid)
        return form
