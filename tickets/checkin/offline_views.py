"""What the scanner needs without a network: the service worker, its page, the live codes, and the upload."""

import hashlib
import json
from typing import Any

from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_POST, require_safe

from events.models import Fest
from tickets.checkin import offline
from tickets.checkin.access import checkin_staff_required, queued_scans_accepted
from tickets.checkin.checkpoints import Checkpoint, counts_of
from tickets.checkin.offline import Undone
from tickets.checkin.pages import checkpoint_context
from tickets.checkin.queued import Malformed, read_upload
from tickets.models import Scan

# The decoder for browsers without one of their own is WebAssembly; only pages with the camera may run any.
scanning = csp_update({"script-src": ["'self'", "'wasm-unsafe-eval'"]})

FILES = (
    "css/site.css",
    "css/checkin.css",
    "css/scanner.css",
    "img/favicon.svg",
    "js/checkin/camera.js",
    "js/checkin/leaving.js",
    "js/checkin/logout.js",
    "js/checkin/offline.js",
    "js/checkin/page.js",
    "js/checkin/reader.js",
    "js/checkin/scanner.js",
    "js/checkin/server.js",
    "js/checkin/store.js",
    "js/checkin/sync.js",
    "js/checkin/undo.js",
    "js/checkin/verdict.js",
    "js/checkin/viewer.js",
)
"""The files that the scanner needs without a network; phones that need a decoder cache it besides."""


@checkin_staff_required
@require_safe
def worker(request: HttpRequest, fest: Fest) -> HttpResponse:
    """The service worker: the list of this release's files, and the script that caches them."""
    files = [static(name) for name in FILES]
    config: dict[str, Any] = {"home": reverse("checkin:home"), "files": files, "static": settings.STATIC_URL}
    config["cache"] = "checkin-" + hashlib.sha256(json.dumps(files).encode()).hexdigest()[:12]
    script = (
        f"self.checkin = {json.dumps(config)};\n"
        f"importScripts({json.dumps(static('js/checkin/worker.js'))});\n"
    )
    response = HttpResponse(script, content_type="text/javascript")
    response["Service-Worker-Allowed"] = config["home"]
    return response


@scanning
@checkin_staff_required
@require_safe
def offline_page(request: HttpRequest, checkpoint: Checkpoint) -> HttpResponse:
    """The scanner as a phone may cache it: without messages, which name people."""
    return render(request, "checkin/scanner.html", checkpoint_context(checkpoint, messages=()))


@checkin_staff_required
@require_safe
def live(request: HttpRequest, checkpoint: Checkpoint) -> HttpResponseBase:
    """The live codes, with the time, the counts and a fresh CSRF token; unchanged codes are not sent again."""
    at, content = offline.live_codes(checkpoint)
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    whole = HttpResponse(content, content_type="application/octet-stream", headers={"ETag": etag})
    response = get_conditional_response(request, etag=etag, response=whole) or whole
    counts = counts_of(checkpoint)
    status = {"at": at.isoformat(), "token": get_token(request), "in": counts.inside, "of": counts.expected}
    response["X-Checkin"] = json.dumps(status)
    return response


@queued_scans_accepted
@require_POST
def upload(request: HttpRequest, checkpoint: Checkpoint, *, is_own: bool) -> HttpResponse:
    """Takes scans and undone check-ins made without a network, and answers with what became of each.

    Those of a checkpoint that this user may not open raise an alert.
    """
    try:
        queued = read_upload(request.body)
    except Malformed as error:
        return JsonResponse({"error": str(error)}, status=400)
    scans = offline.upload(checkpoint, queued, user=request.user)
    answer: dict[str, Any] = {"scans": [_answer(scan) for scan in scans]}
    if is_own:
        counts = counts_of(checkpoint)
        answer["counts"] = {"in": counts.inside, "of": counts.expected}
    elif scans:
        answer["notice"] = offline.report_foreign(checkpoint, user=request.user)
    return JsonResponse(answer)


def _answer(scan: Scan | Undone) -> dict[str, object]:
    """Contains no names: the device does not know them and must not store any."""
    if isinstance(scan, Undone):
        return {"key": scan.key.hex, "is_conflict": bool(scan.sentence), "sentence": scan.sentence}
    return {
        "key": scan.key.hex,
        "verdict": scan.verdict,
        "word": scan.get_verdict_display(),
        "is_conflict": scan.is_conflict,
        "sentence": offline.describe_conflict(scan) if scan.is_conflict else "",
    }
