"""What a running daemon consists of, shared by its service, its reloader and its reports."""

from dataclasses import dataclass

from monitor.daemon.build import Parts
from monitor.daemon.lanes import Lanes
from monitor.daemon.roles import Roles
from monitor.daemon.topics import Accepted
from monitor.registry import Registry
from monitor.settings import Loaded, Settings
from workers.clock import Clock
from workers.steps.edges import Rules
from workers.steps.events import Events

__all__ = ["State"]


@dataclass(kw_only=True)
class State:
    """The settings in force, and the parts that run by them."""

    loaded: Loaded
    registry: Registry
    clock: Clock
    parts: Parts
    accepted: Accepted
    rules: Rules
    lanes: Lanes
    roles: Roles
    draining: bool = False

    @property
    def events(self) -> Events:
        """What tells the log, a metric and sinks of what happens to Tocsin itself."""
        return Events(self.parts.edges, lambda: self.rules.sinks)

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.loaded.settings
