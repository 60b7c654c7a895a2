"""``python -m monitor`` is ``tocsin``."""

from monitor.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    main()
