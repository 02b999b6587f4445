"""The charset of bytes that nobody labelled, or labelled wrongly: by the commonest letters.

A text is in the charset in which most of its letters are those that its language uses most.
"""

import re
import unicodedata
from typing import NamedTuple

_LOOK_AT = 16 * 1024
_RUNS = re.compile(rb"[\x80-\xff]+")
_HAN = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方"
    "多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情"
    "明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给"
    "世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太"
    "量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象"
    "完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运您请谢订单退款号码登录客服帮"
)
_HANT = (
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然家種事成方"
    "多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心本前開但因只從想實日者意無力它與長把機十民第公此已工使情明性"
    "知全三又關點正業外將兩高間由問很最重並物手應向頭文體相見被利什二等產或新己制身加西月話合回特代內信表化老給世位次度門任常"
    "先通教原東聲提立及比員解名真論處走義各入幾口認條平系氣題活更別打女變四總何電數安少報才結反受目太量再感建務做接必場件計管"
    "期市直資命金指許統區保至隊形社便空決展科司基書非則聽光放強即難且權思完設式色路記品告類求據程交規取術確您請謝訂單退款號"
)
_HANGUL = (
    "이다는을의에가하고지를은한로도사기자서그나리어들해인일수아시있대스과와니만보라요주습정것게면제안여부장전오세구상으원년까합"
    "우없말때선내경문데방적동미된성무심러실위연계신고객환불문의답변확인메일감주문"
)
_KANA = (
    "のにをはがでとてたしいなまうるすかれきらもこくさけっりよあそだせつえんおじどアイウエオカキクケコサシス"
    "セソタチツテトナニノハヒフマミムメモラリルレロワンーガギグゲゴザジズダデドバビブベボパピプペポッャュョ"
)


class _Charset(NamedTuple):
    """A charset, the letters that are common in it, and the share of a text they make up."""

    codec: str
    letters: frozenset[str]
    share: float


_MULTIBYTE = (
    _Charset("gb18030", frozenset(_HAN), 0.28),
    _Charset("big5hkscs", frozenset(_HANT), 0.28),
    _Charset("cp949", frozenset(_HANGUL), 0.3),
    _Charset("euc_jp", frozenset(_KANA), 0.3),
    _Charset("cp932", frozenset(_KANA), 0.3),
)
_SINGLE_BYTE = (
    _Charset("cp1251", frozenset("оеаинтсрвлкмдпу"), 0.6),
    _Charset("koi8_r", frozenset("оеаинтсрвлкмдпу"), 0.6),
    _Charset("cp1253", frozenset("αοιετσνηυρπκμλς"), 0.6),
    _Charset("cp1255", frozenset("יולאהמרבתשנחדקע"), 0.6),
    _Charset("cp1256", frozenset("اليمنوترهبدعةسك"), 0.6),
    _Charset("cp874", frozenset("านรกอเงมย่วลตสด้ทิะค"), 0.5),
)


def likely_charset(data: bytes) -> str:
    """The codec whose language the bytes are most likely in, "" when none stands out.

    Western letters come singly among ASCII ones; those of other scripts in runs.
    """
    sample = data[:_LOOK_AT]
    runs = _RUNS.findall(sample)
    high = sum(map(len, runs))
    if high < 6 or high < 2.5 * len(runs):
        return ""
    for charsets in (_MULTIBYTE, _SINGLE_BYTE):
        shares = {charset: _share(sample, charset) / charset.share for charset in charsets}
        best = max(shares, key=lambda one: shares[one])
        if shares[best] >= 1:
            return best.codec
    return ""


def _share(sample: bytes, charset: _Charset) -> float:
    """How much of what is not ASCII is made of the charset's common letters."""
    try:
        text = sample.decode(charset.codec)
    except UnicodeDecodeError as error:
        if error.end < len(sample) - 4:  # the sample may end within a character
            return 0.0
        text = sample[: error.start].decode(charset.codec, "ignore")
    letters = [c for c in text if c > "\x7f" and unicodedata.category(c)[0] not in "PSZ"]
    if not letters:
        return 0.0
    return sum(1 for char in letters if char in charset.letters) / len(letters)
