"""Feeds that post as real ones do: in office hours, less at weekends, in bursts, at set times."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

__all__ = ["DAY_S", "HOUR_S", "Habit", "feeds", "posts"]

HOUR_S, DAY_S = 3600.0, 86400.0
MEDIAN, SPREAD = 2.0, 2.0
"""Posts a day, log-normal: of 35 real feeds with dates the logarithms scatter by 2.3."""
LEAST, MOST = 0.05, 300.0


@dataclass(frozen=True)
class Habit:
    """How one feed posts."""

    per_day: float
    noon: float
    """The hour in UTC at which it is busiest."""
    swing: float
    """0: at all hours alike; 0.95: hardly anything at night."""
    weekend: float
    """Its rate on Saturday and Sunday, as a share of that of other days."""
    burst: float
    """Posts that come together, within an hour, on the average; 1: each by itself."""
    slots: tuple[float, ...] = ()
    """Hours of the day at which it posts, and at no other."""

    def rate(self, at: float) -> float:
        """Return posts a second at a time in seconds (0 is a Monday, midnight UTC)."""
        wave = 1.0 + self.swing * math.cos(2 * math.pi * (at / HOUR_S - self.noon) / 24)
        day = int(at // DAY_S) % 7
        week = 7 / (5 + 2 * self.weekend) * (self.weekend if day > 4 else 1.0)  # noqa: PLR2004
        return self.per_day / DAY_S * wave * week


def feeds(many: int, dice: Random) -> list[Habit]:
    """Return feeds of every kind: most with days, a fifth in slots, a third in bursts."""
    made = []
    for number in range(many):
        per_day = min(max(MEDIAN * math.exp(dice.gauss(0, SPREAD)), LEAST), MOST)
        slots: tuple[float, ...] = ()
        if number % 5 == 0:
            slots = tuple(sorted(dice.uniform(5, 22) for _ in range(dice.randint(1, 4))))
        made.append(
            Habit(
                per_day=per_day,
                noon=dice.gauss(13, 4) % 24,
                swing=dice.uniform(0.5, 0.95) if number % 10 else 0.0,
                weekend=dice.uniform(0.2, 1.0),
                burst=dice.uniform(2, 8) if number % 3 == 0 else 1.0,
                slots=slots,
            )
        )
    return made


def posts(habit: Habit, days: float, dice: Random) -> list[float]:
    """Return the times in seconds at which a feed posts, in order."""
    made = _in_slots(habit, days, dice) if habit.slots else _by_rate(habit, days, dice)
    return sorted(at for at in made if at < days * DAY_S)


def _in_slots(habit: Habit, days: float, dice: Random) -> Iterator[float]:
    each = habit.per_day / len(habit.slots)
    for day in range(int(days)):
        share = habit.weekend if day % 7 > 4 else 1.0  # noqa: PLR2004
        for slot in habit.slots:
            for _ in range(_poisson(each * share, dice)):
                yield day * DAY_S + slot * HOUR_S + dice.uniform(0, 300)


def _by_rate(habit: Habit, days: float, dice: Random) -> Iterator[float]:
    """Thin out a steady stream of bursts."""
    most = 2.0 * 7 / 5 * habit.per_day / DAY_S
    at = 0.0
    while at < days * DAY_S:
        at += dice.expovariate(most / habit.burst)
        if dice.random() < habit.rate(at) / most:
            many = 1 if habit.burst == 1 else 1 + _poisson(habit.burst - 1, dice)
            yield at
            for _ in range(many - 1):
                yield at + dice.uniform(0, HOUR_S)


def _poisson(mean: float, dice: Random) -> int:
    limit, product, number = math.exp(-min(mean, 500.0)), dice.random(), 0
    while product > limit:
        product *= dice.random()
        number += 1
    return number
