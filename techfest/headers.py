"""Response headers that no library sets: permissions of pages, and which sites may embed them."""

from collections.abc import Callable

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from .session_paths import without_language

# Features that ask for permission or access hardware. Only check-in needs one: the camera.
POWERFUL_FEATURES = (
    "accelerometer",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "usb",
)
CAMERA_PATH = "/door/"
ERROR_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
"""The content security policy of static error pages; nginx sends the same."""


class HeadersMiddleware:
    """Add the headers to every response, including files, redirects and errors of other middleware.

    Must be the first middleware. Existing headers are kept.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self._fixed = tuple(fixed_headers().items())
        self._with_camera, self._without_camera = permissions_policy(CAMERA_PATH), permissions_policy("/")

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        for name, value in self._fixed:
            response.headers.setdefault(name, value)
        policy = self._with_camera if needs_camera(request.path_info) else self._without_camera
        response.headers.setdefault("Permissions-Policy", policy)
        return response


class PolicyMiddleware(CSPMiddleware):
    """The content security policy, which the library puts together only for responses with one of their own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        super().__init__(get_response)
        self._usual = build_policy()

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        has_own = any(name.startswith("_csp_") for name in (*vars(response), *vars(request)))
        if has_own or settings.DEBUG:
            changed: HttpResponseBase = super().process_response(request, response)
            return changed
        response.headers.setdefault(HEADER, self._usual)
        return response


def fixed_headers() -> dict[str, str]:
    """Headers of every response."""
    return {
        "Cross-Origin-Opener-Policy": str(settings.SECURE_CROSS_ORIGIN_OPENER_POLICY),
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": str(settings.SECURE_REFERRER_POLICY),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": str(settings.X_FRAME_OPTIONS),
    }


def error_headers() -> dict[str, str]:
    """Headers of responses that a server in front of the application sends.

    The URL may be secret, so the referrer is not sent to other sites.
    """
    return {
        **fixed_headers(),
        "Cache-Control": "no-store",
        "Content-Security-Policy": ERROR_POLICY,
        "Permissions-Policy": permissions_policy("/"),
        "Referrer-Policy": "no-referrer",
    }


def needs_camera(path: str) -> bool:
    return without_language(path).startswith(CAMERA_PATH)


def permissions_policy(path: str) -> str:
    """The value for the page at ``path``: all features are off, except the camera for check-in."""
    allowed = {"camera"} if needs_camera(path) else set()
    return ", ".join(f"{name}=({'self' if name in allowed else ''})" for name in POWERFUL_FEATURES)
