"""Pictures that organisers upload: their form field, the check before decoding, and the re-encoding.

Stored files contain pixels only: no EXIF data, no text, nothing appended to the file.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from events.models import Picture

MAX_BYTES = 2 * 1024 * 1024
"""Of an uploaded file. nginx accepts requests of 2.5 MiB."""
MAX_PIXELS = 16_000_000
"""More than the usual photo of a phone; decoding takes 64 MB at most."""
PREVIEW = (1200, 630)
"""Width and height of an event's picture: the size of link previews in messengers."""
PREVIEW_BYTES = 200_000
"""Messengers ignore larger previews."""
LOGO = (512, 256)
"""The maximum size of a logo in pixels: 300 dpi on a ticket, three device pixels per CSS pixel in the page header."""
SMALLEST = {"preview": (600, 315), "logo": (32, 32)}

_QUALITIES = (85, 75, 65, 50, 35, 20)
_PADDED = ("RGBA", "LA", "PA", "P")


class NotAPicture(Exception):
    """The upload cannot be used; `text` may be shown to the user."""

    def __init__(self, text: "str | Promise") -> None:
        super().__init__(text)
        self.text = text


def event_picture(content: bytes) -> Picture:
    """An event's picture as an unsaved JPEG of 1200 x 630 pixels and at most 200 kB, cropped to its centre.

    Raises `NotAPicture`.
    """
    image = _opened(content, smallest=SMALLEST["preview"], draw=lambda image: _on_white(image))
    fitted = ImageOps.fit(image, PREVIEW, Image.Resampling.LANCZOS)
    for quality in _QUALITIES:
        data = _written(fitted, "JPEG", quality=quality, optimize=True, progressive=True)
        if len(data) <= PREVIEW_BYTES:
            break
    return _picture(Picture.Kind.JPEG, fitted, data)


def logo(content: bytes) -> Picture:
    """A fest's logo as a small unsaved PNG if it was a PNG, else JPEG. Raises `NotAPicture`."""
    is_png = content.startswith(b"\x89PNG")
    image = _opened(
        content,
        smallest=SMALLEST["logo"],
        draw=lambda image: image.convert("RGBA") if is_png else _on_white(image),
    )
    image.thumbnail(LOGO, Image.Resampling.LANCZOS)
    if is_png:
        return _picture(Picture.Kind.PNG, image, _written(image, "PNG", optimize=True))
    return _picture(Picture.Kind.JPEG, image, _written(image, "JPEG", quality=90, optimize=True))


def keep(picture: Picture) -> Picture:
    """Save a picture; equal pictures share one row."""
    Picture.objects.bulk_create([picture], ignore_conflicts=True)
    return picture


def _opened(
    content: bytes, *, smallest: tuple[int, int], draw: Callable[[Image.Image], Image.Image]
) -> Image.Image:
    """Decode the picture, rotated upright, after checking size and format in the file's header."""
    if len(content) > MAX_BYTES:
        raise NotAPicture(_("The picture must be 2 MB or less."))
    try:
        with _whole_files_only(), Image.open(BytesIO(content), formats=("PNG", "JPEG")) as image:
            _check_size(image, smallest)
            return draw(ImageOps.exif_transpose(image))
    except NotAPicture:
        raise
    except UnidentifiedImageError:
        raise NotAPicture(_("The file must be a PNG or JPEG picture.")) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise NotAPicture(_TOO_LARGE) from None
    except Exception as error:  # decoders may raise anything on a malicious file
        raise NotAPicture(_("The picture is damaged. Save it again as PNG or JPEG.")) from error


@contextmanager
def _whole_files_only() -> Iterator[None]:
    """Reject truncated files. Pillow pads them once any code in the process, such as WeasyPrint, has enabled that."""
    before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


_TOO_LARGE = _("The picture has too many pixels. Make it smaller than 16 megapixels.")


def _check_size(image: Image.Image, smallest: tuple[int, int]) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise NotAPicture(_TOO_LARGE)
    if width < smallest[0] or height < smallest[1]:
        words = _("The picture must have at least %(width)d × %(height)d pixels.")
        raise NotAPicture(words % {"width": smallest[0], "height": smallest[1]})


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode not in _PADDED and "transparency" not in image.info:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    ground = Image.new("RGBA", layer.size, "white")
    ground.alpha_composite(layer)
    return ground.convert("RGB")


def _written(image: Image.Image, kind: str, **options: object) -> bytes:
    """Encode the pixels without any metadata."""
    bare = image.copy()
    bare.info = {}
    file = BytesIO()
    bare.save(file, kind, **options)
    return file.getvalue()


def _picture(kind: str, image: Image.Image, data: bytes) -> Picture:
    digest = hashlib.sha256(data).hexdigest()[:32]
    return Picture(digest=digest, kind=kind, width=image.width, height=image.height, data=data)


class PictureField(forms.FileField):
    """An uploaded PNG or JPEG, re-encoded by `draw`; the value is an unsaved `Picture` or None."""

    def __init__(self, *, draw: Callable[[bytes], Picture], **kwargs: Any) -> None:
        self.draw = draw
        kwargs.setdefault("widget", forms.FileInput(attrs={"accept": "image/png,image/jpeg"}))
        super().__init__(required=False, max_length=300, **kwargs)

    def to_python(self, data: Any) -> Any:
        file = super().to_python(data)
        if file is None:
            return None
        if file.size > MAX_BYTES:
            raise ValidationError(_("The picture must be 2 MB or less."))
        try:
            return self.draw(file.read())
        except NotAPicture as error:
            raise ValidationError(str(error.text)) from error
