"""How values are written, and secrets kept."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from monitor.settings import (
    Rate,
    Secret,
    SecretUnreadable,
    SecretUrl,
    Settings,
    database_address,
    duration_text,
    load,
    net_options,
    page_options,
    poll_options,
    queue_options,
    render,
    size_text,
    user_agent,
)
from monitor.settings.lines import line_of, lines
from monitor.settings.problems import Problem, plain, shown
from monitor.settings.values import Burst, Bytes, Keep, Listen, Seconds, SecondsOrAuto, TimeZone

DURATION: TypeAdapter[float] = TypeAdapter(Seconds)
KEEP: TypeAdapter[float | None] = TypeAdapter(Keep)
AUTO: TypeAdapter[float | None] = TypeAdapter(SecondsOrAuto)
SIZE: TypeAdapter[int] = TypeAdapter(Bytes)
RATE: TypeAdapter[Rate] = TypeAdapter(Burst)
LISTEN: TypeAdapter[str] = TypeAdapter(Listen)
SECRET: TypeAdapter[Secret] = TypeAdapter(Secret)
URL: TypeAdapter[SecretUrl] = TypeAdapter(SecretUrl)
ZONE: TypeAdapter[str] = TypeAdapter(TimeZone)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("0s", 0.0),
        ("30s", 30.0),
        ("1.5m", 90.0),
        ("15m", 900.0),
        ("2 h", 7200.0),
        ("90d", 7776000.0),
        ("2w", 1209600.0),
        ("1y", 31536000.0),
    ],
)
def test_durations_are_seconds(written: str, seconds: float) -> None:
    """A number and a unit make seconds."""
    assert seconds == DURATION.validate_python(written)


@pytest.mark.parametrize(
    "wrong", [30, 0, "31", "s", "-3s", "3 fortnights", "1h30m", "", None, True]
)
def test_other_durations_are_refused(wrong: object) -> None:
    """Nothing else is a duration, a plain number least of all."""
    with pytest.raises(ValidationError):
        DURATION.validate_python(wrong)


def test_words_for_none() -> None:
    """``forever`` and ``auto`` are None, and ``auto`` begins at a second."""
    assert (None, None, 1.0) == (
        KEEP.validate_python("forever"),
        AUTO.validate_python("auto"),
        AUTO.validate_python("1s"),
    )
    with pytest.raises(ValidationError):
        AUTO.validate_python("0.5s")


@given(st.integers(0, 10**8).map(float))
@settings(max_examples=100, deadline=None)
def test_a_duration_survives_being_written(seconds: float) -> None:
    """What is printed can be read again, as the same duration."""
    assert seconds == DURATION.validate_python(duration_text(seconds))


@given(st.integers(0, 10**9))
@settings(max_examples=100, deadline=None)
def test_a_size_survives_being_written(size: int) -> None:
    """What is printed can be read again, as the same size."""
    assert size == SIZE.validate_python(size_text(size))


@pytest.mark.parametrize(
    ("written", "count", "per_s"), [("30/m", 30, 60.0), ("20/1h", 20, 3600.0), ("5/10s", 5, 10.0)]
)
def test_rates(written: str, count: int, per_s: float) -> None:
    """How many in how long."""
    assert Rate(count=count, per_s=per_s) == RATE.validate_python(written)


@pytest.mark.parametrize("wrong", ["30", "0/m", "5/0s", "x/m", 31, "30/"])
def test_other_rates_are_refused(wrong: object) -> None:
    """A rate of nothing is none."""
    with pytest.raises(ValidationError):
        RATE.validate_python(wrong)


@pytest.mark.parametrize("good", ["off", "unix:/run/x.sock", "[::1]:80", "localhost:1", ":8080"])
def test_addresses_to_listen_on(good: str) -> None:
    """An address is taken as it is written."""
    assert good == LISTEN.validate_python(good)


@pytest.mark.parametrize("wrong", ["on", "unix:", "unix:x", "::1:80", "a:99999", "a:b", 8080])
def test_other_addresses_are_refused(wrong: object) -> None:
    """What cannot be bound is refused before it is tried."""
    with pytest.raises(ValidationError):
        LISTEN.validate_python(wrong)


@pytest.mark.parametrize(
    "wrong", ["Mars/Base", "../../etc/passwd", "/etc/passwd", "Europe", "\x00"]
)
def test_time_zones_are_not_paths(wrong: str) -> None:
    """Only names of the IANA list are time zones."""
    with pytest.raises(ValidationError):
        ZONE.validate_python(wrong)


def test_a_secret_is_read_again_each_time(tmp_path: Path) -> None:
    """A rotated file and a changed variable need no restart."""
    (tmp_path / "key").write_text("one\n")
    environ = {"KEY": "two"}
    context = {"base": tmp_path, "environ": environ}
    secret = SECRET.validate_python([{"file": "key"}, {"env": "KEY"}], context=context)
    assert ("one", "two") == secret.reveal()

    (tmp_path / "key").write_text("three")
    environ["KEY"] = "four"

    assert ("three", "four") == secret.reveal()
    assert "three" == secret.first()


def test_a_credential_is_in_the_folder_of_systemd(tmp_path: Path) -> None:
    """``{ credential = "x" }`` is the file x in $CREDENTIALS_DIRECTORY, and nothing above it."""
    (tmp_path / "smtp").write_text("hunter2")
    context = {"environ": {"CREDENTIALS_DIRECTORY": str(tmp_path)}}

    secret = SECRET.validate_python({"credential": "smtp"}, context=context)

    assert ("hunter2",) == secret.reveal()
    with pytest.raises(ValidationError):
        SECRET.validate_python({"credential": "../smtp"}, context=context)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ({"env": "NONE"}, "authError: environment variable NONE is not set"),
        ({"env": "EMPTY"}, "authError: environment variable EMPTY is empty"),
        ({"credential": "x"}, "credential x: CREDENTIALS_DIRECTORY is not set"),
        ({"file": "none"}, "No such file or directory"),
        ({"file": "large"}, "is larger than 65536 bytes"),
        ({"file": "binary"}, "is not UTF-8"),
    ],
)
def test_a_secret_that_is_not_there_says_where(
    tmp_path: Path, written: dict[str, str], told: str
) -> None:
    """An unreadable secret is a passing error that names its place, never its value."""
    (tmp_path / "large").write_text("x" * 70_000)
    (tmp_path / "binary").write_bytes(b"\xff")
    context = {"base": tmp_path, "environ": {"EMPTY": ""}}
    secret = SECRET.validate_python(written, context=context)

    with pytest.raises(SecretUnreadable) as caught:
        secret.reveal()

    assert told in str(caught.value)
    assert 1 == len(secret.missing())


def test_secrets_print_as_a_mask() -> None:
    """No way of printing shows a secret; a URL shows scheme and host."""
    secret = SECRET.validate_python("hunter2")
    url = URL.validate_python("https://user:hunter2@hooks.example.org:8/hunter2?key=hunter2")

    assert {"<secret>"} == {str(secret), repr(secret), f"{secret}", SECRET.dump_python(secret)}
    assert {"https://hooks.example.org:8"} == {str(url), repr(url), URL.dump_python(url)}
    several = URL.validate_python("redis+cluster://user:hunter2@a:1,b:2,c?password=hunter2")
    assert "redis+cluster://a:1,b:2,c" == str(several)
    assert "hunter2" not in repr(secret.sources) + repr(url.sources)
    assert '"<secret>"' == SECRET.dump_json(secret).decode()


@pytest.mark.parametrize("written", ["hunter2", "//hunter2", "https://[hunter2", "hunter2@x:1"])
def test_a_broken_address_prints_nothing_of_itself(written: str) -> None:
    """What is no address may be a secret in the wrong place."""
    assert "hunter2" not in str(URL.validate_python(written))


@pytest.mark.parametrize(
    "wrong", [7, True, {}, {"env": 3}, {"env": "A", "file": "b"}, [], [[]], ""]
)
def test_other_secrets_are_refused(wrong: object) -> None:
    """A secret is a text or one of three places."""
    with pytest.raises(ValidationError):
        SECRET.validate_python(wrong)


def test_messages_cannot_take_over_a_terminal() -> None:
    """Controls and direction overrides of a file do not reach the terminal."""
    told = render(Problem(file="x\x1b[2J", key="a\u202eb", message="bad\r\nnext\tline"))

    assert "x\N{REPLACEMENT CHARACTER}[2J: a\N{REPLACEMENT CHARACTER}b" in told
    assert "zero\u200djoiner\nline" == plain("zero\u200djoiner\nline")


def test_values_are_shown_in_short_and_without_secrets() -> None:
    """Addresses lose user and query, secrets everything, long texts their end."""
    assert '"https://…@a.example.org/x?…"' == shown("https://u:p@a.example.org/x?token=p")
    assert "<secret>" == shown("hunter2", ("sinks", "ops", "secret"))
    assert ("a table", "a list of 2", "[]", "true") == (
        shown({"a": 1}),
        shown([1, 2]),
        shown([]),
        shown(value=True),
    )
    assert 81 == len(shown("x" * 500) or "")


def test_lines_of_keys_are_found() -> None:
    """Headers, dotted and quoted keys, lists of tables; strings and comments hide nothing."""
    text = '''# comment = 1
a = """
b = 2
[c]
""" # end
"d e".f = [ # [x]
  1,
  { g = 2 },
]
[h.i]
j = '[k]'
[[l]]
m = 1
[[l]]
m = 2
[l.n]
o = 1
[[l.p]]
q = 1
'''
    index = lines(text)

    assert {
        ("a",): 2,
        ("d e", "f"): 6,
        ("h", "i"): 10,
        ("h", "i", "j"): 11,
        ("l", 0): 12,
        ("l", 0, "m"): 13,
        ("l", 1): 14,
        ("l", 1, "m"): 15,
        ("l", 1, "n"): 16,
        ("l", 1, "n", "o"): 17,
        ("l", 1, "p", 0): 18,
        ("l", 1, "p", 0, "q"): 19,
    } == index
    assert (6, None) == (line_of(index, ("d e", "f", 1, "g")), line_of(index, ("none",)))


@given(st.text(alphabet="ab.=[]{}\"'#\n \\", max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_text_has_lines(text: str) -> None:
    """Looking for lines never fails, and never points past the text."""
    assert all(1 <= line <= text.count("\n") + 1 for line in lines(text).values())


def test_defaults_are_those_of_the_options() -> None:
    """What nobody set is what `workers.options` holds."""
    options = poll_options(Settings())

    assert (None, 120.0, 7200.0, 60.0) == (
        options.interval_s,
        options.fastest_s,
        options.slowest_s,
        options.polls_per_minute,
    )
    assert (30.0, 8.0) == (
        queue_options(Settings()).lease_s,
        queue_options(Settings()).stop_within_s,
    )
    assert 2 <= page_options(Settings()).workers


def test_the_user_agent_names_version_and_contact() -> None:
    """Publishers learn who asks; what could break a header is left out."""
    asked = Settings.model_construct(**{**dict(Settings()), "contact": "a@b.example (é\r\n)"})

    assert "Tocsin/1.2" == user_agent(Settings(), "1.2")
    assert "Tocsin/1.2 (+a@b.example )" == user_agent(asked, "1.2")
    assert "Tocsin/1.2" == net_options(Settings(), "1.2").user_agent


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("embedded", "/data/tocsin.db"),
        ("sqlite:///other.db", "/data/other.db"),
        ("sqlite:////var/x.db", "/var/x.db"),
        ("postgresql://tocsin:pass@db:5432/tocsin?sslmode=require", None),
        ("postgres://tocsin@%2Frun%2Fpostgresql/tocsin", None),
        ("postgresql://one:5432,two:5433/tocsin?target_session_attrs=read-write", None),
    ],
)
def test_where_the_database_is(tmp_path: Path, url: str, expected: str | None) -> None:
    """A relative path is inside the data folder; an address of PostgreSQL stays as it is."""
    file = tmp_path / "tocsin.toml"
    file.write_text(f'data_dir = "/data"\n[database]\nurl = "{url}"\n')

    found = database_address(load(file, {}).settings)
    assert (url if expected is None else Path(expected)) == found
