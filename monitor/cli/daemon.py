"""The daemon from outside: run it, ask it, tell it to read its files again."""

import asyncio
import gc
import signal
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import click

from monitor.cli.common import (
    CONFIG,
    FOUND,
    NOT_RUNNING,
    config_option,
    fail,
    json_option,
    load_settings,
    print_json,
    print_text,
    say,
    say_problems,
    used,
)
from monitor.cli.topics_known import hits

if TYPE_CHECKING:
    from monitor.daemon.roles import Roles
    from monitor.daemon.service import Daemon
    from monitor.daemon.supervisor import Supervisor
    from monitor.daemon.tether import Tether
    from monitor.settings import Loaded

__all__ = ["health", "reload", "run", "status"]

MOST_PROCESSES = 64
RELOAD_S = 180.0
"""Several processes read their files, and all their topics are compiled."""
NOT_THERE = "no daemon answers for this data folder (start one with `tocsin run`)"


def _roles(_ctx: click.Context, _parameter: click.Parameter, value: str) -> "Roles":
    from monitor.daemon.roles import parse_roles

    try:
        return parse_roles(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _tether(
    _ctx: click.Context, _parameter: click.Parameter, value: str | None
) -> "Tether | None":
    from monitor.daemon.tether import Tether

    try:
        return None if value is None else Tether.parse(value)
    except ValueError as error:
        raise click.BadParameter("only a supervisor knows what to say here") from error


@click.command()
@config_option
@click.option("--strict", is_flag=True, help="Refuse to start with a topic that is refused.")
@click.option(
    "--roles",
    default="poll,read,deliver,web",
    show_default=True,
    callback=_roles,
    help="What this process does; others, over the same Redis and database, do the rest.",
)
@click.option(
    "--processes",
    type=click.IntRange(1, MOST_PROCESSES),
    help="Run so many processes on this machine, looked after by one more.",
)
@click.option("--child", callback=_tether, hidden=True)
def run(
    config: str | None,
    *,
    strict: bool,
    roles: "Roles",
    processes: int | None,
    child: "Tether | None",
) -> None:
    """Watch the feeds and ring, until stopped.

    Health and metrics are served by every process, whatever its roles. SIGTERM and SIGINT let
    running work finish, a second one stops at once; SIGHUP reads the files again.
    """
    from structlog.contextvars import bind_contextvars

    from monitor.logs import configure

    if child is not None:
        child.fasten()
        bind_contextvars(process=child.number)
    loaded = load_settings(config, starting=True, quiet=child is not None)
    if strict:
        _be_strict(loaded)
    configure(loaded.settings.log.format, loaded.settings.log.level)
    running = _supervise(loaded, roles, processes) if processes else _run(loaded, roles, child)
    ended = asyncio.run(running)
    # All is closed. To look for garbage in word lists and rules would only delay the exit, by
    # seconds on a busy machine.
    gc.freeze()
    raise SystemExit(ended)


def _be_strict(loaded: "Loaded") -> None:
    from monitor.settings.queries import check_queries

    wrong = check_queries(loaded).problems
    say_problems(wrong)
    if wrong or loaded.problems:
        fail("the config has problems, and --strict forbids a start", CONFIG)


async def _run(loaded: "Loaded", roles: "Roles", tether: "Tether | None") -> int:
    from monitor.daemon.garbage import spare_what_stays
    from monitor.daemon.service import Daemon
    from workers.clock import SystemClock
    from workers.errors import TocsinError

    daemon = Daemon(loaded, SystemClock(), roles=roles, tether=tether)
    if tether is not None:
        tether.watch(daemon.request_end)
    try:
        await daemon.start(lambda: _heed_signals(daemon))
    except TocsinError as error:
        say(f"tocsin: cannot start: {error}")
        return FOUND
    spare_what_stays()
    ended = await daemon.wait()
    await daemon.stop()
    return 0 if ended is None else FOUND


async def _supervise(loaded: "Loaded", roles: "Roles", processes: int) -> int:
    from monitor.daemon.supervisor import MemberEnded, Supervisor
    from workers.clock import SystemClock
    from workers.errors import TocsinError

    listed = ",".join(sorted(roles))
    command = [sys.executable, "-P", "-m", "monitor", "run", "-c", str(loaded.path)]
    supervisor = Supervisor(loaded, SystemClock(), roles, processes, [*command, "--roles", listed])
    _heed_signals(supervisor)
    try:
        await supervisor.start()
    except TocsinError as error:
        say(f"tocsin: cannot start: {error}")
        return error.code if isinstance(error, MemberEnded) else FOUND
    ended = await supervisor.wait()
    await supervisor.stop()
    return 0 if ended is None else FOUND


def _heed_signals(running: "Daemon | Supervisor") -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, running.request_stop)
    loop.add_signal_handler(signal.SIGHUP, running.request_reload)


@click.command()
@config_option
@json_option
def status(config: str | None, *, as_json: bool) -> None:
    """Say how the running daemon is doing. Exit 3 if none runs."""
    loaded = load_settings_of_running(config)
    report = asyncio.run(_ask(loaded, "GET", "/status"))
    if report is None:
        not_there(loaded, NOT_RUNNING)
    if as_json:
        print_json(report)
    else:
        _print_status(report)


def _about(check: dict[str, Any]) -> str:
    """Return what else a check says: why it fails, or how long the disk lasts."""
    if "free_bytes" not in check:
        return str(check.get("error", ""))
    days = check["days_left"]
    left = "days left not known yet" if days is None else f"{days} days left"
    return f"{check['free_bytes'] / (1 << 30):.1f} GiB free, {left}"


