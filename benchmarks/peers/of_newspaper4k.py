"""newspaper4k: its article text, from markup that is there already."""

from answers import answer
from newspaper import Article


def read(html, url):
    """Extract."""
    article = Article(url, fetch_images=False)
    article.download(input_html=html)
    article.parse()
    return article.text


answer(read)
