import re
import secrets
from pathlib import Path

import pytest
from PIL import Image

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
        url = f"https://fest.example/t/{secrets.token_urlsafe(16)}/"
        file = tmp_path / f"{number}.png"
        picture(url, 3).save(file)
        assert decoded(file) == [url]


def test_code_keeps_four_light_modules_on_every_side() -> None:
    side, runs = qr.drawing(URL)

    assert min(x for x, _, _ in runs) == min(y for _, y, _ in runs) == 4
    assert max(x + length for x, _, length in runs) == max(y + 1 for _, y, _ in runs) == side - 4


def test_svg_draws_the_runs_of_the_drawing() -> None:
    side, runs = qr.drawing(URL)
    markup = qr.svg(URL)
    path = re.findall(r' d="([^"]+)"', markup)[1]
    pen, drawn = (0.0, 0.0), []
    for command, x, y, length in re.findall(r"([Mm])(\d+) ([\d.]+)h(\d+)", path):
        start = (float(x), float(y)) if command == "M" else (pen[0] + float(x), pen[1])
        drawn.append((int(start[0]), int(start[1]), int(length)))
        pen = (start[0] + int(length), start[1])

    assert tuple(drawn) == runs
    assert f'viewBox="0 0 {side} {side}"' in markup


def test_svg_is_named_only_when_a_label_is_given() -> None:
    assert 'aria-hidden="true"' in qr.svg(URL)
    assert 'role="img" aria-label="Code of &quot;Asha&quot;"' in qr.svg(URL, label='Code of "Asha"')


@pytest.mark.parametrize("url", ["", "https://fest.example/" + "a" * 3000])
def test_url_that_no_code_can_hold_is_refused(url: str) -> None:
    with pytest.raises(ValueError):
        qr.svg(url)
