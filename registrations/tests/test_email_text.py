"""The address is found in what people copy along with it, and never guessed where there are two readings."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registrations.email_text import addresses_in, is_email

NOISE = (
    "\u200e{}", "\ufeff{}\u200b", "mailto:{}", "MAILTO:{}?subject=Quiz", "E-mail: {}", "Email ID : {}", "<{}>", "{}.",
    "Ravi Das <{}>", "{},", "{};", "({})", "[{}]", '"{}"', "'{}'", "  {}  ", "{} (mother)", "(mum) {}", "{} / {}",
    "{}|", "[{}](mailto:{})", "&lt;{}&gt;", "“{}”", "Mother: {}", "{}\u00a0",
)  # fmt: skip
LOCAL = st.from_regex(r"[a-z0-9]([a-z0-9._+-]{0,8}[a-z0-9])?", fullmatch=True).filter(
    lambda text: ".." not in text
)
ADDRESSES = st.builds(
    "{}@{}.{}".format,
    LOCAL,
    st.sampled_from(["example", "x-y", "mail.school"]),
    st.sampled_from(["org", "in", "co.uk"]),
)


@given(ADDRESSES, st.sampled_from(NOISE))
def test_address_is_found_in_any_noise(address: str, noise: str) -> None:
    assert addresses_in(noise.format(address, address)) == (address,)


@given(ADDRESSES)
def test_address_is_found_in_other_letters(address: str) -> None:
    wide = "".join(chr(ord(one) + 0xFEE0) for one in address)
    spelt = address.replace("@", " [at] ").replace(".", "(dot)")
    assert (
        addresses_in(wide) == addresses_in(spelt) == addresses_in(address.replace("@", " @ ")) == (address,)
    )


@given(ADDRESSES, ADDRESSES, st.sampled_from(["; ", ", ", "/", " ", "\n", " & ", " or ", " and ", "|"]))
def test_two_addresses_are_two(one: str, other: str, between: str) -> None:
    assert addresses_in(f"{one}{between}{other}") == tuple(dict.fromkeys((one, other)))


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("asha rao@example.org", ("rao@example.org", "asharao@example.org")),
        ("asha@example.org mum", ("asha@example.org", "asha@example.orgmum")),
        ("rao@school.example <asha@example.org>", ("rao@school.example", "asha@example.org")),
    ],
)
def test_word_beside_an_address_may_belong_to_it(text: str, readings: tuple[str, ...]) -> None:
    assert addresses_in(text) == readings


@pytest.mark.parametrize(
    "text",
    [
        '"a b"@x.example', '"ab"@x.example', '"v@x.org"@y.org', f"{'a' * 65}@x.example", "a@@x.org", "a@x",
        "ſam@example.org", "a@x.org> X: y", "a@x..org", "a@x.org, b@", "a@[127.0.0.1]", "@x.org", "a@-x.org",
    ],
)  # fmt: skip
def test_what_is_no_address_stays_none(text: str) -> None:
    assert not any(map(is_email, addresses_in(text)))


@pytest.mark.parametrize(
    "address", [f"{'a' * 64}@x.example", "o'neil@x.org", "a/b@x.org", "_a-b+c@x-y.org", "kid@straße.example"]
)
def test_unusual_address_stays_as_typed(address: str) -> None:
    assert addresses_in(address) == (address,)
    assert is_email(address)


@pytest.mark.parametrize("text", ["", " ", "-", "n/a", "."])
def test_text_without_an_address_has_none(text: str) -> None:
    assert not any(map(is_email, addresses_in(text)))


def test_long_nonsense_is_quick() -> None:
    began = time.process_time()
    for piece in ("(", ") ", "a@", "<", "< a@", " ", "[at]", "&#64;", "?", "a ", '"', "mailto:"):
        addresses_in(piece * 400)
    assert time.process_time() - began < 0.5
