"""The words around a grade and a section, in the languages of the schools that are known to write them."""

import re

NUMBER, GRADE, SECTION, ORDINAL, PREFIX = "number", "grade", "section", "ordinal", "prefix"
"""Kinds of words. A prefix is a letter that stands for "grade" only in front of a number: Y9, G9."""

_WORDS = {
    GRADE: "class grade std standard year yr form cls cl gr level klasse kl jahrgang jahrgangsstufe stufe klas klass"
    " classe clase curso grado año ano série serie klasa třída trieda razred luokka osztály sınıf kelas lớp"
    " класс класса клас кл сынып разред kaksha varg iyatta shreni"
    " कक्षा वर्ग इयत्ता श्रेणी जमात শ্রেণী শ্রেণি ক্লাস வகுப்பு తరగతి ತರಗತಿ ക്ലാസ് ക്ലാസ്സ് ધોરણ ધો કક્ષા ਜਮਾਤ ਕਲਾਸ ଶ୍ରେଣୀ"
    " جماعت کلاس الصف صف پایه כיתה 第 年级 年級 学年 學年 年 年生 학년 ชั้น",
    SECTION: "section sec sect sectn secn division div stream group grp sección seccion seção turma paralelo grupo şube"
    " अनुभाग सेक्शन खंड विभाग तुकडी பிரிவு విభాగం సెక్షన్ ವಿಭಾಗ শাখা সেকশন ਸੈਕਸ਼ਨ શાખા વિભાગ شعبة سیکشن группа 班 組 组 반",
    ORDINAL: "st nd rd th й ый ий го वीं वी वीँ वां वाँ वा वे वें ம் ஆம் వ వది ನೇ ാം ആം ম ষ্ঠ র্থ মো মી મું મા ਵੀਂ ਵਾਂ ਵੀ ମ ویں واں",
    PREFIX: "y g",
}
_ATTACHED = "no na vo va to ta do da ro ra mo ma er ère ème eme ième ieme ой uncu üncü inci ıncı"
"""Endings that are one only directly behind the number: elsewhere they may be the name of a section."""
_NUMBER_WORDS = {
    1: "one first", 2: "two second", 3: "three third", 4: "four fourth",
    5: "five fifth quinto quinta पांच पाँच पांचवीं पाँचवीं पाचवी পঞ্চম الخامس پنجم 五",
    6: "six sixth sexto sexta छह छः छठी छठवीं सहावी ষষ্ঠ السادس ششم 六",
    7: "seven seventh séptimo séptima sétimo sétima सात सातवीं सातवी সপ্তম السابع ہفتم 七",
    8: "eight eighth octavo octava oitavo oitava आठ आठवीं आठवी অষ্টম الثامن ہشتم 八",
    9: "nine ninth nineth noveno novena nono नौ नौवीं नवीं नववी নবম التاسع نہم 九",
    10: "ten tenth décimo décima दस दसवीं दहावी দশম العاشر دہم 十",
    11: "eleven eleventh ग्यारह ग्यारहवीं अकरावी একাদশ 十一", 12: "twelve twelfth बारह बारहवीं बारावी দ্বাদশ 十二",
    13: "thirteen thirteenth",
}  # fmt: skip
_ROMAN = {
    "I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7, "VIII": 8, "IX": 9, "X": 10, "XI": 11,
    "XII": 12, "XIII": 13,
}  # fmt: skip
_CYRILLIC = str.maketrans("ІХ", "IX")
"""Letters that people on a Cyrillic keyboard type for Roman digits."""


def folded(word: str) -> str:
    """Return a word in NFKC as it is looked up: without case, and without joiners, which keyboards set differently."""
    return word.casefold().replace("\u200c", "").replace("\u200d", "")


WORDS = {folded(word): kind for kind, words in _WORDS.items() for word in words.split()}
ATTACHED_ORDINALS = frozenset(folded(word) for word in _ATTACHED.split())
NUMBER_WORDS = {folded(word): number for number, words in _NUMBER_WORDS.items() for word in words.split()}
NUMERAL = re.compile("|".join(_ROMAN))
"""The numbers that a letter may follow without a space: IXA. "Tens" is not ten and section S."""
ATTACHING = frozenset(["section", "sec", "division"])
"""Words that a single letter may follow without a space: SECTIONB. "Diva" is a name, not division A."""


def roman(word: str) -> int:
    """Return the value of a Roman number up to 13; 0 if the word is none."""
    return _ROMAN.get(word.upper().translate(_CYRILLIC), 0)
