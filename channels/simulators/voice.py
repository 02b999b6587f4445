"""A telephone that rings: what is pressed, and what is left on tape. Twilio's answers are the SMS
simulator's, as both have one address."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from uuid import uuid4

from channels.simulators.base import Called, Said
from channels.simulators.twilio import (
    ACCOUNT,
    OWN,
    TOKEN,
    TwilioSimulator,
    heard,
    number_of,
    signed,
)


class VoiceSimulator(TwilioSimulator):
    kind = "voice"
    label = "Phone"
    hosts = ()
    acts = ("message", "press", "number", "hang_up")

    @staticmethod
    def account() -> dict[str, Any]:
        return {"account_sid": ACCOUNT, "auth_token": TOKEN, "number": OWN}

    def calls(self, said: Said) -> list[Called]:
        """``about`` is the call; a message is a voicemail, from the ring to the end."""
        sid = said.about or f"CA{uuid4().hex}"
        form = {"CallSid": sid, "From": number_of(said.person), "To": OWN, "Direction": "inbound"}
        heard(self, said, sid, note="completed")
        if said.act == "message":
            return self._voicemail(sid, form)
        if said.act == "hang_up":
            ended = {**form, "CallStatus": "completed", "CallDuration": "12"}
            return [signed(self.kind, ended, {"step": "status"})]
        if said.act in ("press", "number"):
            step = "choice" if said.act == "press" else "number"
            pressed = {**form, "CallStatus": "in-progress", "Digits": said.text}
            return [signed(self.kind, pressed, {"step": step})]
        return [signed(self.kind, {**form, "CallStatus": said.act})]

    def _voicemail(self, sid: str, form: dict[str, str]) -> list[Called]:
        recording = f"RE{uuid4().hex}"
        base = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Recordings/{recording}"
        told = {"RecordingSid": recording, "RecordingUrl": base, "RecordingDuration": "12"}
        ended = {**form, "CallStatus": "completed", "CallDuration": "30"}
        asked = {"step": "recording", "from": quote(form["From"])}
        return [
            signed(self.kind, {**form, "CallStatus": "ringing"}),
            signed(self.kind, {**form, **told, "CallStatus": "in-progress"}, {"step": "recorded"}),
            signed(self.kind, {"CallSid": sid, **told, "RecordingStatus": "completed"}, asked),
            signed(self.kind, ended, {"step": "status"}),
        ]
