"""Pairs of names of one child and of two children, made from names of many regions, always the same ones."""

import random
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from registrations.students.names import label_key, name_key


def _listed(text: str, separator: str | None = None) -> list[str]:
    return text.split(separator)


_GIVEN = _listed(
    "Aarav Aditi Aditya Akash Amit Ananya Anjali Arjun Asha Bhavna Chitra Deepika Divya Farhan Fatima Gaurav Harini"
    " Ishaan Jasmine Karthik Kavitha Lakshmi Manoj Meera Mohammed Nandini Neha Nikhil Pooja Praveen Priya Rahul"
    " Ramesh Rohan Sandeep Sanjana Shreya Siddharth Sneha Suresh Tanvi Usha Varun Vikram Vishnu Yash Zoya Irfan Salim"
    " Imran Ayesha Hélène José María Łukasz Søren Björn Jürgen Zoë Renée François Øyvind Ágnes Ştefan Ömer Işıl Çağla"
    " Đorđe Noël Liam Emma Olivia Noah Sophia Mason Isabella Lucas Mia Ethan Chloe Daniel Hannah Samuel Grace Joseph"
    " Ruth Kevin Sean"
)
_FAMILY = _listed(
    "Sharma Verma Gupta Iyer Menon Nair Pillai Reddy Rao Das Banerjee Mukherjee Chatterjee Bose Kulkarni Deshmukh Patil"
    " Joshi Bhatt Mehta Shah Jain Agarwal Chauhan Rathore Kapoor Malhotra Subramanian Natarajan Krishnan Varma Khan"
    " Ansari Qureshi Siddiqui D'Souza D'Mello Fernandes Pereira O'Brien O'Neill Müller Núñez García Żak Nguyễn Kovács"
    " Yıldız Öztürk Åkesson Sørensen Lefèvre Dvořák Smith Johnson Williams Miller Anderson Thomas Al-Farsi McDonald"
)
_MIDDLE = _listed("Kumar Krishnan Mohan Devi Lal Prasad Chandra Nath Mary Anne Lynn Carlos")
_INDIAN = _listed(
    "आशा राव|आरव शर्मा|मीरा जोशी|रोहन वर्मा|नन्दिनी सिंह|पङ्कज गुप्ता|चाँदनी मिश्रा|फ़ातिमा ख़ान|दिव्या नायर|संजय दास"
    "|नൻസി വർഗീസ്|രാഹുൽ നായർ|അനില കൃഷ്ണൻ|பிரியா ராஜன்|கார்த்திக் சுரேஷ்|লাবণ্য সেন|আরাধ্যা দাস"
    "|ప్రియ రెడ్డి|అనిల్ కుమార్",
    "|",
)


@dataclass(frozen=True, slots=True)
class Child:
    """What is compared of a student of one grade."""

    name: str
    section: str = ""
    roll_number: str = ""

    @property
    def name_key(self) -> str:
        return name_key(self.name)


Pair = tuple[str, Child, Child]


def _plain(name: str) -> str:
    decomposed = unicodedata.normalize("NFD", name).translate(str.maketrans("łŁøØđĐıİ", "lLoOdDiI"))
    return "".join(one for one in decomposed if not "\u0300" <= one <= "\u036f")


def _reordered(name: str) -> str:
    return " ".join(reversed(name.split()))


def _initial_last(name: str) -> str:
    given, *rest = name.split()
    return f"{given} {rest[-1][0]}."


def _initial_first(name: str) -> str:
    given, *rest = name.split()
    return f"{rest[-1][0]} {given}"


def _without_middle(name: str) -> str:
    words = name.split()
    return f"{words[0]} {words[-1]}"


def _umlauts(name: str) -> str:
    return name.translate({ord("ü"): "ue", ord("ö"): "oe", ord("ä"): "ae", ord("ø"): "oe", ord("å"): "aa"})


def _by_ear(name: str) -> str:
    for one, other in (
        ("sh", "s"),
        ("th", "t"),
        ("ee", "i"),
        ("v", "w"),
        ("ksh", "x"),
        ("i", "ee"),
        ("a", "aa"),
    ):
        if one in name[1:]:
            return name[0] + name[1:].replace(one, other, 1)
    return name


