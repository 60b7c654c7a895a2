"""Pages for a browser: the journey of an article, and how a reader of mail leaves."""

from collections.abc import Mapping
from html import escape
from typing import Any

__all__ = ["journey_page", "leaving_page", "left_page"]

_HEAD = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer"><title>{title}</title></head>
<body style="margin:0 auto;padding:16px;max-width:50em;font:16px/1.5 system-ui,sans-serif;
overflow-wrap:anywhere">
<h1 style="font-size:20px;line-height:1.3" dir="auto">{title}</h1>
"""


def journey_page(told: Mapping[str, Any]) -> str:
    """Return HTML of an article's ``title``, ``url`` and ``steps``, as `tocsin why` tells them.

    ``left_out`` is how many older steps there are.

    Everything in it came from outside and is escaped.
    """
    parts = [_HEAD.format(title=escape(told["title"] or "No title"))]
    url = told["url"]
    if url and url.startswith(("http://", "https://")):
        parts.append(f'<p><a href="{escape(url)}" rel="noreferrer">{escape(url)}</a></p>')
    if told.get("left_out"):
        parts.append(f"<p>… {told['left_out']} older lines are left out</p>")
    parts.append("<dl>")
    for step in told["steps"]:
        when = step["at"].strftime("%Y-%m-%d %H:%M:%SZ")
        parts.append(f"<dt>{when} <b>{escape(step['stage'])}</b></dt>")
        because = f"<br><small>{escape(step['because'])}</small>" if step["because"] else ""
        parts.append(f'<dd dir="auto">{escape(step["decision"])}{because}</dd>')
    return "".join([*parts, "</dl></body></html>\n"])


def leaving_page(sink: str, recipient: str) -> str:
    """Return the page that asks whether a reader really wants no more mail."""
    return (
        _HEAD.format(title="No more of these mails?")
        + f'<p dir="auto">{escape(recipient)} will get no more alerts of Tocsin by '
        f"{escape(sink)}. The other recipients are told.</p>"
        '<form method="post"><button type="submit" style="font:inherit;padding:8px 16px">'
        "Yes, send no more</button></form></body></html>\n"
    )


def left_page() -> str:
    """Return the page that says that a reader gets no more mail."""
    return (
        _HEAD.format(title="You will get no more of these mails")
        + "<p>Whoever runs this Tocsin can take that back.</p></body></html>\n"
    )
