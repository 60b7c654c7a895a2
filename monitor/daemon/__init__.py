"""The one composition root: it makes every part from settings, and runs them as a daemon."""
