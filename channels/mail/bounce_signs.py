"""How a mail about a mail that did not arrive looks when its sender follows no RFC.

The words are those of mail servers and gateways (Exim, qmail, sendmail, Exchange, Domino,
InterScan, Verizon, KDDI, Sina ...), each in the languages it is known to write.
"""

import re
from typing import NamedTuple

from channels.mail.headers import Headers
from channels.mail.structure import Content

# Accounts that only machines write from ...
_DAEMON = re.compile(
    r"mailer[-_.]?d[ae]e?mon|mail[-_]?daemon|mdaemon|mail[-_.]?delivery|mailadm"
    r"|mail ?delivery (?:sub)?system|delivery[-_.]?(?:status|failure|report)|undeliver|bounce",
    re.IGNORECASE,
)
_DAEMON_NAME = re.compile(
    r"mailer[- ]?daemon|mail deliver(?:y\b|\s(?:sub)?system)|delivery (?:sub)?system|undeliver",
    re.IGNORECASE,
)
# ... and accounts that people may share with machines.
_POSTMASTER = re.compile(r"post[-_ ]?master", re.IGNORECASE)
_GATEWAY = re.compile(
    r"smtp|mail[-_ ]?(?:service|server|system|gateway|admin|scan)|anti[-_ ]?(?:virus|spam)"
    r"|gateway|^system[-_ ]?admin|^interscan|^listserv|^sysadmin|^e?mail[-_.]?error",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"\s*\W{0,3}(?:re: .{1,200} : )?(?:undeliver(?:able|ed)|non[- ]?deliver|nondeliverable"
    r"|delivery (?:status|failure|failed|report|notif|problem|unsuccessful|delayed|incomplete"
    r"|error|has failed)"
    r"|(?:mail|message|email|e-mail) (?:delivery|could not be|system error|not delivered"
    r"|undeliver|rejected|status report|you sent blocked|blocked|failed|failure|returned|delayed"
    r"|frozen|quota exceeded)"
    r"|returned (?:mail|message|to sender|email)|(?:failure|failed|fail to|unable to"
    r"|could not(?: be)?|couldn't|cannot) deliver|failure notice|failed mail"
    r"|mail (?:failure|system error)|(?:permanent )?delivery failure|\[?bounced?\b[\]:]?|ndn:"
    r"|(?:notice|warning): (?:could not send|message|mail delivery|delayed mail)"
    r"|there was an error sending your (?:mail|message)|rejected mail|automatically rejected mail"
    r"|address not found|delayed mail|(?:sorry, )?your (?:mail |e?-?mail |message )+"
    r"(?:to .{1,100} )?(?:could not|was not|has not|cannot|couldn't"
    r"|has been (?:rejected|returned|blocked))"
    # German, French, Italian
    r"|unzustellbar|nicht zustellbar|(?:nachricht|mail) nicht zugestellt|zustell|rückläufer"
    r"|fehler bei der nachrichten|(?:e-?)?mail(?:zustellung)? fehlgeschlagen|fehlgeschlagene zust"
    r"|non[- ]?remis|échec de|(?:message )?non (?:distribu|délivr|remis)|remise (?:retardée|impos"
    r"|différée)|avis de non[- ]remise|notification d['’]échec|courrier retourn"
    r"|non recapitabil|mancat[oa] (?:recapito|consegna)|notifica di mancat|avviso di mancata"
    r"|impossibile recapitare|messaggio non (?:recapitat|consegnat)"
    # Spanish, Portuguese
    r"|no se (?:ha )?(?:pudo|puede|podido) entregar|no entregad|mensaje (?:no|rechazado|devuelto)"
    r"|correo (?:no entregado|devuelto)|(?:fallo|error) (?:en la|de|al) (?:entrega|env)"
    r"|entrega fallida|notificaci[oó]n de (?:fall|entrega fall|estado de entrega)"
    r"|não (?:foi )?(?:entreg|possível)|notifica[cç](?:ião|ão) de (?:falha|status)"
    r"|(?:falha|erro) (?:na|de) entrega|mensagem (?:não entregue|devolvida)"
    # Dutch, Nordic
    r"|onbestelbaar|niet[ -](?:bezorg|bestel)|bezorging mislukt|oleverer|kunde inte levereras"
    r"|kan inte levereras|kan ikke leveres|ikke (?:leveres|leveret|levert)|kunne ikke leveres"
    r"|returneret mail|leveringsfeil|ei voitu toimittaa|ei toimitettu|toimittamat"
    # Slavic, Hungarian, Turkish, Greek
    r"|niedostarcz|nie dostarcz|zwrot wiadomo|dostarczeni|nedoruč|kézbesíthetetlen"
    r"|sikertelen kézbesítés|недостав|не доставлен|сообщение не|не удалось доставить"
    r"|ошибка доставки|недоставлен|не вдалося доставити|iletilemeyen|iletilemedi|teslim edileme"
    r"|δεν ήταν δυνατή η παράδοση|μη παραδοτέ"
    # Chinese, Japanese, Korean, others of Asia
    r"|退信|系统退信|系統退信|无法投递|無法投遞|無法傳遞|投递失败|投遞失敗|邮件(?:投递|传输|发送|被?退)"
    r"|郵件(?:投遞|傳遞|傳送|被?退)|未送达|未送達|来自.{1,40}的退信|配信(?:不能|エラー|できませ)"
    r"|送信(?:エラー|失敗|できません)|メッセージを(?:配信|送信)でき|メール(?:配信|送信)に失敗"
    r"|エラーメール|(?:메일|메시지)?\s?(?:반송|전송 ?실패|발송 ?실패|배달되지)"
    r"|không (?:gửi|thể gửi)|ไม่สามารถส่ง|ส่งไม่ได้|gagal terkirim|tidak terkirim|تعذر (?:ال)?تسليم"
    r"|לא נמסר|לא ניתן למסור)",
    re.IGNORECASE,
)
# What a report says about a mail, not about parcels: every phrase names mail or a mailbox.
_SENTENCE = (
    r"this is (?:the mail (?:system|delivery)|a permanent error"
    r"|an automatically generated delivery|a delivery (?:failure|status))"
    r"|the following (?:address(?:es)?|recipients?|message|mail) (?:failed|had (?:permanent"
    r"|delivery)|could not|has been returned|were affected)"
    r"|i'm sorry to (?:have to )?inform you that|i was(?:n't| not) able to deliver"
    r"|transcript of session follows|permanent fatal errors|had delivery errors"
    r"|delivery to the following recipients? (?:failed|has been)"
    r"|(?:message|mail|e-?mail)\b[^.\n]{0,120}? (?:(?:could not be|was not|cannot be|wasn't"
    r"|can't be|couldn't be|has not been|failed to be) (?:delivered|sent|accepted)|did not reach"
    r"|has been (?:rejected|returned)|was (?:automatically )?rejected)"
    r"|could(?: not|n't) (?:be delivered to|deliver (?:the |your )?(?:message|mail))"
    r"|unable to deliver (?:the |your )?(?:message|mail)|trouble delivering your (?:message|mail)"
    r"|trying to deliver the mail|failed recipients?:|intended recipient:|non-?delivery report"
    r"|user (?:is )?unknown|unknown (?:user|recipient|mailbox)|(?:mailbox|user|account|address"
    r"|recipient)[^.\n]{0,40}(?:unavailable|not found|does(?:n't| not) exist|is full"
    r"|over quota|disabled|rejected)|quota exceeded|mail ?box (?:space not enough|full)"
    r"|no such (?:user|recipient|mailbox|address)|\b5[0-5]\d[- #]{1,2}5\.\d\.\d"
    r"|\b(?:smtp|error)\b.{0,20}\b(?:code|error|said):? ?[45][0-5]\d\b|remote host said: ?[45]\d\d"
    r"|delivery (?:has )?failed|undeliverable|has NOT been delivered"
    r"|you are not a member of this mailing list"
    r"|n['’]a (?:pas )?pu (?:pas )?(?:etre|être) (?:delivre|délivré|remis|distribué)"
    r"|konnte nicht zugestellt werden|nicht zugestellt|no se (?:ha )?pudo entregar"
    r"|non (?:è stato possibile|può essere) (?:recapitare|recapitato|consegnare)"
    r"|não (?:pôde|foi possível) (?:ser )?entreg|kunde inte levereras|kunne ikke leveres"
    r"|не (?:может быть|удалось|было|был[ао]?) доставл?(?:ен|ить)|无法(?:投递|送达)"
    r"|無法(?:投遞|送達|傳遞)|退信|配信できません|送信できません|전송되지|반송"
)
_BODY = re.compile(f"(?:{_SENTENCE})", re.IGNORECASE)
# The first words of a text that is nothing but a report.
_OPENING = re.compile(
    r"[\s*=_#<>-]{0,200}(?:your (?:message|mail|e-?mail)\b[^.!?]{0,200}? (?:could not be|was not"
    r"|cannot be|has not been|couldn't be) delivered|could not deliver (?:the |your )?"
    r"(?:message|mail)|unable to deliver (?:the |your )?(?:message|mail)"
    r"|message could not be delivered"
    r"|the (?:following|e?-?mail|message) [^.!?]{0,80} could not be delivered|votre message n['’]a"
    r"|failed recipients|delivery (?:to the following|has failed)|ihre nachricht [^.!?]{0,80} nicht"
    r" zugestellt|su mensaje [^.!?]{0,80} no (?:se )?(?:pudo|ha podido)|您的邮件.{0,60}无法)",
    re.IGNORECASE,
)
# The copy of the mail that some servers put below their words, without a part of its own.
_COPY_BELOW = re.compile(
    r"^[\s>*]{0,4}(?:[-+=*_]{2,80} {0,4})?(?:original (?:message|mail) (?:follows|as follows)"
    r"|(?:below this line|this) is a copy of the (?:message|headers)"
    r"|(?:this is a copy|the header|header|text|body) of (?:the|your) (?:source|original|unsent)?"
    r" ?(?:mail|message)|returned (?:mail|message)(?: follows)?|unsent message (?:follows|below)"
    r"|undelivered message follows|old message)\b",
    re.IGNORECASE | re.MULTILINE,
)
_ADDRESS = re.compile(r"[\w.+=-]{1,64}@[\w-]{1,63}\.[\w.-]{1,100}")


