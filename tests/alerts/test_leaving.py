"""The token of a mail's link."""

from hypothesis import given
from hypothesis import strategies as st

from workers.alerts.leaving import leave_token, left_by
from workers.model.message import Recipient

KEY = b"k" * 32
NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=()), max_size=100)


@given(NAMES, NAMES)
def test_a_token_says_who_leaves_what(sink: str, recipient: str) -> None:
    """Whatever the names are, the token is fit for a path and means just them."""
    token = leave_token(KEY, sink, recipient)
    assert token.replace("-", "").replace("_", "").isalnum()
    assert Recipient(sink=sink, recipient=recipient) == left_by(KEY, token)


@given(st.text(max_size=200))
def test_what_we_did_not_make_means_nobody(token: str) -> None:
    """Rubbish is refused without an error."""
    assert left_by(KEY, token) is None


def test_a_token_of_another_installation_means_nobody() -> None:
    """Nor does one that was changed, or is monstrous."""
    token = leave_token(KEY, "desk", "a@example.org")
    assert left_by(b"x" * 32, token) is None
    assert left_by(KEY, token[:-4] + "AAAA") is None
    assert left_by(KEY, token * 100) is None
