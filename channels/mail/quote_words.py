"""The words by which mail programs announce a quotation, in some forty languages."""

import re

# "wrote" as it stands in the attribution line.
WROTE = (
    "wrote", "writes", "sent", "said", "says", "schrieb", "schreibt", "geschrieben",
    "hat geschrieben", "schrieben sie", "a écrit", "a ecrit", "écrit", "écrivait",
    "nous a dit", "ha scritto", "scrive", "escribió", "escribio", "ha escrito", "escreveu",
    "escreveu-nos", "schreef", "geschreven", "skrev", "skreiv", "napisał", "napisała",
    "napisał(a)", "napisal", "pisze", "napsal", "napsala", "napsal(a)", "napísal",
    "napísala", "napísal(a)", "kirjoitti", "írta", "ezt írta", "a scris", "написал",
    "написала", "написал(а)", "написав", "написала", "написав(ла)", "пишет", "пише",
    "написа", "напиша", "napisao", "napisala", "napisao/la", "je napisao", "je napisala",
    "yazdı", "yazdi", "şunları yazdı", "şöyle yazdı", "έγραψε", "kirjutas", "rašė",
    "rakstīja", "skrifaði", "va escriure", "ha escrit", "idatzi zuen", "escribiu", "shkroi",
    "menulis", "tulis", "đã viết", "viết", "เขียน", "כתב", "כתבה", "כתב/ה", "مكتوب", "كتب",
    "كتبت", "نوشت", "写道", "寫道", "写到", "编写", "撰写", "作成", "書きました", "写了", "寫了",
    "wrote-", "เขียนว่า", "メール", "のメール", "tarihinde şunu yazdı", "ha scritto quanto segue",
    "작성", "작성했습니다", "님이 작성", "님이 작성하였습니다", "작성하였습니다", "쓴 글",
    "さんは書きました", "のメッセージ", "viestin kirjoitti",
)  # fmt: skip
# What an attribution line begins with (a date or a name may stand there as well).
LEADS = (
    "on", "at", "am", "vom", "le", "el", "il", "em", "op", "den", "dne", "dnia", "w dniu", "pe",
    "la", "dana", "v", "в", "на", "în", "in data", "a", "kl", "tir", "ons", "tor", "fre", "lør",
    "søn", "man", "στις", "ngày", "pada", "vào", "เมื่อ", "ב", "في", "在", "于", "於", "dia",
    "ma", "ti", "ke", "to", "su", "2", "data", "il giorno", "le lun", "quote", "citát",
)  # fmt: skip

_WROTE_END = "|".join(sorted(map(re.escape, WROTE), key=len, reverse=True))
# The verb closes the line (a colon, dashes or a bracket may follow) ...
ENDS_WITH_WROTE = re.compile(
    rf"(?:^|[\s>,，)\]\"'\d\u3400-\u9fff가-힣])(?:{_WROTE_END})\s{{0,2}}(?:-{{2,}}|[:：]?-{{0,10}})\s{{0,2}}$",
    re.IGNORECASE,
)
# ... or stands between the date and the name, which a colon closes.
HAS_WROTE = re.compile(rf"(?:^|[\s>,，])(?:{_WROTE_END})(?=[\s:：,]|$)", re.IGNORECASE)
LEAD = re.compile(
    rf"(?:{'|'.join(sorted(map(re.escape, LEADS), key=len, reverse=True))})\b", re.IGNORECASE
)

