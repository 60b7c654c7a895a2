"""Where redirects led: to which other host an address leads, as it was seen last."""

from collections import OrderedDict

__all__ = ["Led"]

MOST = 10_000


class Led:
    """Remembers other hosts by address, those that were seen last."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._hosts: OrderedDict[str, str] = OrderedDict()

    def to(self, url: str) -> str | None:
        """Return the other host that ``url`` leads to, None if none is known."""
        return self._hosts.get(url)

    def note(self, url: str, host: str | None) -> None:
        """Note where ``url`` led to; None is its own host."""
        self._hosts.pop(url, None)
        if host is not None:
            self._hosts[url] = host
            if len(self._hosts) > self._most:
                self._hosts.popitem(last=False)