def _print_status(report: dict[str, Any]) -> None:
    feeds, queue, dead = report["feeds"], report["queue"], report["dead"]
    print_text(f"{report['status']}, version {report['version']}, up {report['uptime_s']:.0f} s")
    for name, check in report["checks"].items():
        print_text(f"  {name}: {check['status']} {_about(check)}".rstrip())
    print_text(
        f"feeds: {feeds['total']}, {feeds['ok']} ok, {feeds['failing']} failing, "
        f"{feeds['quiet']} quiet; most overdue by {feeds['due_lag_s']} s"
    )
    print_text(f"topics: {report['topics']} (version {report['topics_version']})")
    if report["topics_differ"]:
        print_text(f"  {report['topics_differ']}")
    for name in report["topics_refused"]:
        print_text(f"  refused: {name}")
    for one in report["topics_muted"]:
        end = "over" if one["ended"] else f"until {one['until']}"
        why = f" ({one['because']})" if one["because"] else ""
        print_text(f"  muted: {one['topic']}, {end}, {hits(one['hits'])} so far{why}")
    pages = queue["pages"]
    print_text(f"pages: {pages['ready']} waiting, {pages['pending']} being read")
    read = report["pages"]
    print_text(
        f"  {read['per_s']} a second by {read['processes']} processes; {read['kills']} killed, "
        f"{read['timeouts']} of them because their time was up"
    )
    for name, sink in queue["sinks"].items():
        print_text(
            f"sink {name}: {sink['undelivered']} undelivered, breaker {sink['breaker']}, "
            f"{sink['state']}"
        )
        if sink["burst_held"]:
            print_text(
                f"  {sink['burst_held']} alerts beyond the burst; their list is made in "
                f"{sink['next_summary_s']:.0f} s"
            )
    print_text(
        f"dead letters: {dead['entries']} entries, {dead['pages']} pages, "
        f"{dead['deliveries']} deliveries"
    )
    print_text(
        f"last entry: {report['last_entry'] or '-'}; last alert: {report['last_alert'] or '-'}"
    )
    _print_processes(report)


def _print_processes(report: dict[str, Any]) -> None:
    """Print what processes told of themselves; one of another version may tell other things."""
    for process in report["processes"]:
        roles, beat_s = process.get("roles"), process.get("beat_s")
        listed = ", ".join(map(str, roles)) if isinstance(roles, list) else "-"
        same = process.get("config_hash") == report["config_hash"]
        print_text(
            f"process {process.get('name')}: {listed}, version {process.get('version')}, "
            f"heard of {beat_s if beat_s is not None else '-'} s ago"
            + ("" if same else f", other files ({process.get('config_hash')})")
        )
    for process in report["vanished"]:
        print_text(
            f"process {process['name']}: gone without a goodbye {process['silent_s']} s ago"
        )


@click.command()
@config_option
@json_option
def health(config: str | None, *, as_json: bool) -> None:
    """Exit 0 if the daemon is ready for work, 1 if it is not or none runs."""
    loaded = load_settings_of_running(config)
    report = asyncio.run(_ask(loaded, "GET", "/readyz"))
    if report is None:
        not_there(loaded, FOUND)
    if as_json:
        print_json(report)
    else:
        print_text(report["status"])
    if report["status"] == "failing":
        raise SystemExit(FOUND)


@click.command()
@config_option
@json_option
@click.option("--yes", is_flag=True, help="Also take over a change that removes much.")
def reload(config: str | None, *, as_json: bool, yes: bool) -> None:
    """Let the running daemon read its files again, and say what changed.

    Exit 1 if the new settings are refused (the old ones stay), 3 if no daemon runs.
    """
    loaded = load_settings_of_running(config)
    outcome = asyncio.run(_ask(loaded, "POST", "/reload" + ("?yes=1" if yes else "")))
    if outcome is None:
        not_there(loaded, NOT_RUNNING)
    if not as_json:
        for problem in outcome["problems"]:
            say(problem)
        for section in outcome["restart"]:
            say(f"[{section}] takes effect at the next start")
        print_text(outcome["difference"] or "no changes" if outcome["ok"] else "refused")
    found = asyncio.run(_ask(loaded, "GET", "/hindsight")) if outcome["ok"] else None
    told = (found or {}).get("would_have_rung")
    if as_json:
        print_json({**outcome, "would_have_rung": told})
    elif told is not None:
        _print_hindsight(told)
    if not outcome["ok"]:
        raise SystemExit(FOUND)


def _print_hindsight(told: dict[str, Any]) -> None:
    """Print what topics that are new would have rung for."""
    import msgspec

    from monitor.daemon.hindsight import WouldHaveRung, in_words

    print_text(in_words(msgspec.convert(told, WouldHaveRung)))


def load_settings_of_running(config: str | None) -> "Loaded":
    """Return settings good enough to find the daemon, which runs on if the new ones are bad."""
    from monitor.cli.common import read_settings

    loaded = read_settings(config)
    if loaded is None:
        fail(
            "there is no config that says where the daemon's data folder is: looked at "
            "$TOCSIN_CONFIG, ./tocsin.toml and /etc/tocsin/tocsin.toml (name one with -c)",
            CONFIG,
        )
    say(used(loaded.path, loaded.settings))
    return loaded


def not_there(loaded: "Loaded", code: int) -> NoReturn:
    """Say that no daemon answers; a config that cannot be read may have named another folder."""
    problems = [problem for problem in loaded.fatal if not problem.missing]
    say_problems(problems)
    fail(NOT_THERE, CONFIG if problems and code == NOT_RUNNING else code)


async def _ask(loaded: "Loaded", method: str, path: str) -> dict[str, Any] | None:
    from monitor.daemon.control import control_socket
    from monitor.web.client import ask

    within_s = {"within_s": RELOAD_S} if method == "POST" else {}
    return await ask(control_socket(loaded.settings.data_dir), method, path, **within_s)
