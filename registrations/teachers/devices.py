"""What a browser says of itself, in two words that its person recognises."""

_BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
_SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "CrOS": "ChromeOS",
    "Mac OS": "Mac",
    "Linux": "Linux",
}
"""By a mark that stands in what a browser says; the first that fits, since most of them name their ancestors too."""


def device_of(user_agent: str) -> str:
    """For example "Firefox, Android"; empty where neither is known."""
    found = (_first(user_agent, among) for among in (_BROWSERS, _SYSTEMS))
    return ", ".join(filter(None, found))


def _first(text: str, among: dict[str, str]) -> str:
    return next((name for mark, name in among.items() if mark in text), "")
