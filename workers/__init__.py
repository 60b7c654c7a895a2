"""The data plane: what polls, reads, matches, rings and delivers."""
