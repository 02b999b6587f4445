"""The lines by which mail programs announce a quotation, as their users see them."""

ATTRIBUTIONS = """\
On Tue, 3 Feb 2026 at 10:00, Ann Example <ann@example.com> wrote:
On 3 Feb 2026, at 10:00, Ann Example <ann@example.com> wrote:
On 2026-02-03 10:00, Ann Example wrote:
On Tuesday, February 3, 2026, Ann Example <ann@example.com> wrote:
On 02/03/2026 07:10 AM, Ann Example wrote:
At 03:10 PM 2/3/2026, Ann Example wrote:
Am 03.02.2026 um 10:00 schrieb Ann Example:
Am Di., 3. Feb. 2026 um 10:00 Uhr schrieb Ann Example <ann@example.com>:
Ann Example <ann@example.com> schrieb am Di., 3. Feb. 2026, 10:00:
Am 3.2.2026 um 10:00 schrieb "Ann Example" <ann@example.com>:
Le mar. 3 févr. 2026 à 10:00, Ann Example <ann@example.com> a écrit :
Le 03/02/2026 à 10:00, Ann Example a écrit :
Le mardi 3 février 2026, Ann Example <ann@example.com> a écrit :
El mar, 3 feb 2026 a las 10:00, Ann Example (<ann@example.com>) escribió:
El martes, 3 de febrero de 2026, Ann Example <ann@example.com> escribió:
El 3/2/26 a las 10:00, Ann Example escribió:
Em ter., 3 de fev. de 2026 às 10:00, Ann Example <ann@example.com> escreveu:
Em 03/02/2026 10:00, Ann Example escreveu:
Il giorno mar 3 feb 2026 alle ore 10:00 Ann Example <ann@example.com> ha scritto:
Il 03/02/2026 10:00, Ann Example ha scritto:
Op di 3 feb 2026 om 10:00 schreef Ann Example <ann@example.com>:
Op 3 feb 2026 om 10:00 heeft Ann Example <ann@example.com> het volgende geschreven:
Op 03-02-2026 10:00, schreef Ann Example:
Den tis 3 feb. 2026 kl 10:00 skrev Ann Example <ann@example.com>:
Den 2026-02-03 kl. 10:00, skrev Ann Example:
3 feb. 2026 kl. 10:00 skrev Ann Example <ann@example.com>:
tir. 3. feb. 2026 kl. 10:00 skrev Ann Example <ann@example.com>:
Den tirsdag den 3. februar 2026 skrev Ann Example <ann@example.com>:
På 3 februar 2026 på 10:00:18, Ann Example (ann@example.com) skrev:
ti 3. helmik. 2026 klo 10.00 Ann Example (ann@example.com) kirjoitti:
Ann Example <ann@example.com> kirjoitti 3.2.2026 kello 10.00:
wt., 3 lut 2026 o 10:00 Ann Example <ann@example.com> napisał(a):
W dniu 03.02.2026 o 10:00, Ann Example pisze:
W dniu 3 lutego 2026 10:00 użytkownik Ann Example <ann@example.com> napisał:
út 3. 2. 2026 v 10:00 odesílatel Ann Example <ann@example.com> napsal:
Dne 03. 02. 26 v 10:00 Ann Example napsal(a):
ut 3. 2. 2026 o 10:00 Ann Example <ann@example.com> napísal(a):
Ann Example <ann@example.com> ezt írta (időpont: 2026. febr. 3., K, 10:00):
2026.02.03. 10:00 keltezéssel, Ann Example írta:
În mar., 3 feb. 2026 la 10:00, Ann Example <ann@example.com> a scris:
вт, 3 февр. 2026 г. в 10:00, Ann Example <ann@example.com>:
3 февраля 2026 г., 10:00 пользователь Ann Example <ann@example.com> написал:
03.02.2026 10:00, Ann Example пишет:
вт, 3 лют. 2026 р. о 10:00 Ann Example <ann@example.com> пише:
На вт, 3.02.2026 г. в 10:00 Ann Example <ann@example.com> написа:
Στις Τρί 3 Φεβ 2026 στις 10:00 π.μ., ο χρήστης Ann Example <ann@example.com> έγραψε:
Ann Example <ann@example.com>, 3 Şub 2026 Sal, 10:00 tarihinde şunu yazdı:
Ann Example <ann@example.com> şunları yazdı (3 Şub 2026 10:00):
uto, 3. velj 2026. u 10:00 Ann Example <ann@example.com> napisao je:
V V tor., 3. feb. 2026 ob 10:00 je oseba Ann Example <ann@example.com> napisala:
Kuupäev T, 3. veebruar 2026 kell 10:00 kirjutas Ann Example (<ann@example.com>):
2026-02-03, an, 10:00 Ann Example <ann@example.com> rašė:
otrd., 2026. g. 3. febr., plkst. 10:00 — lietotājs Ann Example (<ann@example.com>) rakstīja:
Vào Th 3, 3 thg 2, 2026 vào lúc 10:00 Ann Example <ann@example.com> đã viết:
Pada tanggal Sel, 3 Feb 2026 pukul 10.00 Ann Example <ann@example.com> menulis:
ในวันที่ อ. 3 ก.พ. 2026 เวลา 10:00 Ann Example <ann@example.com> เขียนว่า:
‫בתאריך יום ג׳, 3 בפבר׳ 2026 ב-10:00 מאת ‪Ann Example‬‏ <‪ann@example.com‬‏>:‬
في الثلاثاء، 3 فبراير 2026 في 10:00 ص تمت كتابة ما يلي بواسطة Ann Example <ann@example.com>:
於 2026年2月3日 週二 上午10:00寫道：
Ann Example <ann@example.com> 於 2026年2月3日 週二 上午10:00寫道：
Ann Example <ann@example.com> 于2026年2月3日周二 10:00写道：
在 2026年2月3日，上午10:00，Ann Example <ann@example.com> 写道：
在 2026/2/3 10:00, Ann Example 写道:
在2026-02-03 10:00:00，"Ann Example" <ann@example.com> 写道：
At 2026-02-03 10:00:00, "Ann Example" <ann@example.com> wrote:
2026年2月3日(火) 10:00 Ann Example <ann@example.com>:
2026年2月3日(火) 10:00 Ann Example <ann@example.com> さんは書きました:
2026/02/03 10:00、Ann Example <ann@example.com>のメール:
On 2026/02/03 10:00, Ann Example wrote:
2026년 2월 3일 (화) 오전 10:00, Ann Example <ann@example.com>님이 작성:
2026. 2. 3. 오전 10:00, Ann Example <ann@example.com> 작성:
2026-02-03 10:00 GMT+01:00 Ann Example <ann@example.com>:
03.02.2026, 10:00, "Ann Example" <ann@example.com>:
Ann Example <ann@example.com> wrote on Tue, Feb 3 2026:
Ann Example <ann@example.com> writes:
"Ann Example" <ann@example.com> wrote:
De : Ann Example <ann@example.com> le 03/02/2026 10:00 a écrit :
---- On Tue, 03 Feb 2026 10:00:00 +0100 Ann Example <ann@example.com> wrote ----
---- Am Di, 03 Feb. 2026 10:00:00 +0100 Ann Example <ann@example.com> schrieb ----
Ann Example <notifications@example.com> 於 2026/2/3 下午 10:00 寫道:
In a message dated 2/3/2026 10:00:00 AM Eastern Standard Time, ann@example.com writes:
In message <x1@example.org> Ann Example writes:
Ann Example via Example Desk wrote:
On Mon, Ann Example wrote:
Posted by ann on 02/03/2026
At 2/3/2026 08:32 PM, you wrote:
Le 03/02/2026 10:00, Ann Example nous a dit :
Am 03.02.2026 um 10:00 schrieben Sie:
On 2/3/2026 10:00 AM, Ann Example says:
Quoting Ann Example <ann@example.com>:
Zitat von Ann Example <ann@example.com>:
Ann Example/ORG/Example wrote on 02/03/2026 10:00:00 AM:
Ann schrieb am 3. Februar 2026:
Ann kirjoitti 3.2.2026 klo 10.00:
>>> Ann Example <ann@example.com> 03.02.2026 10:00 >>>
On Tue, 3 Feb 2026 at 10:00, Ann <ann@example.com>
Ann Example <ann@example.com> skrev følgende den 3. feb. 2026 10:00:
Den tis 3 feb. 2026 10:00 skrev "Ann Example" <ann@example.com> följande:
martes, 3 de febrero de 2026, 10:00:16 -0400, Ann Example <ann@example.com>:
Wednesday, 3 February 2026, 3:32 PM +0300 from ann@example.com <ann@example.com>:
10:00, 3 февраля 2026 г., "Ann Example" <ann@example.com>:
O Ter, 3 de fev de 2026, 10:00, Ann <ann@example.com> escribiu:
في ٣ فبراير ٢٠٢٦، كتب Ann <ann@example.com>:
‫ב-3 בפבר׳ 2026, בשעה 10:00, Ann <ann@example.com> כתב/ה:‬
2026년 2월 3일 (화) 10:00, Ann <ann@example.com>님이 작성하였습니다:
2026. 2. 3. 오전 10:00에 Ann 이(가) 쓴 글:
Ann さんは書きました (2026/02/03 10:00):
From: Ann Example <ann@example.com>
De : Ann Example <ann@example.com>
发件人: Ann <ann@example.com>
""".splitlines()

