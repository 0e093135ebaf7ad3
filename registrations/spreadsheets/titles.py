"""What the title of a column means, in the spellings of schools, school systems and forms."""

import re
import unicodedata
from functools import lru_cache

from registrations.spreadsheets.meanings import STUDENT_COLUMNS, Meaning
from registrations.students.class_words import GRADE, SECTION, WORDS, folded
from registrations.students.names import name_key
from techfest.core.text import has_mark_run

_MORE_TITLES = {
    Meaning.NAME: (
        "member|member name|name of member|team member|team member name|"
        "learner name|applicant name|fio|фио|nom|nome|naam|имя и фамилия|nombre completo|nom complet"
        "|vor und nachname|nama lengkap|nama|nama siswa"
        "|nama peserta|nama murid|tên|họ tên|họ và tên|teljes név|名|keresztnév|utónév"
        "|apellidos y nombres|apellidos y nombre|apellidos nombres"
        "|nombres y apellidos|nombre y apellidos"
        "|nome do aluno|nome da aluna|nome do estudante|nome completo|cognome e nome"
        "|nome e cognome|nazwisko i imię|imię i nazwisko"
        "|name vorname|nom et prénom|nom prénom|prénom et nom|nombre del alumno|alumno|alumno a"
        "|élève|schüler|ad soyad|adı soyadı|الاسم|اسم الطالب|生徒名|氏名|이름"
    ),
    Meaning.GIVEN_NAME: (
        "first name|given name|given names|forename|fore name|forenames|firstname|givenname|fname"
        "|f name|name first|christian name|prénom|prénoms|prenom|prenoms|premier prénom|nombres"
        "|primer nombre|1er nombre|1 nombre|primeiro nome|nome próprio|primo nome|vorname|vornamen"
        "|rufname|имя|imię|pierwsze imię|ime|jméno|křestní jméno|voornaam|voornamen|roepnaam"
        "|förnamn|tilltalsnamn|fornavn|etunimi|ad|adı|nama depan|ім'я|الاسم الأول|पहला नाम|प्रथम नाम"
        "|प्रथम नाव|முதல் பெயர்|প্রথম নাম|姓|họ|họ đệm|họ và đệm|họ và tên đệm|họ và tên lót"
        "|vezetéknév|családnév|családi név"
    ),
    Meaning.MIDDLE_NAME: (
        "middle name|middle names|middlename|mname|m name|middle initial|mi|additional name"
        "|other name|other names|name middle|second given name|second name|second forename"
        "|segundo nombre|2do nombre|2 nombre|otros nombres|otro nombre|segundo nome|outros nomes"
        "|nome do meio|nomes do meio|secondo nome|deuxième prénom|second prénom|autres prénoms"
        "|zweiter vorname|weitere vornamen|drugie imię|mellannamn|mellomnavn|mellemnavn|ikinci ad"
        "|ikinci adı|nama tengah|tên đệm|tussenvoegsel|tussenvoegsels|tussenv|voorvoegsel"
        "|voorvoegsels|namenszusatz|patronymic|отчество|по батькові|मध्य नाम|मधले नाव"
    ),
    Meaning.FAMILY_NAME: (
        "last name|lastname|lname|l name|surname|sur name|family name|familyname|name last|initial"
        "|initials|first surname|first last name|apellido|apellidos|primer apellido|1er apellido"
        "|1 apellido|apellido paterno|ap paterno|a paterno|paterno|apelidos|cognoms|primer cognom"
        "|último nome|ultimo nome|primeiro sobrenome|último sobrenome|sobrenomes|primeiro apelido"
        "|prezime|příjmení|priezvisko|priimek|прізвище|اللقب|النسب|nachname|familienname"
        "|zuname|nom de famille|nom d'usage|cognome|sobrenome|apelido|фамилия|nazwisko|achternaam"
        "|familienaam|efternamn|etternavn|efternavn|sukunimi|soyad|soyadı|nama belakang"
        "|اسم العائلة|उपनाम|कुलनाम|सरनेम|आडनाव|અટક"
    ),
    Meaning.SECOND_FAMILY_NAME: (
        "second surname|second last name|second family name|maternal surname|segundo apellido"
        "|2do apellido|2 apellido|apellido materno|ap materno|a materno|materno|segon cognom"
        "|segundo sobrenome|segundo apelido"
    ),
    Meaning.LAST_FIRST: ("last first|lastfirst|last name first name|surname first name|student last first"),
    Meaning.GRADE: (
        "grade level|gradelevel|year group|yeargroup|nc year|year level|grades|class name|classname"
        "|standard name|class standard|klasse|klasa|klas|klass|класс|grado|année|sınıf|الصف|班级"
        "|jahrgang|jahrgangsstufe"
    ),
    Meaning.SECTION: ("class section name|seccion|sección|turma"),
    Meaning.ROLL_NUMBER: (
        "student number|studentnumber|class roll number|scholar no|scholar number|gr no|admn no"
        "|adm number|register no|register number|enrolment number|enrollment number|student no"
    ),
    Meaning.EMAIL: (
        "mail address|school email|school email address|pupil email|primary email|contact email"
        "|parent email address|parents email address|parent s email address|guardian email address"
        "|guardian s email|father email|mother email|father s email|mother s email|correo"
        "|correo electrónico|courriel|adresse e mail|e post|почта|электронная почта|e posta"
        "|البريد الإلكتروني"
    ),
    Meaning.EVENTS: (
        "event|events|event name|event names|name of event|name of the event|name of events"
        "|competition|competitions|competition name|name of competition|activity|activities|contest"
        "|contests|workshop|workshops|events participating|participating in|participating events"
        "|registered for|category event|choice|choices|first choice|second choice|third choice"
        "|1st choice|2nd choice|3rd choice|preference|first preference|second preference"
        "|third preference|event choice|event preference|event option|प्रतियोगिता|प्रतियोगिताएं"
        "|कार्यक्रम|स्पर्धा|இந்நிகழ்வு|நிகழ்வு|lomba|evento|eventos|événement|événements"
    ),
    Meaning.NUMBER: (
        "no|nr|s no|sno|sr no|srno|serial|serial no|serial number|sl no|slno|sl|sr|s n|sn|#|क्रम|क्रमांक|क्र|क्र सं"
    ),
    Meaning.PROBLEM: ("problem|problems"),
    Meaning.SHEET: ("sheet|sheet name|worksheet"),
    Meaning.TIMESTAMP: (
        "timestamp|time stamp|completion time|start time|submitted at|submission date|submission time"
        "|submitted on|date submitted|submit date|submit date utc|last modified time|response time"
        "|horodateur|zeitstempel|marca temporal|carimbo de data hora|отметка времени|टाइमस्टैम्प"
    ),
    Meaning.ROLE: ("role|roles|user type|user role|person type|member type"),
    Meaning.STATUS: (
        "status|enroll status|enrollment status|enrolment status|student status|admission status"
        "|current status"
    ),
    Meaning.ENABLED: ("enabled user|enableduser|enabled|active|is active|account enabled"),
}
_MEANINGS = {
    name_key(text): meaning
    for titles in ({meaning: column.titles for meaning, column in STUDENT_COLUMNS.items()}, _MORE_TITLES)
    for meaning, some in titles.items()
    for text in some.split("|")
}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FILLERS = _words(
    "a an and are as at be by child children do does enter for full give he her his in interested is kid"
    " learner legal like my of official only or part participant participants participate participating"
    " participation person please provide pupil pupils register registering required s select she state"
    " student students studies study studying take the their they to type want ward what which will with"
    " would write you your choose tick mention candidate applicant details complete correct mandatory"
    " optional following"
)
"""Words of a title that is a sentence, as in forms: "What is your full name?"."""
_OTHERS = _words(
    "father fathers mother mothers parent parents guardian guardians school teacher teachers team"
    " emergency principal coach mentor sibling brother sister friend partner escort college institution"
    " institute house contact पिता माता अभिभावक विद्यालय"
)
"""Words for other people and things that have names and addresses, too."""
_EVENT_WORDS = _words(
    "event events competition competitions contest contests workshop workshops activity activities"
    " प्रतियोगिता प्रतियोगिताएं स्पर्धा"
)
_ABOUT_EVENTS = _words(
    "fee fees paid payment amount date time timing venue place hall coordinator incharge charge code id"
    " day manager head judge score points previous earlier last past heard hear comments feedback rules"
    " experience attended won prize many number count no total attending attend"
)
LONGEST_TITLE = 200
"""Characters of a title that are examined."""
_MAX_WORDS = 25
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_CUTS = re.compile(r"[(\[{?\n]")


