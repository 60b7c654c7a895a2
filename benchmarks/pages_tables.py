"""The tables that `python -m benchmarks.pages` prints."""

from collections.abc import Callable, Iterable, Sequence
from statistics import fmean, median

from benchmarks.pages_results import FIELDS, Result, Text
from benchmarks.pages_scores import overall
from benchmarks.pages_systems import MODES, YARDSTICK

__all__ = ["metadata_table", "related_table", "stage_table", "text_table", "verdict_table"]

FIRST = ("aeb", "fundus")
"""Sets whose truth has no link lists: false topic words and related lines are counted here."""
_VERDICTS = ("article", "doubtful", "not_article", "thin", "unreadable")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def _groups(results: Sequence[Result]) -> list[str]:
    return list(dict.fromkeys(one.group for one in results))


def _strict(results: Sequence[Result]) -> list[Result]:
    """Return the articles of the sets that say exactly what is text; all where there are none."""
    articles = [one for one in results if one.kind == "article" and one.texts]
    return [one for one in articles if one.group in FIRST] or articles


def text_table(results: Sequence[Result]) -> str:
    """Return F1 and word F1 by set, pages with a false topic word, and speed, a row a reader."""
    articles = [one for one in results if one.kind == "article" and one.texts]
    groups = _groups(articles)
    strict = _strict(results)
    head = [""]
    head += [f"{group} ({_many(articles, group)}) F1, words" for group in groups]
    head += [f"false topic word ({len(strict)} pages)", "pages a CPU second, against", "ms a page"]
    names = list(articles[0].texts) if articles else []
    rows = []
    for name in names:
        row = [name]
        for group in groups:
            texts = [one.texts[name] for one in articles if one.group == group]
            row.append(f"{overall([t.overlap for t in texts]):.3f}, {_words(texts):.3f}")
        false = sum(bool(one.texts[name].false) for one in strict)
        row.append(f"{100 * false / len(strict):.1f} % ({false})")
        rows.append([*row, *_speed(articles, name)])
    return _table(head, rows)


def _many(results: Sequence[Result], group: str) -> int:
    return sum(one.group == group for one in results)


def _words(texts: Sequence[Text]) -> float:
    return fmean(text.words for text in texts)


def _speed(results: Sequence[Result], name: str) -> tuple[str, str]:
    """Return how many times more pages a CPU second (in sum; by the median page), and ms."""
    mine = [one.texts[name].cpu_s for one in results]
    shown = f"{1000 * sum(mine) / len(mine):.1f}"
    if YARDSTICK not in results[0].texts:
        return "", shown
    others = [one.texts[YARDSTICK].cpu_s for one in results]
    middle = median(b / a for a, b in zip(mine, others, strict=True) if a)
    return f"{sum(others) / sum(mine):.2f} (median {middle:.2f})", shown


def related_table(results: Sequence[Result]) -> str:
    """Return how right lines are set aside, and how many of those that should be."""
    rows = []
    for name, some in (("strict sets", _strict(results)), *_by_group(results)):
        sums = [
            sum(getattr(one.lines, part) for one in some)
            for part in ("marked", "marked_right", "leading", "leading_marked")
        ]
        rows.append(
            (
                name,
                f"{_share(sums[1], sums[0])} of {sums[0]}",
                f"{_share(sums[3], sums[2])} of {sums[2]}",
            )
        )
    return _table(("related and boilerplate lines", "precision", "found"), rows)


def _by_group(results: Sequence[Result]) -> list[tuple[str, list[Result]]]:
    articles = [one for one in results if one.kind == "article" and one.texts]
    return [(name, [one for one in articles if one.group == name]) for name in _groups(articles)]


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.2f}" if whole else "-"


def verdict_table(results: Sequence[Result]) -> str:
    """Return the share of each verdict, by kind of page."""
    kinds = dict.fromkeys((one.group, one.kind) for one in results)
    rows = []
    for group, kind in sorted(kinds):
        some = [one.ours.verdict for one in results if (one.group, one.kind) == (group, kind)]
        shares = [f"{100 * some.count(verdict) / len(some):.1f} %" for verdict in _VERDICTS]
        rows.append((f"{group} {kind}", str(len(some)), *shares))
    return _table(("kind", "pages", *_VERDICTS), rows)


def metadata_table(results: Sequence[Result]) -> str:
    """Return the share of right metadata by set, ours and trafilatura's, and what it costs."""
    articles = [one for one in results if one.kind == "article"]
    rows = []
    for group in _groups(articles):
        some = [one for one in articles if one.group == group]
        rows.append([group, *(_rights(some, name) for name in FIELDS)])
    with_theirs = sum(one.metadata_s for one in results)
    table = _table(("ours, trafilatura's", *FIELDS), rows)
    if not with_theirs:
        return table
    mine = sum(one.ours.ms.get("metadata", 0.0) for one in results) / 1000
    return f"{table}\n\nCPU of metadata: {mine / with_theirs:.2f} of trafilatura's reader of it"


def _rights(results: Sequence[Result], name: str) -> str:
    shown = []
    parts: tuple[Callable[[Result], object], ...] = (
        lambda one: one.right.get(name),
        lambda one: one.right_there.get(name),
    )
    for part in parts:
        known = [bool(right) for one in results if (right := part(one)) is not None]
        shown.append(f"{fmean(known):.3f}" if known else "-")
    known_of = sum(name in one.right for one in results)
    return f"{', '.join(shown)} ({known_of})" if known_of else "-"


def stage_table(results: Sequence[Result]) -> str:
    """Return the CPU of each stage: the mean, the share of the whole, and the slowest page's."""
    stages = list(dict.fromkeys(stage for one in results for stage in one.ours.ms))
    whole = sum(sum(one.ours.ms.values()) for one in results) or 1.0
    rows = []
    for stage in stages:
        took = [one.ours.ms.get(stage, 0.0) for one in results]
        share = f"{100 * sum(took) / whole:.0f} %"
        rows.append((stage, f"{fmean(took):.2f}", share, f"{max(took):.0f}"))
    return _table((f"stage of {MODES['precision']}", "ms", "share", "slowest ms"), rows)
