"""A video of a QR code for Chromium's fake camera."""

import math
from pathlib import Path

import segno

WIDTH, HEIGHT = 640, 480
SCALE = 10


def film(path: Path, text: str, *, frames: int = 2) -> Path:
    """Write a y4m video that shows this QR code in black on white; Chromium plays it in a loop."""
    return written(path, [_picture([_code(text, SCALE)])] * frames)


def film_of_two(path: Path, first: str, second: str, *, frames: int = 40) -> Path:
    """Two codes beside each other, held by a hand that is not still: now one, now the other is nearer to the middle."""
    still = _picture([_code(first, SCALE // 2), _code(second, SCALE // 2)])
    shifts = [round(40 * math.sin(2 * math.pi * number / frames)) for number in range(frames)]
    return written(path, [[row[-shift:] + row[:-shift] for row in still] for shift in shifts])


def _code(text: str, scale: int) -> list[bytes]:
    code = segno.make(text, error="m", micro=False)
    return [bytes(0 if dark else 255 for dark in row) for row in code.matrix_iter(scale=scale, border=4)]


def _picture(codes: list[list[bytes]]) -> list[bytes]:
    """The codes from left to right in the middle of a white picture."""
    rows = [b"".join(parts) for parts in zip(*codes, strict=True)]
    above, left = (HEIGHT - len(rows)) // 2, (WIDTH - len(rows[0])) // 2
    white = b"\xff" * WIDTH
    shown = [b"\xff" * left + row + b"\xff" * (WIDTH - len(row) - left) for row in rows]
    return [white] * above + shown + [white] * (HEIGHT - len(rows) - above)


def written(path: Path, pictures: list[list[bytes]]) -> Path:
    grey = b"\x80" * (WIDTH * HEIGHT // 2)
    frames = b"".join(b"FRAME\n" + b"".join(picture) + grey for picture in pictures)
    path.write_bytes(b"YUV4MPEG2 W%d H%d F10:1 Ip A1:1 C420mpeg2\n" % (WIDTH, HEIGHT) + frames)
    return path
