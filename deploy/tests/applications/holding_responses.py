"""The site's application for tests that kill a worker after its COMMIT and before its reply.

While the file that HOLD_ANSWERS names is there, the response to a submission is ready and not sent; what is written
into the file is the number of the process that holds it.
"""

import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from techfest.wsgi import application as site


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    answer: Iterable[bytes] = site(environ, start_response)
    hold = Path(os.environ["HOLD_ANSWERS"])
    if environ["REQUEST_METHOD"] == "POST" and hold.exists():
        hold.write_text(str(os.getpid()))
        while hold.exists():
            time.sleep(0.02)
    return answer
