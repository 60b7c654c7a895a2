"""The demo, as a newcomer sees it."""

import re

import pytest

pytestmark = [pytest.mark.whole, pytest.mark.timeout(120)]


async def test_the_demo_rings_as_promised_and_tells_how_publishers_were_treated(tocsin):
    """Exactly what is expected rings, once; moves, ends, rests, pushes are told as they were."""
    code, out, err = await tocsin.call("demo", "--once", "--why")
    assert (0, "alerts: 21 expected, 21 delivered, 0 missing, 0 unexpected") == (
        code,
        out.strip().splitlines()[-1],
    ), err
    publishers, _, pages = out.partition("How publishers")[2].partition("How pages")
    lines = publishers.splitlines()
    told = dict(line.strip().split(": ", 1) for line in lines if line.startswith("  "))
    assert re.search(r"polled once, pushed [1-3] times", told["The Tidewater Lantern"])
    assert re.search(r"followed [1-9]\d* times", told["Copperline Gazette"])
    assert re.search(r"said [1-9]\d* times that it is gone", told["Port Ellery Bulletin"])
    rests = re.findall(r"\d+\.\d", told["Lindholm Observer"])
    assert [] == [rest for rest in rests if float(rest) < 2.0]
    assert "nothing new" in told["The Salt Almanac"]
    assert "answered 500" in told["Civic Beacon"]
    rules = set(re.findall(r"\d+ by (\w\d)", pages))
    assert {"R1", "R2", "R3", "R4", "R5", "R6", "B1", "B2", "B3", "C1"} == rules
    assert "thin (stand-in: consent page); the feed's text was searched" in pages
    assert "the text in its JSON-LD was searched" in pages
    rang, _, silent = out.partition("Why it rang")[2].partition("Why it did not ring")
    assert "✓ (militia OR @iran_backed_groups) NEAR/30" in rang
    assert "title: US drone *strike* kills *militia* commander in eastern Baghdad" in rang
    assert "✗ {US} NEAR/3 steel: `steel` not there" in silent
    assert (
        "stands in related, which is not searched: Last furnace of oldest *US* *steel*" in silent
    )
    assert "✗ murder*: not in title or body, but in related" in silent
