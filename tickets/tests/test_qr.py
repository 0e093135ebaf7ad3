import re
from pathlib import Path

import pytest
import segno
from PIL import Image

from registrations.models import random_code
from techfest.tests.support.programs import decoded
from tickets import qr

URL = "https://fest.riverside.example.org/t/Zk3v9qX1mTn8bYw2LcR5aQ/"


def picture(url: str, pixels: int) -> Image.Image:
    """The code of `url` in black and white, `pixels` to a module."""
    side, runs = qr.drawing(url)
    small = Image.new("1", (side, side), 1)
    for x, y, length in runs:
        small.paste(0, (x, y, x + length, y + 1))
    return small.resize((side * pixels, side * pixels), Image.Resampling.NEAREST)


def test_codes_scan_back_to_their_url(tmp_path: Path) -> None:
    for number in range(10):
        url = f"https://fest.example/t/{random_code()}/"
        file = tmp_path / f"{number}.png"
        picture(url, 3).save(file)
        assert decoded(file) == [url]


def test_code_keeps_four_light_modules_on_every_side() -> None:
    side, runs = qr.drawing(URL)

    assert min(x for x, _, _ in runs) == min(y for _, y, _ in runs) == 4
    assert max(x + length for x, _, length in runs) == max(y + 1 for _, y, _ in runs) == side - 4


def dark_modules(markup: str) -> set[tuple[int, int]]:
    """The modules that the path of an SVG covers, as a browser draws it."""
    path = re.findall(r' d="([^"]+)"', markup)[1]
    x, y, dark = 0.0, 0.0, set()
    for command, first, second in re.findall(r"([Mmh])(-?[\d.]+)(?: ([\d.]+))?", path):
        if command == "h":
            dark |= {(int(x) + step, int(y)) for step in range(int(first))}
            x += int(first)
        elif command == "m":
            x, y = x + int(first), y + int(second)
        else:
            x, y = float(first), float(second)
    return dark


def modules_of_segno(url: str) -> set[tuple[int, int]]:
    matrix = segno.make_qr(url, error="m", mask=4, mode="byte", boost_error=False).matrix
    return {(x + 4, y + 4) for y, row in enumerate(matrix) for x, module in enumerate(row) if module}


def test_svg_draws_the_runs_of_the_drawing() -> None:
    side, runs = qr.drawing(URL)
    markup = qr.svg(URL)

    assert dark_modules(markup) == {(x + step, y) for x, y, length in runs for step in range(length)}
    assert f'viewBox="0 0 {side} {side}"' in markup


@pytest.mark.slow
def test_code_of_a_ticket_is_the_code_that_segno_draws() -> None:
    """For codes of every character at every place; 2,000 codes of 22 characters have each of the 64 about 31 times."""
    for _ in range(2000):
        code = random_code()
        url = f"https://fest.example.org/t/{code}/"
        assert dark_modules(qr.ticket_svg(url, code)) == modules_of_segno(url)


@pytest.mark.slow
@pytest.mark.parametrize("length", [*range(12, 40), 60, 100, 230])
def test_code_of_a_ticket_is_the_same_under_a_site_address_of_any_length(length: int) -> None:
    """Longer addresses need larger codes, with more blocks of error correction."""
    head = f"https://{'a' * (length - 8)}"
    for _ in range(5):
        code = random_code()
        url = f"{head}/en/t/{code}/"
        assert qr.ticket_svg(url, code) == qr.svg(url)
        assert dark_modules(qr.svg(url)) == modules_of_segno(url)


@pytest.mark.parametrize("code", ["short", "a" * 23, "é" * 22, f"{'a' * 21}.", "b" * 22])
def test_code_of_another_form_is_drawn_by_segno(code: str) -> None:
    """Also a code that is not in the URL."""
    url = f"https://fest.example.org/t/{code.replace('b', 'a')}/"

    assert dark_modules(qr.ticket_svg(url, code)) == modules_of_segno(url)


def test_svg_is_named_only_when_a_label_is_given() -> None:
    assert 'aria-hidden="true"' in qr.svg(URL)
    assert 'role="img" aria-label="Code of &quot;Asha&quot;"' in qr.svg(URL, label='Code of "Asha"')


@pytest.mark.parametrize("url", ["", "https://fest.example/" + "a" * 3000])
def test_url_that_no_code_can_hold_is_refused(url: str) -> None:
    with pytest.raises(ValueError):
        qr.svg(url)
