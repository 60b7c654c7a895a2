"""Rules of alerts: who is told what, in which words, and when it is tried again."""
