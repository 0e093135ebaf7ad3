import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pypdf import PdfWriter

from techfest.tests.support.programs import decoded
from tickets import pdf
from tickets.pdf.engine import engine, errors_raised
from tickets.tests.pdf_files import fonts_with_empty_boxes, read

URL = "https://fest.riverside.example.org/t/Zk3v9qX1mTn8bYw2LcR5aQ/"
CONTENT = pdf.TicketContent(
    fest_name="Riverside Tech Fest",
    accent="teal",
    logo=None,
    person="Asha Rao",
    grade=9,
    section="B",
    school="Riverside Public School",
    event="Robo Race",
    starts_at=datetime(2026, 12, 12, 4, 30, tzinfo=UTC),
    ends_at=datetime(2026, 12, 12, 7, 0, tzinfo=UTC),
    time_zone="Asia/Kolkata",
    venue="Main Hall",
    place="14 Canal Road, Pune",
    reference="K7MQPX4",
    url=URL,
    language="en",
    contact="Meera Iyer, help@riverside.example",
)
HOSTILE = [
    "<img src=http://127.0.0.1:9/x.png>",
    "<img src=file:///etc/passwd>",
    "<style>@import url(http://127.0.0.1:9/x.css)</style>",
    "<script>alert(1)</script> {{7*7}} {% now 'Y' %} %s%n",
]


def words(data: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in read(data).pages).split())


