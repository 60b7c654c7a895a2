"""What processes cost, as Linux counts it in /proc."""

import os
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Cost", "Memory", "cost_of", "machine", "memory_of", "own_cost", "tree_cost"]

PROC = Path("/proc")
TICK_S = 1.0 / os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class _Stat:
    """The fields of ``/proc/PID/stat`` that are of use; see proc(5)."""

    name: str
    parent: int
    cpu_s: float
    reaped_s: float
    """CPU of children that have ended."""
    rss: int


@dataclass(frozen=True)
class Cost:
    """CPU seconds of the daemon so far, by where they were spent."""

    loop: float
    """The main process's first thread: the event loop."""
    threads: float
    """Its other threads: SQL, and the parsing of feeds."""
    pool: float
    """The processes that extract pages, those that have ended too."""
    valkey: float

    def __sub__(self, other: "Cost") -> "Cost":
        """Return what was spent since ``other``."""
        return Cost(
            self.loop - other.loop,
            self.threads - other.threads,
            self.pool - other.pool,
            self.valkey - other.valkey,
        )

    @property
    def total(self) -> float:
        """Return the sum."""
        return self.loop + self.threads + self.pool + self.valkey


@dataclass(frozen=True)
class Memory:
    """Resident bytes. Pages shared by processes count once in each."""

    main: int
    pool: int
    valkey: int

    @property
    def tree(self) -> int:
        """Return the sum."""
        return self.main + self.pool + self.valkey


def _stat(path: Path) -> _Stat:
    head, rest = path.read_text().rsplit(")", 1)
    fields = rest.split()
    return _Stat(
        name=head.split("(", 1)[1],
        parent=int(fields[1]),
        cpu_s=(int(fields[11]) + int(fields[12])) * TICK_S,
        reaped_s=(int(fields[13]) + int(fields[14])) * TICK_S,
        rss=int(fields[21]) * PAGE,
    )


def _children(pid: int) -> list[_Stat]:
    found = []
    for path in PROC.glob("[0-9]*/stat"):
        try:
            stat = _stat(path)
        except OSError:
            continue  # it ended while we looked
        if stat.parent == pid:
            found.append(stat)
    return found


def _is_valkey(stat: _Stat) -> bool:
    return "-server" in stat.name


def cost_of(pid: int) -> Cost:
    """Return what the daemon with this process id has cost so far."""
    main, loop = _stat(PROC / f"{pid}/stat"), _stat(PROC / f"{pid}/task/{pid}/stat")
    children = _children(pid)
    return Cost(
        loop=loop.cpu_s,
        threads=main.cpu_s - loop.cpu_s,
        pool=main.reaped_s + sum(one.cpu_s for one in children if not _is_valkey(one)),
        valkey=sum(one.cpu_s for one in children if _is_valkey(one)),
    )


def tree_cost(pid: int) -> float:
    """Return the CPU seconds of a process and its children, those that have ended too."""
    one = _stat(PROC / f"{pid}/stat")
    return one.cpu_s + one.reaped_s + sum(child.cpu_s for child in _children(pid))


def own_cost(pid: int) -> float:
    """Return the CPU seconds of one process alone."""
    return _stat(PROC / f"{pid}/stat").cpu_s


def memory_of(pid: int) -> Memory:
    """Return what the daemon with this process id holds."""
    children = _children(pid)
    return Memory(
        main=_stat(PROC / f"{pid}/stat").rss,
        pool=sum(one.rss for one in children if not _is_valkey(one)),
        valkey=sum(one.rss for one in children if _is_valkey(one)),
    )


def machine() -> str:
    """Return the facts about this machine that figures depend on."""
    model = "unknown processor"
    for line in (PROC / "cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    load = os.getloadavg()[0]
    return f"{len(os.sched_getaffinity(0))} cores, {model}, load {load:.1f}"