SAME_CHILD: dict[str, Callable[[str], str]] = {
    "capitals": str.upper,
    "capitals without accents": lambda name: _plain(name).upper(),
    "without accents": _plain,
    "umlauts as two letters": _umlauts,
    "apostrophe of a phone": lambda name: name.replace("'", "’"),
    "apostrophe as accent": lambda name: name.replace("'", "´"),
    "without apostrophe and hyphen": lambda name: name.replace("'", "").replace("-", ""),
    "space for apostrophe and hyphen": lambda name: name.replace("'", " ").replace("-", " "),
    "invisible mark": lambda name: f"{name[:2]}\u200e{name[2:]}\ufeff",
    "decomposed": lambda name: unicodedata.normalize("NFD", name),
    "surname first": _reordered,
    "surname first with comma": lambda name: ", ".join(reversed(name.rsplit(" ", 1))),
    "title": lambda name: f"Mr. {name}",
    "Indian title": lambda name: f"Kum. {name}",
    "class behind": lambda name: f"{name} (10A)",
    "Mohammed as Md": lambda name: name.replace("Mohammed", "Md."),
    "Kumar as Kr": lambda name: name.replace("Kumar", "Kr."),
    "initial behind": _initial_last,
    "initial in front": _initial_first,
    "middle name left out": _without_middle,
    "one word": lambda name: name.replace(" ", ""),
}
SLIPS: dict[str, Callable[[str], str]] = {
    "two letters swapped": lambda name: name[:2] + name[3] + name[2] + name[4:],
    "a letter twice": lambda name: name[:2] + name[1:],
    "a letter left out": lambda name: name[:3] + name[4:],
    "by ear": _by_ear,
}


def names(many: int, *, seed: int = 13) -> Iterator[str]:
    """Full names of two or three words, and some in Indian scripts."""
    chosen = random.Random(seed)
    for number in range(many):
        if number % 12 == 0:
            yield chosen.choice(_INDIAN)
        elif number % 3 == 0:
            yield f"{chosen.choice(_GIVEN)} {chosen.choice(_MIDDLE)} {chosen.choice(_FAMILY)}"
        else:
            yield f"{chosen.choice(_GIVEN)} {chosen.choice(_FAMILY)}"


def of_one_child(changes: dict[str, Callable[[str], str]], many: int) -> Iterator[Pair]:
    """One name in two spellings; a change that leaves the name as it is makes no pair."""
    for kind, change in changes.items():
        for name in names(many):
            if (other := change(name)) != name and len(name) > 5:
                yield kind, Child(name), Child(other)


_TWINS = (
    "Asha Usha|Arun Aruna|Anil Sunil|Ram Shyam|Rani Rina|Ravi Kavi|Anita Anika|Sita Gita|Harshit Harshil|Priya Riya"
    "|Mario Maria|Daniel Daniela|Paul Paula|Jaya Vijaya|Mohan Rohan|Neha Sneha|Tanya Tanvi|Aditi Aditya|Karan Kiran"
    "|Anjali Anjana|Deepa Deepak|Lata Lalita|Manish Manisha|Rajesh Ramesh|Suresh Sureka|Vijay Ajay|Irfan Imran"
    "|Zara Sara|Hana Hanna|Joan Joana|Rekha Rakhi|Kavita Savita|Nisha Disha|Rahul Rohit|Ankit Ankita|Yash Yashika"
    "|Mia Mila"
)


def of_two_children(many: int) -> Iterator[Pair]:
    """Twins, classmates with one name in common, namesakes with other labels, and any two children of a class."""
    for twins in _TWINS.split("|"):
        one, other = twins.split()
        for family in _FAMILY:
            yield "twins", Child(f"{one} {family}"), Child(f"{other} {family}")
    chosen = random.Random(31)
    for _number in range(many):
        given, other = chosen.sample(_GIVEN, 2)
        family, second = chosen.sample(_FAMILY, 2)
        yield "one surname", Child(f"{given} {family}"), Child(f"{other} {family}")
        yield "one given name", Child(f"{given} {family}"), Child(f"{given} {second}")
        yield "other initial", Child(f"{given} {family[0]}"), Child(f"{given} {_other_initial(family)}")
        yield "any two", Child(f"{given} {family}"), Child(f"{other} {second}")
        name = f"{given} {family}"
        yield "other section", Child(name, "A"), Child(name, "B")
        yield "other roll number", Child(name, "", label_key("1-12")), Child(name, "", label_key("11-2"))


def _other_initial(family: str) -> str:
    return "K" if family[0] != "K" else "R"