def photocopy(data: bytes, folder: Path, dots: int) -> Path:
    """Returns the first page in black and white at `dots` per inch, like a bad photocopy."""
    (folder / "ticket.pdf").write_bytes(data)
    command = ["pdftoppm", "-r", str(dots), "-mono", "-singlefile", "ticket.pdf", "copy"]
    subprocess.run(command, cwd=folder, check=True, timeout=60)
    Image.open(folder / "copy.pbm").save(folder / "copy.png")
    return folder / "copy.png"


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Records every URL that WeasyPrint requests."""
    addresses: list[str] = []
    fetcher = type(engine().fetcher)
    real: Callable[..., Any] = fetcher.fetch

    def listen(self: Any, url: str, headers: Any = None) -> Any:
        addresses.append(url)
        return real(self, url, headers)

    monkeypatch.setattr(fetcher, "fetch", listen)
    return addresses


def test_ticket_shows_person_event_time_and_venue() -> None:
    assert words(pdf.render([CONTENT])) == (
        "Ticket Riverside Tech Fest Robo Race Saturday 12 December 2026 10:00am to 12:30pm (IST) Main Hall "
        "14 Canal Road, Pune K7M-QPX4 Asha Rao Grade 9 B Riverside Public School Show this page at the door, on "
        "paper or on a screen. The code lets one person in, once. Questions: Meera Iyer, help@riverside.example"
    )


def test_ticket_has_language_title_and_bookmark() -> None:
    reader = read(pdf.render([CONTENT]))

    assert str(reader.root_object["/Lang"]) == "en"
    assert reader.metadata is not None
    assert reader.metadata.title == "Asha Rao · Robo Race"
    assert [str(mark["/Title"]) for mark in reader.outline if not isinstance(mark, list)] == [
        "Asha Rao · Robo Race"
    ]


def test_tickets_are_one_a5_page_each_in_order() -> None:
    reader = read(pdf.render([replace(CONTENT, person=f"Person {number}") for number in range(3)]))

    assert [page.extract_text().count(f"Person {number}") for number, page in enumerate(reader.pages)] == [
        1,
        1,
        1,
    ]
    assert {(round(page.mediabox.width), round(page.mediabox.height)) for page in reader.pages} == {
        (420, 595)
    }


def test_ticket_is_the_same_bytes_again_and_small() -> None:
    first = pdf.render([CONTENT])

    assert first == pdf.render([CONTENT])
    assert len(first) < 60_000


@pytest.mark.parametrize("dots", [60, 100, 300])
def test_code_scans_from_a_black_and_white_copy(tmp_path: Path, dots: int) -> None:
    assert decoded(photocopy(pdf.render([CONTENT]), tmp_path, dots)) == [URL]


def test_code_scans_on_every_page_of_a_class(tmp_path: Path) -> None:
    contents = [replace(CONTENT, url=f"{URL}{number}/") for number in range(3)]
    for number, page in enumerate(read(pdf.render(contents)).pages):
        writer, file = PdfWriter(), BytesIO()
        writer.add_page(page)
        writer.write(file)
        assert decoded(photocopy(file.getvalue(), tmp_path, 100)) == [f"{URL}{number}/"]


def test_dark_part_of_the_code_is_50_mm_wide(tmp_path: Path) -> None:
    with Image.open(photocopy(pdf.render([CONTENT]), tmp_path, 254)) as page:
        code = page.convert("L").crop((80, 1240, 700, 1820)).point(lambda tone: 255 - tone)
    box = code.getbbox()
    assert box is not None
    assert 500 <= box[2] - box[0] <= 525


@pytest.mark.parametrize("url", ["", "K7MQPX4", "javascript:alert(1)"])
def test_ticket_without_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="QR code"):
        replace(CONTENT, url=url)


@pytest.mark.parametrize("text", HOSTILE)
def test_markup_in_a_name_stays_text_and_nothing_is_fetched(text: str, fetched: list[str]) -> None:
    said = words(pdf.render([replace(CONTENT, person=text, event=text, school=text, section=text[:20])]))

    assert said.replace(" ", "").count(text.replace(" ", "")) >= 3
    assert fetched == []


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/", "https://127.0.0.1:9/", "file:///etc/passwd", "ftp://x/"]
)
def test_address_outside_the_ticket_is_refused_and_no_pdf_made(address: str, fetched: list[str]) -> None:
    with pytest.raises(pdf.Incomplete), errors_raised():
        engine().lay_out(f'<img src="{address}">')
    assert fetched == [address]


@pytest.mark.parametrize(
    "name",
    [
        "O'Brien-Ñandú",
        "李小龙 張偉",
        "आरव शर्मा",
        "தமிழ்",
        "محمد",
        "Nguyễn",
        "👨‍👩‍👧 Kim",
        "𠮷野",
        "김철수",
        "ഗീത",
    ],
)
def test_name_has_no_empty_box(name: str) -> None:
    assert fonts_with_empty_boxes(pdf.render([replace(CONTENT, person=name)])) == []


def test_name_without_its_substitute_would_have_empty_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tickets.pdf.layout.printable", str)

    assert fonts_with_empty_boxes(pdf.render([replace(CONTENT, person="𠮷野")])) != []


@pytest.mark.parametrize(
    "name", ["A" * 60, "Wolfeschlegelsteinhausen" * 8, "Anne Marie " * 18, "李" * 200, "ஸ்ரீ" * 50]
)
def test_long_texts_stay_on_the_page_and_are_printed_whole(name: str, tmp_path: Path) -> None:
    data = pdf.render([replace(CONTENT, person=name, event=name[:120], school=name[:100])])

    assert len(read(data).pages) == 1
    assert decoded(photocopy(data, tmp_path, 100)) == [URL]


def test_broken_logo_gives_a_ticket_without_logo() -> None:
    assert pdf.render([replace(CONTENT, logo=b"\x89PNG broken")]) == pdf.render([CONTENT])


def test_logo_is_printed(fetched: list[str]) -> None:
    file = BytesIO()
    Image.new("RGBA", (900, 300), "red").save(file, "PNG")

    assert len(read(pdf.render([replace(CONTENT, logo=file.getvalue())])).pages[0].images) == 1
    assert [address.partition(",")[0] for address in fetched] == ["data:image/jpeg;base64"]


def test_libraries_are_present_or_named() -> None:
    assert (pdf.is_available(), pdf.missing()) == (True, "")


def test_no_tickets_make_no_pdf() -> None:
    with pytest.raises(ValueError, match="at least one"):
        pdf.render([])
