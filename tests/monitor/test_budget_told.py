"""A budget that does not suffice is told of, with the figure that would do."""

import pytest


@pytest.mark.usefixtures("valkey")
async def test_the_event_names_what_is_needed(installation):
    """Raised at the start, ended when the settings allow what is needed."""
    feeds = tuple(f"http://127.0.0.1:9/{number}" for number in range(30))
    few = '[polling]\npolls_per_minute = 0.1\nslowest = "10m"'
    installation.write(feeds=feeds, more=few)
    daemon = await installation.start()
    store = daemon.state.parts.store
    told = [one for one in await store.open_events() if one.kind == "budget_exhausted"]
    assert ["polls_per_minute"] == [one.subject for one in told]
    assert "need 3 polls a minute, and there are 0.1" in told[0].text
    assert "polls_per_minute to 3 or more" in told[0].text
    installation.write(feeds=feeds, more="[polling]\npolls_per_minute = 60")
    assert (await installation.ask("POST", "/reload?yes=1"))["ok"]
    assert not [one for one in await store.open_events() if one.kind == "budget_exhausted"]