RULES = """\
------- Original Message -------
-------- Original Message --------
-----Original Message-----
-----Ursprüngliche Nachricht-----
-----Message d'origine-----
-----Mensaje original-----
-----Mensagem original-----
-----Messaggio originale-----
-----Oorspronkelijk bericht-----
-----Ursprungligt meddelande-----
-----Oprindelig meddelelse-----
-----Opprinnelig melding-----
-----Alkuperäinen viesti-----
-----Wiadomość oryginalna-----
-----Původní zpráva-----
-----Pôvodná správa-----
-----Eredeti üzenet-----
-----Mesaj original-----
-----Исходное сообщение-----
-----Оригінальне повідомлення-----
-----Αρχικό μήνυμα-----
-----Orijinal İleti-----
------------------ 原始邮件 ------------------
-----邮件原件-----
-------- 转发邮件信息 --------
-----元のメッセージ-----
-----Original-----
-----원본 메시지-----
-------- Messaggio originale --------
---------- Původní e-mail ----------
_____ Original message _____
----- Reply message -----
-----Antwort Nachricht-----
---- 回复的原邮件 ----
##- Please type your reply above this line -##
-- Reply above this line --
=-=-= Bitte antworten Sie oberhalb dieser Linie =-=-=
----- 请在此行上方回复 -----
""".splitlines()

