"""A notice as a mail that reads well on a phone: in text and in HTML."""

from collections.abc import Iterator
from datetime import UTC, tzinfo
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape

from workers.alerts import severity_of, why_link
from workers.alerts.passage import Passage, marked, passage
from workers.alerts.words import (
    concerned,
    evidence,
    gathered,
    headline,
    lateness,
    moment,
    safe_line,
    safe_link,
    shorten,
    when,
    where,
    who,
)
from workers.model.alert import Alert, Content, Notice, NoticeType, RungTopic, Summary
from workers.model.message import OperatorEvent

__all__ = ["render", "subject"]

MOST_TOPICS = 30
MOST_ITEMS = 100
"""Alerts of a summary that a mail shows."""
MOST_NAME = 80
MOST_ENCODED = 75
"""Longest encoded word that RFC 2047 allows."""


NO_MORE = "No more of these mails"
"""What the link says by which a reader leaves."""

_KINDS: dict[NoticeType, str] = {
    "alert.created": "",
    "event.raised": "Tocsin: ",
    "summary.created": "",
    "test": "Test: ",
}
# 7bit: any relay can take it, so that no mail depends on what a relay offers.
_LONG = SMTP.clone(max_line_length=998, cte_type="7bit")
_SHORT = _LONG.clone(max_line_length=76)


def subject(notice: Notice) -> str:
    """Return the subject: the article's title alone, so that all mails of an event share it."""
    line = headline(notice.content)
    return f"{_KINDS[notice.type]}{line}"


def render(
    notice: Notice,
    sender: Address,
    recipient: Address,
    zone: tzinfo,
    leave: str | None = None,
) -> bytes:
    """Return the mail. Between attempts only Date, boundary and how late it is differ.

    ``leave`` is the address by which its reader gets no more mail (RFC 2369, RFC 8058).
    """
    message = EmailMessage(policy=_LONG)
    for name, value in _headers(notice, sender.domain):
        message[name] = value
    if leave is not None:
        message["List-Unsubscribe"] = f"<{leave}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["From"] = sender
    message["To"] = recipient
    text, html = [*_text(notice, zone)], [*_html(notice, zone)]
    if leave is not None:
        text += ["", f"{NO_MORE}: {leave}"]
        html.insert(-1, f'<p><small><a href="{escape(leave)}">{NO_MORE}</a></small></p>')
    message.set_content("\n".join(text) + "\n")
    message.add_alternative("\n".join(html) + "\n", subtype="html")
    return _subject_line(subject(notice)) + _to_bytes(message)


def _headers(notice: Notice, domain: str) -> Iterator[tuple[str, str]]:
    thread = f"<{_thread(notice.content)}@{domain}>"
    yield "Date", format_datetime(notice.at.astimezone(UTC))
    yield "Message-ID", f"<{notice.id}@{domain}>"
    yield "In-Reply-To", thread
    yield "References", thread
    yield "Auto-Submitted", "auto-generated"
    yield "X-Auto-Response-Suppress", "All"
    if severity_of(notice.content) in {"high", "critical"}:
        yield "Importance", "high"


def _thread(content: Content) -> str:
    """Return what the mails of one thread share."""
    match content:
        case OperatorEvent():
            return content.id
        case Summary():
            return content.facts.id
        case _:
            return content.event


def _subject_line(text: str) -> bytes:
    """Return the header Subject, encoded by hand.

    Set as a header of the message, a title that looks like an encoded word would be decoded, to
    line feeds even, and Python's folding loses spaces between encoded words.
    """
    if text.isascii() and "=?" not in text:
        return f"Subject: {text}\r\n".encode("ascii")
    coded = Header(text, "utf-8", maxlinelen=MOST_ENCODED, header_name="Subject")
    return f"Subject: {coded.encode(linesep=_LONG.linesep)}\r\n".encode("ascii")


def _to_bytes(message: EmailMessage) -> bytes:
    """Return the message with headers as long as a line of mail may be.

    Python folds a long header where it likes and wraps what it cannot fold in encoded words, which
    breaks identifiers. Only names of people are folded short: an encoded word has 75 characters.
    """
    _, _, content = message.as_bytes().partition(b"\r\n\r\n")
    headers = (
        (_SHORT if name in {"From", "To"} else _LONG).fold_binary(name, value)
        for name, value in message.raw_items()
    )
    return b"".join(headers) + b"\r\n" + content


def _text(notice: Notice, zone: tzinfo) -> Iterator[str]:
    yield f"{lateness(notice.late_s)}{subject(notice)}"
    match notice.content:
        case OperatorEvent() as event:
            yield from _event_lines(event, zone)
        case Summary() as summary:
            yield from _text_summary(summary, zone)
        case alert:
            yield from _text_alert(alert, notice.public_url, zone)


