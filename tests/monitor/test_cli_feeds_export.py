"""``tocsin feeds export``: what it writes, where, and what it never does."""

from monitor.settings.opml import read_opml

HEADERS = 'tags = ["wire"]\nheaders = { Authorization = "hunter2" }\n'


def test_to_standard_output_and_to_a_file(installation):
    """Without a file it goes to stdout alone; a file is not overwritten without a word."""
    first = installation.run("feeds", "export")
    assert (0, True) == (first.exit_code, first.stdout.startswith("<?xml"))
    assert 0 == installation.run("feeds", "export", "out.opml").exit_code
    again = installation.run("feeds", "export", "out.opml")
    assert (1, True) == (again.exit_code, "--force" in again.stderr)
    assert 0 == installation.run("feeds", "export", "out.opml", "--force").exit_code
    file = read_opml(installation.folder / "out.opml")
    assert ["http://127.0.0.1:9/feed"] == [one.data["url"] for one in file.outlines]
    assert [] == [path for path in installation.folder.iterdir() if path.name.startswith(".")]


def test_secrets_are_left_out_and_it_says_so(installation):
    """Headers are not written; stderr names the feed that has some."""
    text = installation.config.read_text().replace('name = "Feed 0"\n', f'name = "A"\n{HEADERS}')
    installation.config.write_text(text)
    result = installation.run("feeds", "export", "--tag", "WIRE")
    assert (0, False) == (result.exit_code, "hunter2" in result.output)
    assert "left out because they may be secret" in result.stderr
    assert 'xmlUrl="http://127.0.0.1:9/feed"' in result.stdout


def test_a_folder_that_is_not_there(installation):
    """What cannot be written is told in words."""
    result = installation.run("feeds", "export", "no/such/out.opml")
    assert (1, True) == (result.exit_code, "No such file" in result.stderr)