# From, date, to and subject as Outlook, Apple Mail, Foxmail and others name them.
HEADER_BLOCKS = [
    row.split("|")
    for row in """\
From|Sent|To|Subject
Von|Gesendet|An|Betreff
Von|Datum|An|Betreff
De|Envoyé|À|Objet
De|Date|À|Objet
De|Enviado el|Para|Asunto
De|Fecha|Para|Asunto
De|Enviada em|Para|Assunto
De|Data|Para|Assunto
Da|Inviato|A|Oggetto
Da|Data|A|Oggetto
Van|Verzonden|Aan|Onderwerp
Van|Datum|Aan|Onderwerp
Från|Skickat|Till|Ämne
Från|Datum|Till|Ämne
Fra|Sendt|Til|Emne
Fra|Dato|Til|Emne
Lähettäjä|Lähetetty|Vastaanottaja|Aihe
Lähettäjä|Päivämäärä|Vastaanottaja|Aihe
Od|Wysłano|Do|Temat
Od|Data|Do|Temat
Od|Odesláno|Komu|Předmět
Od|Datum|Komu|Předmět
Od|Odoslané|Komu|Predmet
Feladó|Elküldve|Címzett|Tárgy
Feladó|Küldve|Címzett|Tárgy
De la|Trimis|Către|Subiect
От|Отправлено|Кому|Тема
От|Дата|Кому|Тема
Від|Надіслано|Кому|Тема
От|Изпратено|До|Относно
Από|Στάλθηκε|Προς|Θέμα
Kimden|Gönderildi|Kime|Konu
Gönderen|Gönderilme Tarihi|Kime|Konu
发件人|发送时间|收件人|主题
发件人|日期|收件人|主题
寄件者|寄件日期|收件者|主旨
寄件人|傳送時間|收件人|主旨
差出人|送信日時|宛先|件名
差出人|日時|宛先|件名
送信者|送信日時|宛先|件名
보낸 사람|보낸 날짜|받는 사람|제목
보낸사람|날짜|받는사람|제목
Từ|Đã gửi|Đến|Chủ đề
Dari|Tanggal|Kepada|Subjek
จาก|วันที่|ถึง|เรื่อง
Od|Poslano|Za|Zadeva
Od|Poslano|Za|Predmet
מאת|נשלח|אל|נושא
من|تاريخ الإرسال|إلى|الموضوع
Saatja|Saadetud|Adressaat|Teema
Nuo|Išsiųsta|Kam|Tema
No|Nosūtīts|Kam|Temats
""".splitlines()
]

