"""Frameworks that the work queue is measured against, each run in an environment of its own.

A peer is one file that imports its framework and nothing of ours. It is started as ``python FILE
URL COUNT``, puts so many messages into its queue, prints ``ready``, waits for a line, works them
all off with a handler that only counts, and prints what that cost as JSON.
"""
