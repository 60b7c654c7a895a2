"""The demo: an offline newswire, and the real daemon that watches it."""