# What devices and mail programs put below a text.
SENT_FROM = """\
Sent from my Verizon Wireless 4G LTE smartphone
Sent from Mail<https://go.example.com/fwlink/?LinkId=1> for Windows
Sent with [Example Mail](https://example.com) secure email.
<<sent by galaxy>>
(Sent from mobile device)
From my iPhone
Get BlueMail for Android
Sent from my phone, please excuse typos.
Please excuse brevity, sent from mobile
*Sent from my iPhone*
Diese Nachricht wurde von meinem Android-Mobiltelefon mit K-9 Mail gesendet.
Von Samsung Mobile gesendet
Outlook für iOS beziehen
Télécharger Outlook pour Android
Envoyé de mon téléphone Samsung
Obtener Outlook para iOS
Enviado desde mi iPhone
Obter o Outlook para iOS
Enviado do meu iPhone
Scarica Outlook per iOS
Inviato da iPhone
Download Outlook voor iOS
Verstuurd vanaf mijn iPhone
Skaffa Outlook för iOS
Skickat från min iPhone
Hent Outlook til iOS
Sendt fra min iPhone
Hanki Outlook iOS:lle
Lähetetty iPhonesta
Pobierz aplikację Outlook dla systemu iOS
Wysłano z iPhone'a
Stáhnout Outlook pro iOS
Odesláno z mého iPhonu
Odoslané z iPhonu
Az iPhone-omról küldve
Trimis de pe iPhone-ul meu
Загрузите Outlook для iOS
Отправлено с iPhone
Надіслано з iPhone
Изпратено от моя iPhone
Poslano iz mog iPhone uređaja
iPhone'umdan gönderildi
iOS için Outlook'u edinin
Στάλθηκε από το iPhone μου
Đã gửi từ iPhone của tôi
ส่งจาก iPhone ของฉัน
Dikirim dari iPhone saya
أُرسلت من الـ iPhone
נשלח מה-iPhone שלי
发自我的小米手机
发自我的华为手机
来自我的华为手机
从 Windows 版邮件发送
发送自 Windows 10 版邮件应用
从我的iPhone发送
获取 Outlook for iOS<https://example.com/x>
寄自我的 iPhone
從我的 iPhone 傳送
取得 iOS 版 Outlook
iPhoneから送信
iOS 版 Outlook を入手
내 Galaxy에서 보냄
iOS용 Outlook 다운로드
""".splitlines()
