import pytest
from django.core.exceptions import ImproperlyConfigured

from techfest.env import StrictEnv, broker_url


@pytest.mark.parametrize("value", ["maybe", "2", "truely"])
def test_conflict_that_cannot_be_read_is_refused(value: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^DEBUG must be one of"):
        StrictEnv({"DEBUG": value}).boolean("DEBUG", default=False)


@pytest.mark.parametrize(("value", "boolean"), [("1", True), ("ON", True), ("no", False), ("", False)])
def test_boolean_is_read(value: str, boolean: bool) -> None:
    assert StrictEnv({"DEBUG": value}).boolean("DEBUG", default=False) is boolean


@pytest.mark.parametrize("value", ["0", "65", "2.0", "-1", "²", "two"])
def test_number_out_of_range_is_refused(value: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^N must be a whole number from 1 to 64\.$"):
        StrictEnv({"N": value}).number("N", 4, minimum=1, maximum=64)


def test_missing_text_is_refused_by_name() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^SECRET_KEY is not set"):
        StrictEnv({}).text("SECRET_KEY")


@pytest.mark.parametrize(
    "value",
    ["fest.example.org", "ftp://x", "https://x/path", "https://me:pw@x", "https://x:99999", "https://"],
)
def test_origin_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^SITE_URL must look like"):
        StrictEnv({"SITE_URL": value}).origin("SITE_URL")


def test_origin_is_read_without_its_slash() -> None:
    assert StrictEnv({"SITE_URL": "https://x.org:8443/"}).origin("SITE_URL").geturl() == "https://x.org:8443"


@pytest.mark.parametrize("value", ["sqlite:///db", "mysql://a@b/c", "postgresql://host/", "nonsense"])
@pytest.mark.filterwarnings("ignore:Engine not recognized")
def test_database_other_than_postgresql_is_refused(value: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^DATABASE_URL "):
        StrictEnv({"DATABASE_URL": value}).postgresql("DATABASE_URL")


def test_database_on_a_socket_keeps_the_case_of_its_folder() -> None:
    found = StrictEnv({"D": "postgresql://me@/fest?host=/tmp/Ab"}).postgresql("D")
    assert (found["HOST"], found["NAME"], found["USER"], found["OPTIONS"]) == ("/tmp/Ab", "fest", "me", {})


def test_database_password_is_not_told() -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        StrictEnv({"D": "mysql://me:hunter2@host/fest"}).postgresql("D")
    assert "hunter2" not in str(caught.value)


def test_redis_address_of_another_scheme_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^REDIS_URL must start with"):
        StrictEnv({"REDIS_URL": "amqp://host"}).redis("REDIS_URL")


@pytest.mark.parametrize(
    ("redis", "broker"),
    [
        ("redis://host:6379/2", "redis://host:6379/2"),
        ("unix:///run/redis.sock", "redis+socket:///run/redis.sock"),
        ("unix:///run/redis.sock?db=2", "redis+socket:///run/redis.sock?virtual_host=2"),
        ("unix:///run/r.sock?password=x&db=2", "redis+socket:///run/r.sock?password=x&virtual_host=2"),
    ],
)
def test_broker_is_the_same_database_of_redis(redis: str, broker: str) -> None:
    assert broker_url(redis) == broker


def test_choice_outside_the_list_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^EMAIL_PROVIDER must be one of: '', 'mailgun'\.$"):
        StrictEnv({"EMAIL_PROVIDER": "smtp"}).choice("EMAIL_PROVIDER", "", among=("", "mailgun"))
