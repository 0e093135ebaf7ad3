"""Uploaded pictures are checked before decoding and re-encoded before storage."""

import os
import struct
import zlib
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageFile

from events import images
from events.images import NotAPicture
from events.models import Picture
from events.tests.pictures import SVG, drawn


def noise(size: tuple[int, int]) -> bytes:
    file = BytesIO()
    Image.frombytes("RGB", size, os.urandom(size[0] * size[1] * 3)).save(file, "JPEG", quality=60)
    return file.getvalue()


def opened(picture: Picture) -> Image.Image:
    return Image.open(BytesIO(bytes(picture.data)))


def claimed_size(width: int, height: int) -> bytes:
    """A small PNG whose header claims this size."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    parts = [struct.pack(">I", len(body)) + kind + body + _sum(kind + body) for kind, body in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _sum(body: bytes) -> bytes:
    return struct.pack(">I", zlib.crc32(body))


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("size", [(1600, 900), (600, 315), (900, 1600)])
def test_event_picture_is_a_preview(kind: str, size: tuple[int, int]) -> None:
    picture = images.event_picture(drawn(kind, size))
    assert (opened(picture).format, opened(picture).size) == ("JPEG", (1200, 630))
    assert (picture.kind, picture.width, picture.height) == ("jpeg", 1200, 630)


def test_event_picture_full_of_detail_is_small_enough_for_messengers() -> None:
    assert len(images.event_picture(noise((1200, 630))).data) <= 200_000


@pytest.mark.parametrize(("mode", "kind"), [("RGBA", "PNG"), ("P", "PNG"), ("L", "JPEG"), ("CMYK", "JPEG")])
def test_every_kind_of_pixel_is_understood(mode: str, kind: str) -> None:
    content = drawn(kind, mode=mode)
    assert [opened(images.event_picture(content)).mode, opened(images.logo(content)).format] == [
        "RGB",
        kind,
    ]


def test_clear_pixels_of_an_event_picture_are_white() -> None:
    file = BytesIO()
    Image.new("RGBA", (1200, 630), (255, 0, 0, 0)).save(file, "PNG")
    assert opened(images.event_picture(file.getvalue())).getpixel((600, 300)) == (255, 255, 255)


def test_exif_is_dropped_and_the_picture_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "taken at home"
    picture = images.logo(drawn(size=(200, 100), exif=exif))
    assert (dict(opened(picture).getexif()), opened(picture).size) == ({}, (100, 200))
    assert b"taken at home" not in bytes(picture.data)


def test_what_stands_behind_the_picture_is_dropped() -> None:
    picture = images.logo(drawn("PNG", (100, 100)) + b"<script>PK\x03\x04")
    assert b"<script>" not in bytes(picture.data)


def test_logo_is_scaled_down_and_keeps_its_clear_pixels() -> None:
    file = BytesIO()
    Image.new("RGBA", (1024, 1024), (255, 0, 0, 0)).save(file, "PNG")
    image = opened(images.logo(file.getvalue()))
    assert (image.size, image.mode, image.getchannel("A").getpixel((9, 9))) == ((256, 256), "RGBA", 0)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"", "must be a PNG or JPEG", id="empty"),
        pytest.param(SVG, "must be a PNG or JPEG", id="SVG"),
        pytest.param(b"MZ\x90\x00 an exe named logo.png", "must be a PNG or JPEG", id="program"),
        pytest.param(drawn("GIF"), "must be a PNG or JPEG", id="GIF"),
        pytest.param(drawn("WEBP"), "must be a PNG or JPEG", id="WebP"),
        pytest.param(drawn()[:400], "damaged", id="JPEG cut off"),
        pytest.param(drawn("PNG")[:60], "damaged", id="PNG cut off"),
        pytest.param(claimed_size(1200, 1000), "damaged", id="fewer pixels than it says"),
        pytest.param(claimed_size(4001, 4000), "too many pixels", id="16 megapixels and a line"),
        pytest.param(claimed_size(10_000, 10_000), "too many pixels", id="100 megapixels"),
        pytest.param(claimed_size(60_000, 60_000), "too many pixels", id="3,600 megapixels"),
        pytest.param(drawn(size=(20, 20)), "at least", id="tiny"),
        pytest.param(bytes(2 * 1024 * 1024 + 1), "2 MB", id="larger than 2 MB"),
    ],
)
@pytest.mark.parametrize("is_lenient", [False, True])
def test_hostile_huge_or_mislabelled_file_is_refused_in_words(
    content: bytes, words: str, is_lenient: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", is_lenient)
    for draw in (images.event_picture, images.logo):
        with pytest.raises(NotAPicture, match=words):
            draw(content)


def test_claimed_size_is_checked_before_anything_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import ImageFile

    loaded: list[Any] = []
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: loaded.append(self))
    with pytest.raises(NotAPicture):
        images.logo(claimed_size(4001, 4000))
    assert loaded == []


@pytest.mark.django_db
def test_same_picture_twice_is_one_row() -> None:
    kept = [images.keep(images.event_picture(drawn())).pk for _ in range(2)]
    assert list(Picture.objects.values_list("pk", flat=True)) == kept[:1]
