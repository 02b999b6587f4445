"""WhatsApp's Cloud API and its webhooks: one number, people by their numbers."""

from __future__ import annotations

import hashlib
import re
import time
from base64 import b64encode
from datetime import timedelta
from typing import Any
from zlib import crc32

from channels.simulators.base import Answered, Asked, Said
from channels.simulators.meta import (
    GRAPH,
    MetaSimulator,
    Refusal,
    account,
    missing,
    picture,
    place,
    too_long,
)
from channels.simulators.telegram import PIXEL

NUMBER = "106540352242922"
BUSINESS = "102290129340398"
#: Where its files are, for whoever has the token.
_FILES, _PATH = "lookaside.fbsbx.com", "whatsapp_business"
_PERSON = re.compile(r"\d{7,15}|[A-Z]{2}\.[\w.]{1,128}")


class WhatsAppSimulator(MetaSimulator):
    kind = "whatsapp"
    label = "WhatsApp"
    hosts = (GRAPH, _FILES)
    acts = ("message", "edit", "delete", "press", "start")
    product, own_id = "whatsapp_business_account", BUSINESS
    refusals = {
        "429": Refusal(130429, "Rate limit hit", status=429),
        "blocked": Refusal(131026, "Message undeliverable"),
        "window_closed": Refusal(131047, "Re-engagement message"),
    }

    @staticmethod
    def account() -> dict[str, Any]:
        return account("whatsapp", phone_number_id=NUMBER, business_account_id=BUSINESS)

    @classmethod
    def owns(cls, node: str) -> bool:
        return node in (NUMBER, BUSINESS) or node.startswith("9")

    def entry(self, said: Said) -> dict[str, Any]:
        number = person_number(said.person)
        value = {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "15550001234", "phone_number_id": NUMBER},
            "contacts": [{"profile": {"name": said.name or said.person}, "wa_id": number}],
            "messages": [self._message(said, number)],
        }
        return {"changes": [{"field": "messages", "value": value}]}

    def is_errand(self, asked: Asked) -> bool:
        return super().is_errand(asked) and place(asked) != (NUMBER, "")

    def shown(self, node: str) -> Answered:
        if node == NUMBER:
            return Answered.of({"id": NUMBER, "display_phone_number": "+1 555 000 1234"})
        if node == _PATH:
            return picture()
        if not self.tape.recall(f"media:{node}"):
            return missing(node)
        url = f"https://{_FILES}/{_PATH}/attachments/?mid={node}"
        digest = hashlib.sha256(PIXEL).hexdigest()
        facts = {"id": node, "mime_type": "image/png", "sha256": digest, "file_size": len(PIXEL)}
        return Answered.of({"messaging_product": "whatsapp", "url": url, **facts})

    def posted(self, node: str, edge: str, given: dict[str, Any]) -> Answered:
        if node != NUMBER or edge not in ("messages", "media"):
            return missing(node)
        if given.get("messaging_product") != "whatsapp":
            return Refusal(100, "The parameter messaging_product is required").answered()
        if edge == "media":
            return Answered.of({"id": self._media(given["file"])})
        return self._send(given)

    def _send(self, given: dict[str, Any]) -> Answered:
        to = str(given.get("to") or given.get("recipient") or "")
        kind = str(given["type"])
        if given.get("recipient_type") != "group" and not _PERSON.fullmatch(to):
            return Refusal(131009, "Parameter value is not valid").answered()
        silent = self.silent(to)
        if kind != "template" and (silent is None or silent > timedelta(hours=24)):
            return self.failure("window_closed")
        content, file = given[kind], ""
        if kind == "template":
            text = str(content["name"])
        elif kind == "text":
            text = str(content["body"])
            if refused := too_long(text, 4096):
                return refused
        else:
            text, file = str(content.get("caption", "")), self.tape.recall(f"media:{content['id']}")
            if not file or (text and too_long(text, 1024)):
                return Refusal(131009, "Parameter value is not valid").answered()
        kept = self.keep(id=self._wamid(), thread=to, text=text, file=file)
        contacts = [{"input": to, "wa_id": to}]
        told = {"messaging_product": "whatsapp", "contacts": contacts}
        return Answered.of({**told, "messages": [{"id": kept.id}]})

    def _message(self, said: Said, person: str) -> dict[str, Any]:
        number, now = self._wamid(), str(int(time.time()))
        facts: dict[str, Any] = {"from": person, "id": number, "timestamp": now}
        if said.act == "edit":
            inner = {"type": "text", "text": {"body": said.text}}
            edit = {"original_message_id": said.about, "message": inner}
            return {**facts, "type": "edit", "edit": edit}
        if said.act == "delete":
            return {**facts, "type": "revoke", "revoke": {"original_message_id": said.about}}
        if said.about:
            facts["context"] = {"from": "15550001234", "id": said.about}
        if said.act == "press":
            return {**facts, "type": "button", "button": {"payload": said.text, "text": said.text}}
        if said.act == "start":
            return {**facts, "type": "request_welcome"}
        if said.act != "message":
            errors = [{"code": 131051, "title": "Message type unknown"}]
            return {**facts, "type": "unsupported", "errors": errors}
        self.hear(said, number, person)
        return {**facts, **self._content(said)}

    def _content(self, said: Said) -> dict[str, Any]:
        if not said.file:
            return {"type": "text", "text": {"body": said.text}}
        digest = b64encode(hashlib.sha256(PIXEL).digest()).decode()
        image = {"id": self._media(said.file), "mime_type": "image/png", "sha256": digest}
        return {"type": "image", "image": image | ({"caption": said.text} if said.text else {})}

    def _media(self, name: str) -> str:
        number = f"9{self.number():014d}"
        self.tape.remember(f"media:{number}", name)
        return number

    def _wamid(self) -> str:
        return "wamid." + b64encode(f"harbour:{self.number()}".encode()).decode()


def person_number(person: str) -> str:
    """A telephone number, always the same for a name."""
    return person if person.isdecimal() else f"1555{crc32(person.encode()) % 10**7:07d}"
