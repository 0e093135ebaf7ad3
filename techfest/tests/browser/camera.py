"""A video of a QR code for Chromium's fake camera."""

from pathlib import Path

import segno

WIDTH, HEIGHT = 640, 480
SCALE = 10


def film(path: Path, text: str, *, frames: int = 2) -> Path:
    """Write a y4m video that shows this QR code in black on white; Chromium plays it in a loop."""
    code = segno.make(text, error="m", micro=False)
    rows = [bytes(0 if dark else 255 for dark in row) for row in code.matrix_iter(scale=SCALE, border=4)]
    size = len(rows)
    above, left = (HEIGHT - size) // 2, (WIDTH - size) // 2
    white = b"\xff" * WIDTH
    picture = [white] * above
    picture += [b"\xff" * left + row + b"\xff" * (WIDTH - size - left) for row in rows]
    picture += [white] * (HEIGHT - size - above)
    frame = b"FRAME\n" + b"".join(picture) + b"\x80" * (WIDTH * HEIGHT // 2)
    path.write_bytes(b"YUV4MPEG2 W%d H%d F10:1 Ip A1:1 C420mpeg2\n" % (WIDTH, HEIGHT) + frame * frames)
    return path