# Field names of a quoted header block, by what they mean.
FIELDS = {
    "from": "from|von|de|da|van|fra|från|od|lähettäjä|feladó|от|від|από|kimden|gönderen|mittente"
    "|expéditeur|remitente|afzender|avsender|odesílatel|nadawca|отправитель|发件人|寄件者|寄件人"
    "|發件人|发信人|差出人|送信者|보낸\\s?사람|보낸이|saatja|nuo|no|від кого|от кого|מאת|من|dari"
    "|người gửi|từ|จาก|pošiljatelj|expeditor|de la|message de|message from",
    "date": "date|sent|datum|gesendet|envoyé|envoyé le|date d'envoi|enviado|enviado el|enviada em"
    "|enviado em|fecha|data|inviato|verzonden|verzonden op|sendt|dato|skickat|wysłano|wysłane"
    "|odesláno|odoslané|lähetetty|päivämäärä|päiväys|elküldve|küldve|dátum|дата|отправлено"
    "|надіслано|изпратено|ημερομηνία|στάλθηκε|gönderildi|gönderilme tarihi|tarih|trimis|poslano"
    "|发送时间|发送日期|時間|时间|日期|寄件日期|傳送時間|寄送時間|傳送日期|送信日時|日時|日付|送信日"
    "|보낸\\s?날짜|날짜|보낸\\s?시간|saadetud|nosūtīts|išsiųsta|נשלח|תאריך|التاريخ|تاريخ الإرسال"
    "|tanggal|ngày|đã gửi|วันที่|ส่ง|message du|le|data di invio|sendedatum",
    "to": "to|an|à|a|para|aan|til|till|do|komu|vastaanottaja|címzett|кому|до|към|προς|kime|alıcı"
    "|către|za|destinatario|destinataire|收件人|收件者|收信人|宛先|받는\\s?사람|받는이|kellele|kam|kom"
    "|אל|إلى|kepada|đến|tới|ถึง|per|recipient",
    "subject": "subject|betreff|objet|sujet|asunto|assunto|oggetto|onderwerp|emne|ämne|temat"
    "|předmět|predmet|aihe|tárgy|тема|θέμα|konu|subiect|主题|主題|主旨|标题|件名|제목|teema|temats"
    "|tema|נושא|الموضوع|subjek|perihal|chủ đề|tiêu đề|หัวเรื่อง|re",
    "cc": "cc|kopie|copie|copie à|copia|cópia|kopi|kopia|dw|kopio|másolat|копия|копія|κοιν"
    "|bilgi|抄送|副本|참조|ל-cc|reply-to|antwort an|répondre à|responder a|rispondi a|risposta"
    "|回复|importance"
    "|priority|priorität|attachments|bilagor|anlagen|pièces jointes|附件|organization|mailed-by",
}
_BY_NAME = {name: kind for kind, names in FIELDS.items() for name in names.split("|")}
FIELD = re.compile(
    rf"[>\s]{{0,8}}[*_]{{0,2}}({'|'.join(sorted(_BY_NAME, key=len, reverse=True))})"
    r"\s{0,3}[*_]{0,2}\s{0,2}[:：][*_]{0,2}(?=\s|$|[^/\s])",
    re.IGNORECASE,
)
_SPACED = {name.replace("\\s?", " "): kind for name, kind in _BY_NAME.items()} | {
    name.replace("\\s?", ""): kind for name, kind in _BY_NAME.items()
}


def field_kind(name: str) -> str:
    """from, date, to, subject or cc for a field name matched by FIELD."""
    return _SPACED.get(" ".join(name.lower().split()), "cc")


# "-----Original Message-----" and its cousins.
_MESSAGE = (
    "message|nachricht|mensaje|mensagem|messaggio|bericht|melding|meddelande|meddelelse|besked"
    "|wiadomość|wiadomosc|zpráva|správa|viesti|üzenet|mesaj|ileti|μήνυμα|сообщение|письмо"
    "|повідомлення|лист|съобщение|poruka|sporočilo|pesan|thư|tin nhắn|missatge|mezua|mail|e-mail"
    "|邮件|郵件|邮件原件|消息|訊息|メッセージ|메시지|메일|הודעה|رسالة|ข้อความ|pranešimas|ziņojums|kiri"
)
MESSAGE_RULE = re.compile(
    rf"[>\s*]{{0,6}}[-_=─—]{{2,60}}\s{{0,4}}[*]{{0,2}}(?:[\w.'’ -]{{0,40}}?(?:{_MESSAGE})\b"
    r"[\w.'’ -]{0,30}|\w{0,12}(?:原始|转发|轉寄|回复|回覆|原)[\w ]{0,20}"
    r"|원본[\w ]{0,20}|original|元の[\w ]{0,20})"
    r"[*:：]{0,2}\s{0,4}[-_=─—]{2,60}\s{0,3}\*{0,2}\s*$",
    re.IGNORECASE,
)
FORWARD_RULE = re.compile(
    r"[>\s*]{0,6}(?:[-_=]{2,60}\s{0,4}[\w' ]{0,30}?(?:forward|weitergeleitet|transféré|transmis"
    r"|reenviad|encaminhad|inoltrat|doorgestuurd|videresend|vidaresänd|vidarebefordrat|przekazan"
    r"|přeposlan|пересылаем|пересланное|переслан|转发|轉寄|転送|전달|iletilen|továbbított|välitetty)"
    r"|(?:begin forwarded message|anfang der weitergeleiteten"
    r"|début du message (?:transféré|réexpéd)"
    r"|inizio messaggio inoltrato|inicio del mensaje reenviado|início da mensagem encaminhada"
    r"|begin doorgestuurd bericht|vidarebefordrat brev|videresendt besked|начало переадресованного"
    r"|开始转发的邮件|以下是转发的邮件|下面是被转发的邮件|轉寄的郵件開始))",
    re.IGNORECASE,
)
# What help desks put at the top of their mails, so that all below it is theirs.
REPLY_ABOVE = re.compile(
    r"[>\s*#=_-]{0,60}(?:"
    r"(?:please )?(?:(?:type|write|enter|add|put) )?(?:your )?(?:reply|respond|answer)"
    r" (?:above|over) this line"
    r"|(?:bitte )?(?:antworten sie |antwort )?(?:oberhalb|über) dieser (?:linie|zeile)"
    r"|(?:veuillez )?répond(?:re|ez) au-dessus de cette ligne"
    r"|(?:请|請)?(?:在|于|於)(?:此|这|這)(?:行|线|線)(?:之)?(?:上方|以上|上面).{0,20}"
    r")[\s*#=_.-]{0,60}$",
    re.IGNORECASE,
)
