"""Rules of feeds: reading a document, what is new in it, when to look again."""
