"""The fest's logo, small enough for a ticket."""

from base64 import b64encode
from functools import lru_cache
from io import BytesIO

from PIL import Image, UnidentifiedImageError

# Printed at most 40 x 14 mm: these are 300 dots an inch.
LARGEST = (472, 165)


@lru_cache(maxsize=8)
def logo_address(logo: bytes | None) -> str:
    """A `data:` address of `logo` on white, scaled down; empty where there is none or it is no PNG or JPEG."""
    if not logo:
        return ""
    try:
        with Image.open(BytesIO(logo), formats=("PNG", "JPEG")) as image:
            picture = image.convert("RGBA")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError):
        return ""
    picture.thumbnail(LARGEST)
    ground = Image.new("RGBA", picture.size, "white")
    ground.alpha_composite(picture)
    file = BytesIO()
    ground.convert("RGB").save(file, "JPEG", quality=85, subsampling=0, optimize=True)
    return f"data:image/jpeg;base64,{b64encode(file.getvalue()).decode()}"