@lru_cache(maxsize=1_024)
def meaning_of(title: str) -> Meaning:
    """Return the meaning of a title, ignoring case, punctuation, a number at the end and remarks in brackets."""
    title = title[:LONGEST_TITLE]
    if has_mark_run(title):
        return Meaning.NONE
    for text in _variants(title):
        key = name_key(text)
        if meaning := _MEANINGS.get(key) or _MEANINGS.get(without_trailing_number(key)):
            return meaning
    return _meaning_of_sentence(title)


def class_word_of(title: str) -> Meaning:
    """Return what a title may mean by a word for grade or section in any language, like "Ano"; its cells decide."""
    return _OF_CLASS_WORD.get(WORDS.get(folded(title[:LONGEST_TITLE].strip(" .:")), ""), Meaning.NONE)


_OF_CLASS_WORD = {GRADE: Meaning.GRADE, SECTION: Meaning.SECTION}


def meaning_below(group: str, title: str) -> Meaning:
    """Return the meaning of a title below a wider one: "Name" below "Student" is a name, below "Parent" it is not."""
    if is_about_others(group):
        return meaning_of(f"{group} {title}")
    return meaning_of(title) or (meaning_of(f"{group} {title}") if group else Meaning.NONE)


def is_about_others(title: str) -> bool:
    """Return whether a title speaks of a parent, a school, a teacher."""
    return not _OTHERS.isdisjoint(name_key(title[:LONGEST_TITLE]).split())


