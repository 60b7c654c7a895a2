"""How a peer that reads pages is asked: one JSON line a page in, one out, so that all take turns.

Only the standard library is used, because it runs in the environment of each peer.
"""

import json
import sys
import time
from collections.abc import Callable

__all__ = ["answer"]


def answer(read: Callable[[str, str], str | None]) -> None:
    """Answer until there are no more pages; ``read`` takes markup and address, returns text."""
    for line in sys.stdin:
        asked = json.loads(line)
        began = time.process_time()
        try:
            text, failed = read(asked["html"], asked["url"]) or "", None
        except Exception as error:  # noqa: BLE001 - what it makes nothing of has no text
            text, failed = "", type(error).__name__
        took = time.process_time() - began
        print(json.dumps({"text": text, "cpu_s": took, "failed": failed}), flush=True)
