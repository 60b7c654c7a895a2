"""Settings: what the operator wrote, read strictly and explained kindly.

`find_config` says which file is meant, `load` reads it with everything that it includes and never
raises for what stands in it. `convert` turns the result into the options of the data plane.
"""

from monitor.settings.build import ADDED
from monitor.settings.convert import (
    alert_options,
    database_address,
    keep_options,
    match_options,
    net_options,
    page_options,
    poll_options,
    push_base,
    queue_options,
    read_address,
    sink_rates,
    topic_spec,
    user_agent,
)
from monitor.settings.files import find_config
from monitor.settings.hidden import Secret, SecretUnreadable, SecretUrl
from monitor.settings.items import (
    ConsoleSink,
    EmailSink,
    FeedSetting,
    FileSink,
    SinkSetting,
    TopicSetting,
    WebhookSink,
)
from monitor.settings.load import Loaded, load
from monitor.settings.model import Settings, default_data_dir
from monitor.settings.places import told_sinks
from monitor.settings.problems import Problem, plain, render
from monitor.settings.values import Rate, duration, duration_text, size_text

__all__ = [
    "ADDED",
    "ConsoleSink",
    "EmailSink",
    "FeedSetting",
    "FileSink",
    "Loaded",
    "Problem",
    "Rate",
    "Secret",
    "SecretUnreadable",
    "SecretUrl",
    "Settings",
    "SinkSetting",
    "TopicSetting",
    "WebhookSink",
    "alert_options",
    "database_address",
    "default_data_dir",
    "duration",
    "duration_text",
    "find_config",
    "keep_options",
    "load",
    "match_options",
    "net_options",
    "page_options",
    "plain",
    "poll_options",
    "push_base",
    "queue_options",
    "read_address",
    "render",
    "sink_rates",
    "size_text",
    "told_sinks",
    "topic_spec",
    "user_agent",
]
