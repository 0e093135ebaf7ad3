"""Pictures to upload in tests, and a file that is none."""

from io import BytesIO
from typing import Any

from PIL import Image

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def drawn(
    kind: str = "JPEG", size: tuple[int, int] = (1600, 900), mode: str = "RGB", **options: Any
) -> bytes:
    file = BytesIO()
    Image.new(mode, size, "teal").save(file, kind, **options)
    return file.getvalue()
