"""How Python looks for garbage in a daemon: seldom, and not in what was there from the start."""

import gc

__all__ = ["spare_what_stays"]

SELDOM = (10_000, 20, 20)
"""Objects made, and not freed, until the youngest are looked through; and how many times of that
until older ones are."""


def spare_what_stays() -> None:
    """Look no more through what lives now, and less often through what is made.

    Most objects are those of modules, rules and word lists, and stay: to walk over them again and
    again took nearly a tenth of what a poll costs. What is garbage by now stays too, lest
    the loop stand still to look for it.
    """
    gc.freeze()
    gc.set_threshold(*SELDOM)
