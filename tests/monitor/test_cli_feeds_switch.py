"""``tocsin feeds remove``, ``disable`` and ``enable``: whom they stop, and for how long."""

import pytest

from monitor.settings import ADDED

RSS = '<rss version="2.0"><channel><title>Wire</title></channel></rss>'


@pytest.fixture
def url(installation, site) -> str:
    """The address of a feed that the config lists and polls each second."""
    address = site.put("/feed", RSS)
    installation.write(feeds=(address,), more='[polling]\ninterval = "1s"\n')
    return address


async def state(installation, lines, name: str = "Feed 0") -> dict:
    """Return what `feeds list` says of a feed."""
    rows = lines(await installation.call("feeds", "list", "--json"))
    return next(row for row in rows if row["name"] == name)


async def polls_on(site, eventually) -> None:
    """Wait until the feed is asked for once more."""
    before = site.times("/feed")
    await eventually(lambda: site.times("/feed") > before)


@pytest.mark.parametrize("by_url", [False, True])
async def test_a_disabled_feed_is_not_polled(installation, site, url, lines, eventually, by_url):
    """A feed of any file is parked at once and over restarts, until it is enabled."""
    daemon = await installation.start()
    await polls_on(site, eventually)
    (told,) = lines(
        await installation.call("feeds", "disable", url if by_url else "feed 0", "--json")
    )
    assert ("Feed 0", False, True, True) == (
        told["name"], told["enabled"], told["changed"], told["daemon"]["ok"],
    )  # fmt: skip
    row = await state(installation, lines)
    assert ("parked", True) == (row["state"], row["words"].startswith("disabled by hand"))
    for command in ("why", "poll"):
        told = await installation.call("feeds", command, "Feed 0")
        assert "disabled by hand" in told.stdout + told.stderr
    installation.daemons.remove(daemon)
    await daemon.stop()
    asked = site.times("/feed")
    await installation.start()
    assert (await installation.ask("POST", "/reload"))["ok"]
    assert "parked" == (await state(installation, lines))["state"]
    exported = await installation.call("feeds", "export")
    assert 'tocsin:enabled="false"' in exported.stdout
    assert asked == site.times("/feed")
    again = await installation.call("feeds", "disable", "Feed 0")
    assert (0, True) == (again.exit_code, "already" in again.stdout)
    assert 0 == (await installation.call("feeds", "enable", "Feed 0")).exit_code
    await polls_on(site, eventually)
    assert "ok" == (await state(installation, lines))["state"]


async def test_without_a_daemon(installation, url, site, lines):
    """What is disabled while nothing runs is not polled at the next start."""
    daemon = await installation.start()
    installation.daemons.remove(daemon)
    await daemon.stop()
    result = await installation.call("feeds", "disable", url)
    assert (0, True) == (result.exit_code, "no daemon runs here" in result.stderr)
    asked = site.times("/feed")
    await installation.start()
    assert "parked" == (await state(installation, lines))["state"]
    assert asked == site.times("/feed")


async def test_a_private_feed(installation, site):
    """A feed with a password is named without it, and no command tells it."""
    url = site.put("/private", RSS.replace("</channel>", "<item><guid>1</guid></item></channel>"))
    private = url.replace("://", "://me:hunter2@")
    daemon = await installation.start()
    told = await installation.call("feeds", "add", private, "--unchecked", "--json")
    (row,) = await daemon.state.parts.store.find_feeds(private)
    assert "hunter2" not in row.name + told.stdout + told.stderr
    for command in ("why", "poll", "disable", "enable", "remove"):
        result = await installation.call("feeds", command, url)
        assert (0, False) == (result.exit_code, "hunter2" in result.stdout + result.stderr)
    assert "hunter2" not in (installation.folder / ADDED).read_text()


@pytest.mark.usefixtures("url")
async def test_before_the_first_start(installation):
    """Without a database these say what to do instead, with the place in the file."""
    result = await installation.call("feeds", "disable", "Feed 0")
    assert (1, "") == (result.exit_code, result.stdout)
    assert f"enabled = false at {installation.config}:" in result.stderr


@pytest.mark.usefixtures("url")
async def test_what_the_database_does_not_know_yet(installation, site):
    """A feed that was written into a file since the last start is named, with what to do."""
    daemon = await installation.start()
    installation.daemons.remove(daemon)
    await daemon.stop()
    other = site.put("/other", RSS)
    text = installation.config.read_text()
    installation.config.write_text(
        text.replace("[sinks", f'[[feeds]]\nname = "O"\nurl = "{other}"\n[sinks')
    )
    result = await installation.call("feeds", "disable", "O")
    assert (1, True) == (result.exit_code, "does not know it yet: O (" in result.stderr)
    assert f"enabled = false at {installation.config}:" in result.stderr


@pytest.mark.usefixtures("url")
async def test_no_command_overrules_the_files(installation, site):
    """A feed that its file disables, or none lists, is not enabled: the place is named."""
    other = site.put("/other", RSS)
    text = installation.config.read_text().replace(
        "[sinks", f'[[feeds]]\nname = "O"\nurl = "{other}"\nenabled = false\n[sinks'
    )
    installation.config.write_text(text)
    daemon = await installation.start()
    result = await installation.call("feeds", "enable", "O")
    assert (1, True) == (result.exit_code, f"{installation.config}:" in result.stderr)
    result = await installation.call("feeds", "enable", "Nobody")
    assert (1, True) == (result.exit_code, "no such feed" in result.stderr)
    row = next(row for row in await daemon.state.parts.store.feed_rows() if row.name == "O")
    assert row.parked


@pytest.mark.usefixtures("url")
async def test_add_and_remove(installation, site, lines, eventually):
    """What was added is removed and parked, its history kept; added again, it is polled again."""
    await installation.start()
    new = site.put("/new", RSS)
    assert 0 == (await installation.call("feeds", "add", new, "--name", "New")).exit_code
    assert "ok" == (await state(installation, lines, "New"))["state"]
    (told,) = lines(await installation.call("feeds", "remove", "New", "--json"))
    assert ("New", None, True) == (told["removed"], told["still_listed"], told["daemon"]["ok"])
    row = await state(installation, lines, "New")
    assert ("parked", True) == (row["state"], row["last_good"] is not None)
    assert "new" not in (installation.folder / ADDED).read_text().partition("<body")[2]
    assert 0 == (await installation.call("feeds", "disable", "New")).exit_code
    before = site.times("/new")
    assert 0 == (await installation.call("feeds", "add", new, "--name", "New")).exit_code
    await eventually(lambda: site.times("/new") > before + 1)
    assert row["feed"] == (await state(installation, lines, "New"))["feed"]


async def test_what_another_file_lists_is_not_removed(installation, url, lines):
    """The file and line are named, and what stops the polls without a change of files."""
    (told,) = lines(await installation.call("feeds", "remove", url, "--json"))
    assert (None, True) == (
        told["removed"],
        told["listed_at"].startswith(f"{installation.config}:"),
    )
    assert "tocsin feeds disable" in told["error"]
    result = await installation.call("feeds", "remove", "Nobody")
    assert (1, True) == (result.exit_code, "no file lists it" in result.stderr)