def says_undelivered(text: str) -> bool:
    """Does this piece of text say that a mail did not arrive?"""
    return _BODY.search(text) is not None


class _Outside(NamedTuple):
    """What speaks for a report of a mail server before anything of the text is read."""

    daemon: bool
    postmaster: bool
    gateway: bool
    null_path: bool
    subject: bool


def looks_like_a_report(
    headers: Headers, content: Content, subject: str, sender: tuple[str, str]
) -> bool:
    """People write about bounces too, so what is said counts only with a machine's trait."""
    outside = _outside(headers, subject, sender)
    if not any(outside):
        return False
    if outside.subject and (outside.daemon or outside.postmaster):
        return True
    text = content.body.text[:20_000]
    body = says_undelivered(text)
    if body and (outside.daemon or outside.postmaster):
        return True
    returned = bool(content.returned or content.returned_text)
    returned = returned or _COPY_BELOW.search(text) is not None
    if outside.daemon:
        return returned
    if outside.null_path or outside.gateway:
        return outside.subject + body + returned >= 2
    answers = "in-reply-to" in headers or "references" in headers
    return outside.subject and ((body and returned) or (not answers and _opens_as_report(text)))


def _opens_as_report(text: str) -> bool:
    return _OPENING.match(text) is not None and _ADDRESS.search(text) is not None


def _outside(headers: Headers, subject: str, sender: tuple[str, str]) -> _Outside:
    """Weigh the sender, the envelope and the subject."""
    name, address = sender
    local = address.rpartition("@")[0] or address
    path = headers.raw("return-path").strip()
    nobody = (bool(name) and not address) or headers.raw("from").rstrip().endswith("<>")
    return _Outside(
        daemon="x-mlserver" in headers
        or _DAEMON.search(local) is not None
        or _DAEMON_NAME.search(name) is not None,
        postmaster=_POSTMASTER.search(local) is not None or _POSTMASTER.search(name) is not None,
        gateway=nobody
        or _GATEWAY.search(local.strip('"')) is not None
        or _GATEWAY.search(name) is not None,
        null_path=path == "<>" or _DAEMON.search(path.partition("@")[0]) is not None,
        subject=_SUBJECT.match(subject) is not None,
    )
