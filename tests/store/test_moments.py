"""Moments as they lie in the database."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from workers.store.columns import Moment


@given(
    st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)).map(  # noqa: DTZ001 - naive bounds
        lambda moment: moment.replace(tzinfo=UTC)
    )
)
def test_a_moment_comes_back_to_the_microsecond(moment: datetime) -> None:
    """Seconds in a double hold what a date says, to the microsecond."""
    assert moment == datetime.fromtimestamp(Moment.lay(moment) or 0, UTC)
