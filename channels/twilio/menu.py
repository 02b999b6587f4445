"""What a caller hears and may press, in TwiML; the step they are at stands in the address.

https://www.twilio.com/docs/voice/twiml (read November 2026). Whatever follows a Gather or a Record
is for those who press or say nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from tickets import reference
from tickets.plain_status import PlainState, plain_status

_SPOKEN = {"en": "en-US", "zh-hans": "zh-CN"}
_LONGEST = 180  # seconds of a voicemail


@dataclass(frozen=True, kw_only=True)
class Menu:
    """``url`` is ours without a query, ``kept`` goes along from step to step."""

    url: str
    language: str
    urgent_number: str
    kept: dict[str, str]

    def begin(self, first: str = "") -> bytes:
        """The choices, twice; then a voicemail, so that nobody is left in silence."""
        with override(self.language):
            told = [first] if first else [_("Welcome to our support line.")]
            told.append(_("To hear where your request stands, press 1."))
            told.append(_("To leave us a message, press 2."))
            if self.urgent_number:
                told.append(_("If money is being stolen right now, press 3."))
            told.append(_("We never ask for passwords, seed phrases or codes."))
            other = "欢迎，中文请按 9。" if self.language == "en" else "For English, press 9."
            response = ET.Element("Response")
            gather = self._gather(response, "choice", numDigits="1")
            self._say(gather, " ".join(told))
            self._say(gather, other, "zh-hans" if self.language == "en" else "en")
            self._redirect(response, "voicemail")
            return _bytes(response)

    def ask_number(self) -> bytes:
        with override(self.language):
            response = ET.Element("Response")
            gather = self._gather(response, "number", numDigits="13", finishOnKey="#")
            self._say(gather, _("Please key in the 13 digits of your reference number."))
            self._redirect(response, "menu")
            return _bytes(response)

    def status(self, digits: str) -> tuple[bytes, bool]:
        """The plain state of a number, and whether there is such a request."""
        number = reference.normalise(digits)
        told = plain_status(number) if number else None
        with override(self.language):
            if told is None:
                return self.begin(
                    _("There is no request with this number. Please check it.")
                ), False
            words = _("Your request is in this state: %(state)s. Last update: %(day)s.") % {
                "state": PlainState(told.state).label,
                "day": date_format(told.updated_on, "DATE_FORMAT"),
            }
            return self.begin(words), True

    def wait(self) -> bytes:
        """Too many wrong numbers."""
        with override(self.language):
            response = ET.Element("Response")
            words = _("Too many numbers that do not exist. Please try again later.")
            self._say(response, words)
            ET.SubElement(response, "Hangup")
            return _bytes(response)

    def voicemail(self) -> bytes:
        """The recording is announced, as the law of most places wants."""
        with override(self.language):
            response = ET.Element("Response")
            self._say(
                response,
                _("After the tone, say what it is about and your reference number, if you have "
                  "one. Your message is recorded. Press the hash key when you are done."),
            )  # fmt: skip
            ET.SubElement(
                response, "Record", action=self._at("recorded"), method="POST",
                maxLength=str(_LONGEST), finishOnKey="#", playBeep="true",
                recordingStatusCallback=self._at("recording"),
                recordingStatusCallbackEvent="completed absent",
            )  # fmt: skip
            self._say(response, _("We have heard nothing. Goodbye."))
            return _bytes(response)

    def urgent(self) -> bytes:
        with override(self.language):
            response = ET.Element("Response")
            self._say(response, _("We are connecting you to a person."))
            dial = ET.SubElement(
                response, "Dial", action=self._at("dialled"), method="POST", timeout="25"
            )
            dial.text = self.urgent_number
            return _bytes(response)

    def thanks(self) -> bytes:
        with override(self.language):
            response = ET.Element("Response")
            self._say(response, _("Thank you. We will look into it. Goodbye."))
            ET.SubElement(response, "Hangup")
            return _bytes(response)

    def _gather(self, response: ET.Element, step: str, **values: str) -> ET.Element:
        at = {"action": self._at(step), "method": "POST", "timeout": "8"}
        return ET.SubElement(response, "Gather", {**at, **values})

    def _redirect(self, response: ET.Element, step: str) -> None:
        ET.SubElement(response, "Redirect", method="POST").text = self._at(step)

    def _say(self, parent: ET.Element, words: str, language: str = "") -> None:
        spoken = _SPOKEN[language or self.language]
        ET.SubElement(parent, "Say", language=spoken).text = words

    def _at(self, step: str) -> str:
        return f"{self.url}?{urlencode({'step': step, **self.kept})}"


def _bytes(response: ET.Element) -> bytes:
    return ET.tostring(response, "unicode").encode()
