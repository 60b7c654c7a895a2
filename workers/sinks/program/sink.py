"""Tells a program: makes one attempt and says what came of it."""

from pathlib import PurePath

from workers.alerts.payload import body
from workers.errors import Permanent, Transient
from workers.model.alert import Notice
from workers.sinks.answers import answer_line
from workers.sinks.program.options import ProgramOptions
from workers.sinks.program.running import Ended, run

__all__ = ["ProgramSink"]

AGAIN = 75
"""EX_TEMPFAIL of sysexits.h: the program asks to be told again later."""


class ProgramSink:
    """Runs a program for each notice, the JSON on its standard input. Satisfies the port ``Sink``.

    Exit status 0 means sent, 75 that trying again can help, everything else that the program will
    not take this message.
    """

    def __init__(self, name: str, options: ProgramOptions) -> None:
        self._name = name
        self._options = options

    @property
    def name(self) -> str:
        """Return the name it is configured by."""
        return self._name

    @property
    def endpoint(self) -> str:
        """Return the breaker's key: the program's name, without its arguments."""
        return f"exec:{PurePath(self._options.command[0]).name}"

    async def send(self, notice: Notice) -> str:
        """Run the program, and return what it said once it has ended well.

        Raises:
            Transient: serverError (75), timeout, crash (a signal ended it), clientError (it cannot
                be started).
            Permanent: payload, for any other exit status.
        """
        facts = {"TOCSIN_ID": notice.id, "TOCSIN_TYPE": notice.type}
        try:
            ended = await run(self._options, body(notice) + b"\n", facts)
        except OSError as error:
            told = error.strerror or type(error).__name__
            raise Transient("clientError", f"cannot be started: {told}") from error
        return self._judge(ended)

    def _judge(self, ended: Ended) -> str:
        said = answer_line(ended.said.decode("utf-8", "replace"), self._options.command[1:])
        match ended.status:
            case 0:
                return said or "exit 0"
            case None:
                raise Transient("timeout", f"killed after {self._options.timeout_s:g} s {said}")
            case int(status) if status < 0:
                raise Transient("crash", f"ended by signal {-status} {said}")
            case status if status == AGAIN:
                raise Transient("serverError", f"exit {status} {said}", status=status)
            case status:
                raise Permanent("payload", f"exit {status} {said}", status=status)

    async def close(self) -> None:
        """Do nothing: nothing is held between two messages."""