def _variants(title: str) -> list[str]:
    """Return the parts of a title that may be the title itself: "Name (in capitals)", "Class / कक्षा", "lastName"."""
    found = [title, _CUTS.split(title)[0], title.partition("/")[0], title.partition("/")[2]]
    for separator in (" - ", ":", "."):
        before, _separator, after = title.rpartition(separator)
        if before and _is_prefix(before):
            found.append(after)
    found += [_CAMEL.sub(" ", text) for text in found if _CAMEL.search(text)]
    return [text for text in dict.fromkeys(found) if text]


def _is_prefix(text: str) -> bool:
    """Return whether a text may stand before a title: "Full Name - First Name", "1. Name", "student.lastName"."""
    words = (word for word in name_key(text).split() if not word.isdecimal())
    return all(word in _FILLERS or word in ("name", "information", "info") for word in words)


def _meaning_of_sentence(title: str) -> Meaning:
    """Return the meaning of a question as in a form, by the words that matter in it."""
    words = name_key(_CUTS.split(_CAMEL.sub(" ", title))[0]).split()[:_MAX_WORDS]
    if "as" in words[1:]:
        words = words[: words.index("as", 1)]
    # Forms number questions of one title: "Full name of the student2".
    words = [*words[:-1], *(without_trailing_number(word) for word in words[-1:])]
    rest = " ".join(word for word in words if word not in _FILLERS)
    if meaning := _MEANINGS.get(rest) or _MEANINGS.get(without_trailing_number(rest)):
        return meaning
    says = set(words)
    if says & _EVENT_WORDS and not says & (_ABOUT_EVENTS | _OTHERS):
        return Meaning.EVENTS
    return Meaning.NONE


def without_trailing_number(key: str) -> str:
    """Return the title without digits at its end, in any script: "event 2" and "event2" are "event"."""
    return key.rstrip(
        "".join(character for character in key if unicodedata.category(character) == "Nd") + " "
    )
