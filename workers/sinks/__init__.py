"""Sinks: one folder for each kind of receiver, each with its options, its rendering and its sink.

This module imports options only: no sink, and so no network library, is loaded by it.
"""

from workers.sinks.console.options import ConsoleOptions
from workers.sinks.file.options import FileOptions
from workers.sinks.mail.options import MailOptions
from workers.sinks.program.options import ProgramOptions
from workers.sinks.webhook.options import WebhookOptions

__all__ = [
    "ConsoleOptions",
    "FileOptions",
    "MailOptions",
    "ProgramOptions",
    "SinkOptions",
    "WebhookOptions",
]

SinkOptions = ConsoleOptions | FileOptions | MailOptions | ProgramOptions | WebhookOptions
"""What any sink can be configured by."""
