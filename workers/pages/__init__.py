"""Rules of pages: from bytes to an article or a verdict."""
