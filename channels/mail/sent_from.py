""" "Sent from my phone": the line that a device or a mail program puts below what was written."""

import re

_LONGEST = 160
_LINK = re.compile(r"\s?<\s?https?://[^<>\s]{1,400}\s?>|\s?\(https?://[^()\s]{1,400}\)")
_MARKDOWN_LINK = re.compile(r"\[([^\[\]]{1,80})\]")
_EXCUSE = re.compile(
    r"[\s,.;–-]{0,4}(?:please |bitte )?(?:excuse|forgive|pardon|entschuldigen)\b.{0,100}$", re.I
)
_EXCUSE_FIRST = re.compile(r"^\W{0,4}(?:please )?(?:excuse|pardon) [\w ]{3,40}[,.;–-]\s{0,2}", re.I)
# Words that name a device, a mail program or its maker, in any language.
_DEVICE = re.compile(
    r"iphon|ipad|ipod|imac|macbook|apple|galaxy|samsung|android|\bios\b|outlook|mail\b|bluemail"
    r"|yahoo|gmx|web\.de|libero|proton|blackberry|mobil|móvil|movil|handy|phone|tablet|telefon"
    r"|t[ée]l[ée]fono?|puhelim|device|gerät|appareil|dispositivo|aparelho|laitte|cihaz|uređaj"
    r"|huawei|honor|xiaomi|redmi|oppo|vivo|oneplus|nokia|nexus|pixel|htc|xperia|motorola|windows"
    r"|thunderbird|spark\b|foxmail|qq邮箱|小米|华为|華為|荣耀|红米|一加|魅族|锤子|中兴|联想|盖乐世"
    r"|网易|網易|邮箱|邮件|郵件|信箱|手机|手機|平板|客户端|айфон|почт|телефон|смартфон"
    r"|אייפון|هاتف|آيفون|โทรศัพท์|điện thoại|휴대|스마트폰|메일|メール|スマートフォン",
    re.IGNORECASE,
)
# English programs sign with anything; what follows must only be short and no sentence.
_ANYTHING = re.compile(
    r"(?:sent|posted) (?:wirelessly )?(?:from|via|with|using|by) (?:my |a |an |the )?[^,;]{2,40}$"
    r"|[A-Z]\w{1,20} from mobile$|from my (?:iphone|ipad|mobile|phone)(?: ?\w{1,12})?$"
    r"|get (?:spark|bluemail|boxer|nine|k-9 mail|mymail|newton|edison)(?: for \w{2,12})?$",
    re.IGNORECASE,
)
# What "sent" is in the languages of the programs: in front of the device ...
_BEFORE = re.compile(
    r"(?:sent (?:from|via|with|using|by)|gesendet (?:von|mit|über|aus)|von \S|aus mein"
    r"|(?:diese (?:nachricht|mail|e-mail) wurde) |envoyé (?:de|depuis|à partir|avec|par|via)"
    r"|enviad[oa] (?:desde|do|da|pelo|de|a partir|mediante|por)|inviat[oa] (?:da|dal|con|tramite)"
    r"|(?:verzonden|verstuurd) (?:vanaf|met|via|vanuit)|skickat från|från min|sendt (?:fra|med|via)"
    r"|lähetetty|wysłan[aeo] (?:z|za)|odeslán[ao] (?:z|ze|pomocí)|odoslan[éeoá] (?:z|zo|pomocou)"
    r"|(?:az )?küldve|trimis (?:de pe|din|de la)|отправлен[оа] (?:с|из|через)|надіслан[оа] (?:з|із)"
    r"|изпратено (?:от|чрез)|poslano (?:iz|s|sa|z)|poslato (?:sa|s|iz)|saadetud|išsiųsta iš"
    r"|sūtīts no|στάλθηκε από|εστάλη από|enviat des|(?:đã |được )?gửi từ|ส่งจาก"
    r"|(?:di|ter)kirim dari|أُ?رس(?:ِ)?لت? من|تم (?:ال)?إرسال(?:ها)? من|נשלח מ"
    r"|发自|發自|(?:邮件)?发送自|从我|從我|从 ?windows|從|來自|来自|寄自|我的)",
    re.IGNORECASE,
)
# ... or behind it.
_BEHIND = re.compile(
    r"(?:gesendet|gönderildi|gönderilmiştir|küldve|から送信|에서 보냄|에서 전송|에서 보냈습니다"
    r"|发送的?|發送|傳送|传送|寄出|的?邮件)$",
    re.IGNORECASE,
)
_STARTS_ALONE = re.compile(
    r"(?:sent|gesendet|diese|envoyé|enviad|inviat|verzonden|verstuurd|skickat|från min|sendt"
    r"|lähetetty|wysłan|odeslán|odoslan|küldve|trimis|отправлен|надіслан|изпратено|posla|saadetud"
    r"|išsiųsta|sūtīts|στάλθηκε|εστάλη|enviat|đã|được|gửi|ส่ง|dikirim|terkirim|أ|تم|נשלח|发自|發自"
    r"|发送自|邮件发送自|来自|來自|寄自)",
    re.IGNORECASE,
)
# "Get Outlook for iOS", translated.
_GET_OUTLOOK = re.compile(
    r"\b(?:get|holen|beziehen|téléchargez?r?|obtene[rz]|obtén|obtenha|obter|ottieni|scarica"
    r"|download(?:en)?|skaffa|hämta|hent|skaff|hanki|lataa|pobierz|získejte|stáhnout|stiahnuť"
    r"|letöltése|obțineți|загрузите|скачать|отримати|завантажити|edinin|λήψη|tải|dapatkan)\b"
    r"|ดาวน์โหลด|获取|取得|下载|下載|入手|다운로드|الحصول|הורד",
    re.IGNORECASE,
)
_PLATFORM = re.compile(r"ios|android|mac\b|macos|windows", re.IGNORECASE)


def is_sent_from(line: str) -> bool:
    """Is this line a device's or a program's signature and nothing else?"""
    if len(line) > 4 * _LONGEST:
        return False
    text = _MARKDOWN_LINK.sub(r"\1", _LINK.sub("", line))
    text = _EXCUSE.sub("", _EXCUSE_FIRST.sub("", text)).strip("*_<>()[]\"'«» \t-–—\u200e\u200f")
    if not 5 <= len(text) <= _LONGEST:
        return False
    if _ANYTHING.match(text):
        return True
    words = len(text.split())
    if "outlook" in text.lower() and _PLATFORM.search(text) and _GET_OUTLOOK.search(text):
        return words <= 9
    return _tells_of_a_device(text, words)


def _tells_of_a_device(text: str, words: int) -> bool:
    """A word for "sent", and a device; or nothing that makes a sentence of the rest."""
    front = _BEFORE.match(text) is not None
    bare = text.rstrip(".。!！")
    behind = _BEHIND.search(bare) is not None
    device = _DEVICE.search(text) is not None
    sentence = re.search(r"[,;:?？，；：、]|[.!。！]\s*\S|[.!。！]$", text) is not None
    if device and (front or behind):
        alone = behind or _STARTS_ALONE.match(text) is not None
        return alone and words <= 14 and re.search(r"[,;?？，；]|[.!。！]\s+\S", text) is None
    return (
        not sentence
        and words <= 7
        and len(text) <= 60
        and front
        and _STARTS_ALONE.match(text) is not None
        and (words > 2 or not text.isascii())
    )
