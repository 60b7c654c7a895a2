"""When a failed attempt is made again."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.alerts import Dead, Retry, after, page_delay, proves_alive
from workers.errors import Permanent, Reason, Transient

FIRST = datetime(2026, 11, 23, tzinfo=UTC)
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
ENDPOINT: tuple[Reason, ...] = ("authError", "clientError", "dns", "tls", "blocked")
PASSING: tuple[Reason, ...] = ("timeout", "connect", "serverError", "rateLimited")


def _at(seconds: float) -> datetime:
    return FIRST + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("attempts", "delay_s"),
    [
        (1, 5),
        (2, 30),
        (3, 2 * MINUTE),
        (4, 10 * MINUTE),
        (5, 30 * MINUTE),
        (6, HOUR),
        (7, 2 * HOUR),
        (8, 5 * HOUR),
        (9, 10 * HOUR),
        (10, 12 * HOUR),
        (40, 12 * HOUR),
    ],
)
@pytest.mark.parametrize("reason", [*PASSING, *ENDPOINT])
def test_the_schedule(attempts: int, delay_s: float, reason: Reason) -> None:
    """What passes, and what is wrong with the endpoint, is tried by the schedule."""
    assert Retry(delay_s=delay_s) == after(Transient(reason), attempts, FIRST, FIRST, 0.5)


@pytest.mark.parametrize(
    ("jitter", "delay_s"), [(0.0, 24.0), (0.5, 30.0), (1.0, 36.0), (9.0, 36.0)]
)
def test_a_fifth_is_spread_to_either_side(jitter: float, delay_s: float) -> None:
    """Jitter moves a delay by 20 % at most."""
    assert Retry(delay_s=delay_s) == after(Transient("timeout"), 2, FIRST, FIRST, jitter)


@pytest.mark.parametrize(
    ("asked", "delay_s"),
    [(None, 5.0), (1.0, 5.0), (90.0, 90.0), (30 * DAY, DAY), (-5.0, 5.0), (float("nan"), 5.0)],
)
def test_retry_after_only_lengthens(asked: float | None, delay_s: float) -> None:
    """Retry-After counts from the schedule's delay up to a day."""
    failure = Transient("rateLimited", retry_after=asked)
    assert Retry(delay_s=delay_s) == after(failure, 1, FIRST, FIRST, 0.5)


def test_the_last_attempt_is_at_the_end_of_five_days() -> None:
    """The schedule does not step over its end, and after it there is nothing."""
    failure = Transient("connect")
    assert Retry(delay_s=HOUR) == after(failure, 15, FIRST, _at(5 * DAY - HOUR), 0.5)
    assert Dead(reason="connect") == after(failure, 16, FIRST, _at(5 * DAY), 0.5)


@pytest.mark.parametrize(
    ("attempts", "age_s", "dead"),
    [(2, 11 * MINUTE, False), (3, 9 * MINUTE, False), (3, 10 * MINUTE, True), (9, 0, False)],
)
@pytest.mark.parametrize("failure", [Permanent("payload"), Transient("payload")])
def test_a_refused_message_is_given_up_after_three_tries_and_ten_minutes(
    attempts: int, age_s: float, *, dead: bool, failure: Transient | Permanent
) -> None:
    """Both must have passed: a receiver in the middle of a deploy refuses everything."""
    verdict = after(failure, attempts, FIRST, _at(age_s), 0.5)
    assert dead == isinstance(verdict, Dead)


@pytest.mark.parametrize("reason", ENDPOINT)
def test_a_wrong_endpoint_goes_on_even_where_it_is_called_permanent(reason: Reason) -> None:
    """A rotated secret is not the message's fault: four days later it is still tried."""
    assert isinstance(after(Permanent(reason), 12, FIRST, _at(4 * DAY), 0.5), Retry)


def test_gone_goes_on_by_the_schedule() -> None:
    """Whether a 410 is believed is told of the sink, not of one delivery."""
    failure = Permanent("disabled", status=410)
    assert Retry(delay_s=HOUR) == after(failure, 6, FIRST, _at(HOUR), 0.5)
    assert isinstance(after(failure, 7, FIRST, _at(4 * DAY), 0.5), Retry)


@settings(max_examples=100, deadline=None)
@given(
    reason=st.sampled_from([*PASSING, *ENDPOINT, "payload", "disabled", "crash"]),
    permanent=st.booleans(),
    attempts=st.integers(0, 60),
    age_s=st.floats(0, 10 * DAY),
    jitter=st.floats(0, 1),
)
def test_every_delay_is_bounded(
    reason: Reason, *, permanent: bool, attempts: int, age_s: float, jitter: float
) -> None:
    """Whatever happened, a delay lies between nothing and twelve hours and a fifth."""
    failure = Permanent(reason) if permanent else Transient(reason)
    verdict = after(failure, attempts, FIRST, _at(age_s), jitter)
    assert not isinstance(verdict, Retry) or 0 <= verdict.delay_s <= 12 * HOUR * 1.2


def test_only_a_refused_message_proves_that_the_endpoint_lives() -> None:
    """Only payload counts as a sign of life for the breaker."""
    alive = [
        reason for reason in (*PASSING, *ENDPOINT, "payload", "disabled") if proves_alive(reason)
    ]
    assert ["payload"] == alive


@pytest.mark.parametrize(
    ("attempts", "delay_s"), [(0, 0.0), (1, 30.0), (2, 120.0), (3, 600.0), (4, None), (9, None)]
)
def test_pages_are_given_up_after_four_attempts(attempts: int, delay_s: float | None) -> None:
    """After half a minute, two and ten, the feed's own text is what there is."""
    assert delay_s == page_delay(attempts)
