"""The mails in a provider's stored call, each with its envelope. Runs in the worker."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from channels.base import Ignored, Unreadable
from channels.mail.parameters import parameters
from channels.providers import fetch, sns
from channels.providers.compose import File, compose, fields_of
from channels.providers.request import ProviderRequest

Mail: TypeAlias = tuple[bytes, dict[str, Any]]
Config: TypeAlias = Mapping[str, Any]


def raw_mails(meta: Mapping[str, Any], body: bytes, config: Config) -> Iterator[Mail]:
    """Each mail of a stored call as raw bytes with ``mail_from`` and ``rcpt_tos``.

    Raises ``Unreadable`` for what is no such call, ``Ignored`` for one about something
    else, and ``http.Unreachable`` when the rest of a mail cannot be fetched now.
    """
    read = _READERS[str(meta["provider"])]
    try:
        mails = list(read(ProviderRequest(body, meta["headers"]), config))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
        raise Unreadable(f"not as the provider writes: {type(error).__name__}: {error}") from error
    if not mails:
        raise Ignored("a provider's call without a mail")
    yield from mails


def _mail(raw: bytes, sender: Any, recipients: Iterable[Any]) -> Mail:
    known = [str(address) for address in recipients if address]
    return raw, {"mail_from": str(sender or "").strip("<>"), "rcpt_tos": known[:100]}


def _json(request: ProviderRequest) -> Any:
    return json.loads(request.body)


def _bytes(text: str) -> bytes:
    """A raw mail out of JSON, where it travels as text."""
    return text.encode("utf-8", "replace")


def _amazon_ses(request: ProviderRequest, config: Config) -> Iterator[Mail]:
    message = sns.parse(request.body)
    event = sns.event_of(message)
    if event.get("notificationType") != "Received":
        return
    receipt = event["receipt"]
    action = receipt["action"]
    if action["type"] == "S3":
        region = sns.region_of(message)
        raw = fetch.from_s3(action["bucketName"], action["objectKey"], region)
    elif action.get("encoding") == "BASE64":
        raw = b64decode(event["content"])
    else:
        raw = _bytes(event["content"])
    yield _mail(raw, event["mail"].get("source"), receipt.get("recipients", []))


def _brevo(request: ProviderRequest, config: Config) -> Iterator[Mail]:
    for item in _json(request)["items"]:
        headers = list(_flat(item.get("Headers") or {}))
        files = [
            File(
                name=part.get("Name") or "",
                content_type=part.get("ContentType") or "",
                content=fetch.brevo_attachment(part["DownloadToken"], config["api_key"]),
                content_id=part.get("ContentID") or "",
            )
            for part in item.get("Attachments") or []
        ]
        text, html = item.get("RawTextBody") or "", item.get("RawHtmlBody") or ""
        known = {name.lower(): value for name, value in headers}
        raw = compose(headers, text=text, html=html, files=files)
        yield _mail(raw, known.get("return-path"), [known.get("delivered-to", "").strip("<>")])


def _mailersend(request: ProviderRequest, config: Config) -> Iterator[Mail]:
    call = _json(request)
    if call.get("type") != "inbound.message":
        return
    data = call["data"]
    recipients = [each["email"] for each in data.get("recipients", {}).get("rcptTo", [])]
    yield _mail(_bytes(data["raw"]), data.get("sender", {}).get("email"), recipients)


def _mailgun(request: ProviderRequest, config: Config) -> Iterator[Mail]:
    if "body-mime" in request.fields:
        raw = request.fields["body-mime"]
    else:
        by_id = json.loads(request.text("content-id-map") or "{}")
        ids = {field: content_id for content_id, field in by_id.items()}
        headers = [(name, value) for name, value in json.loads(request.text("message-headers"))]
        raw = compose(
            headers,
            text=request.text("body-plain"),
            html=request.text("body-html"),
            files=_posted(request, ids),
        )
    yield _mail(raw, request.text("sender"), request.text("recipient").split(","))


def _mailjet(request: ProviderRequest, config: Config) -> Iterator[Mail]:
    call = _json(request)
    files = [_mailjet_file(part, call) for part in call.get("Parts") or []]
    raw = compose(
        _flat(call.get("Headers") or {}),
        text=call.get("Text-part") or "",
        html=call.get("Html-part") or "",
        files=[file for file in files if file is not None],
    )
    yield _mail(raw, call.get("Sender"), [call.get("Recipient")])


def _mailjet_file(part: dict[str, Any], call: dict[str, Any]) -> File | None:
    """A part names where its content is, and brings its MIME headers along unread."""
    where = part.get("ContentRef") or ""
    if "Attachment" not in where:
        return None
    headers = {name.lower(): value for name, value in _flat(part.get("Headers") or {})}
    content_type = headers.get("content-type", "")
    said = parameters(headers.get("content-disposition", ""))
    return File(
        name=said.get("filename") or parameters(content_type).get("name") or "",
        content_type=content_type,
        content=b64decode(call[where]),
        content_id=headers.get("content-id", ""),
    )


def _mailtrap(request: ProviderRequest, config: Config) -> Iterator[Mail]:
    for event in _json(request).get("events", []):
        kind = str(event["event"]).replace("inbound_", "inbound.")
        if kind != "inbound.message_received" or event.get("inbox_id") in (None, 1):
            continue  # 1 is the sample that "Test your integration" sends
        raw = fetch.mailtrap_mail(event["inbox_id"], event["message_id"], config["api_key"])
        yield _mail(raw, "", [])


def _mandrill(request: ProviderRequest, config: Config) -> Iterator[Mail]:
    for event in json.loads(request.text("mandrill_events")):
        if event.get("event") == "inbound":
            said = event["msg"]
            yield _mail(_bytes(said["raw_msg"]), "", [said.get("email")])


def _postal(request: ProviderRequest, config: Config) -> Iterator[Mail]:
    call = _json(request)
    if "status" in call:
        return
    raw = b64decode(call["message"]) if call.get("base64") is True else _bytes(call["message"])
    yield _mail(raw, call.get("mail_from"), [call.get("rcpt_to")])


def _postmark(request: ProviderRequest, config: Config) -> Iterator[Mail]:
    call = _json(request)
    if call.get("RecordType", "Inbound") != "Inbound":
        return
    headers = [(each["Name"], each["Value"]) for each in call.get("Headers") or []]
    sender = ""
    if headers and headers[0][0].lower() == "return-path":
        sender = headers.pop(0)[1]
    raw = _bytes(call["RawEmail"]) if call.get("RawEmail") else _postmark_mail(call, headers)
    yield _mail(raw, sender, [call.get("OriginalRecipient")])


def _postmark_mail(call: dict[str, Any], headers: list[tuple[str, str]]) -> bytes:
    """Postmark takes some headers out of the list and gives them as fields."""
    known = {name.lower() for name, _ in headers}
    for name in ("From", "To", "Cc", "Subject", "Date", "Reply-To"):
        value = call.get(name.replace("-", ""))
        if value and name.lower() not in known:
            headers.append((name, value))
    files = [
        File(
            name=part.get("Name") or "",
            content_type=part.get("ContentType") or "",
            content=b64decode(part.get("Content") or part.get("Data") or ""),
            content_id=part.get("ContentID") or "",
        )
        for part in call.get("Attachments") or []
    ]
    text, html = call.get("TextBody") or "", call.get("HtmlBody") or ""
    return compose(headers, text=text, html=html, files=files)


def _resend(request: ProviderRequest, config: Config) -> Iterator[Mail]:
    call = _json(request)
    if call.get("type") != "email.received":
        return
    data = call["data"]
    yield _mail(fetch.resend_mail(data["email_id"], config["api_key"]), "", data.get("to") or [])


def _sendgrid(request: ProviderRequest, config: Config) -> Iterator[Mail]:
    envelope = json.loads(request.text("envelope") or "{}")
    if "email" in request.fields:
        raw = request.fields["email"]
    else:
        charsets = json.loads(request.text("charsets") or "{}")
        info = json.loads(request.text("attachment-info") or "{}")
        ids = {field: said.get("content-id", "") for field, said in info.items()}
        raw = compose(
            fields_of(request.text("headers")),
            text=_decoded(request, "text", charsets),
            html=_decoded(request, "html", charsets),
            files=_posted(request, ids),
        )
    yield _mail(raw, envelope.get("from"), envelope.get("to", []))


def _sparkpost(request: ProviderRequest, config: Config) -> Iterator[Mail]:
    for event in _json(request):
        if (relayed := event["msys"].get("relay_message")) is None:
            continue
        content = relayed["content"]
        raw = content["email_rfc822"]
        is_base64 = content.get("email_rfc822_is_base64")
        whole = b64decode(raw) if is_base64 else _bytes(raw)
        yield _mail(whole, relayed.get("msg_from"), [relayed.get("rcpt_to")])


def _flat(headers: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Headers whose repetitions came as lists."""
    for name, values in headers.items():
        for value in values if isinstance(values, list) else [values]:
            yield name, str(value)


def _posted(request: ProviderRequest, content_ids: Mapping[str, str]) -> list[File]:
    return [
        File(
            name=file.name,
            content_type=file.content_type,
            content=file.content,
            content_id=content_ids.get(file.field, ""),
        )
        for file in request.posted_files
    ]


def _decoded(request: ProviderRequest, name: str, charsets: Mapping[str, str]) -> str:
    raw = request.fields.get(name, b"")
    try:
        return raw.decode(str(charsets.get(name, "utf-8")), "replace")
    except LookupError:
        return raw.decode("utf-8", "replace")


_READERS: dict[str, Callable[[ProviderRequest, Config], Iterator[Mail]]] = {
    "amazon_ses": _amazon_ses,
    "brevo": _brevo,
    "mailersend": _mailersend,
    "mailgun": _mailgun,
    "mailjet": _mailjet,
    "mailtrap": _mailtrap,
    "mandrill": _mandrill,
    "postal": _postal,
    "postmark": _postmark,
    "resend": _resend,
    "sendgrid": _sendgrid,
    "sparkpost": _sparkpost,
}
