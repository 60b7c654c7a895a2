"""resiliparse: main content, without alternative texts and form fields."""

from answers import answer
from resiliparse.extract.html2text import extract_plain_text


def read(html, _url):
    """Extract."""
    return extract_plain_text(
        html, main_content=True, alt_texts=False, links=False, form_fields=False, noscript=False
    )


answer(read)
