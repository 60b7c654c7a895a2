"""What this version reads from the file but does not act on: told by `check` and the reference."""

from collections.abc import Iterator

from monitor.settings.model import Settings

__all__ = ["NOT_YET", "not_yet"]

NOT_YET: dict[str, str] = {
    "topics.ring": '"story" rings for each article, as "article" does',
}
"""The option, and what happens instead."""


def not_yet(settings: Settings) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Yield each option that was written and does nothing: section, path below it, instead."""
    for key, instead in NOT_YET.items():
        section, _, option = key.partition(".")
        if section == "sinks":
            for name, sink in settings.sinks.items():
                if option in sink.model_fields_set:
                    yield section, (name, option), instead
        elif section == "topics":
            for topic in settings.topics:
                if topic.ring != "article":
                    yield section, (topic.name, option), instead
        elif option in getattr(settings, section).model_fields_set:
            yield section, (option,), instead