def _text_alert(alert: Alert, public_url: str | None, zone: tzinfo) -> Iterator[str]:
    yield f"{who(alert)}, {when(alert, zone)}"
    for topic in alert.topics[:MOST_TOPICS]:
        yield ""
        yield from _text_topic(topic)
    yield from _more(alert)
    yield ""
    for label, link in _links(alert, public_url):
        yield f"{label}: {link}"
    if told := evidence(alert):
        yield told


def _event_lines(event: OperatorEvent, zone: tzinfo) -> Iterator[str]:
    yield safe_line(event.text)
    if topics := concerned(event):
        yield topics
    yield f"{event.severity}, since {moment(event.since, zone)} ({event.kind})"


def _text_summary(summary: Summary, zone: tzinfo) -> Iterator[str]:
    yield gathered(summary, zone)
    for alert in summary.items[:MOST_ITEMS]:
        yield ""
        yield headline(alert)
        yield f"  {who(alert)}, {when(alert, zone)}"
        if link := safe_link(alert.article.url):
            yield f"  {link}"
    if told := _unshown(summary):
        yield ""
        yield told


def _unshown(summary: Summary) -> str:
    more = summary.facts.count - min(len(summary.items), MOST_ITEMS)
    return f"and {more} more: tocsin alerts list" if more > 0 else ""


def _text_topic(topic: RungTopic) -> Iterator[str]:
    found = passage(topic.clauses)
    place = f", {where(found.zone)}" if found else ""
    yield f"{_name(topic)} ({topic.severity}){place}:"
    yield f"  {marked(topic.clauses) or 'matched by facts of the article, not by its text'}"


def _name(topic: RungTopic) -> str:
    return shorten(safe_line(topic.name), MOST_NAME)


def _more(alert: Alert) -> Iterator[str]:
    more = len(alert.topics) - MOST_TOPICS
    if more > 0:
        yield f"and {more} more topics"


def _links(alert: Alert, public_url: str | None) -> Iterator[tuple[str, str]]:
    why = why_link(public_url, alert.article.id)
    for label, url in (("Read", alert.article.url), ("Why this mail", why)):
        link = safe_link(url)
        if link:
            yield label, link


def _html(notice: Notice, zone: tzinfo) -> Iterator[str]:
    late = escape(lateness(notice.late_s))
    title = escape(subject(notice))
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{title}</title></head>"
    yield '<body style="margin:0 auto;padding:16px;max-width:40em;'
    yield 'font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere">'
    yield f'<h1 style="font-size:20px;line-height:1.3" dir="auto">{late}{title}</h1>'
    match notice.content:
        case OperatorEvent() as event:
            yield from (f'<p dir="auto">{escape(line)}</p>' for line in _event_lines(event, zone))
        case Summary() as summary:
            yield from _html_summary(summary, zone)
        case alert:
            yield from _html_alert(alert, notice.public_url, zone)
    yield "</body></html>"


def _html_alert(alert: Alert, public_url: str | None, zone: tzinfo) -> Iterator[str]:
    yield f'<p dir="auto">{escape(who(alert))}, {escape(when(alert, zone))}</p>'
    for topic in alert.topics[:MOST_TOPICS]:
        yield _html_topic(topic)
    yield from (f"<p>{escape(line)}</p>" for line in _more(alert))
    found = _links(alert, public_url)
    links = (f'<a href="{escape(link)}">{escape(label)}</a>' for label, link in found)
    yield f"<p>{' &middot; '.join(links)}</p>"
    if told := evidence(alert):
        yield f"<p><small>{escape(told)}</small></p>"


def _html_summary(summary: Summary, zone: tzinfo) -> Iterator[str]:
    yield f'<p dir="auto">{escape(gathered(summary, zone))}</p>'
    for alert in summary.items[:MOST_ITEMS]:
        title, link = escape(headline(alert)), safe_link(alert.article.url)
        shown = f'<a href="{escape(link)}">{title}</a>' if link else title
        about = escape(f"{who(alert)}, {when(alert, zone)}")
        yield f'<p dir="auto">{shown}<br><small>{about}</small></p>'
    if told := _unshown(summary):
        yield f"<p>{escape(told)}</p>"


def _html_topic(topic: RungTopic) -> str:
    found = passage(topic.clauses)
    place = f", {escape(where(found.zone))}" if found else ""
    said = _html_passage(found) if found else "matched by facts of the article, not by its text"
    return (
        f"<p><b>{escape(_name(topic))}</b> <small>({escape(topic.severity)}{place})</small><br>"
        f'<span dir="auto">{said}</span></p>'
    )


def _html_passage(found: Passage) -> str:
    return "".join(
        f"<mark>{escape(piece.text)}</mark>" if piece.hit else escape(piece.text)
        for piece in found.pieces
    )
