"""Watches, caches, the work queue and its workers, leader election, events: knows Kubernetes, nothing of RocketMQ."""

from .backoff import Backoff, Policy
from .clock import Clock, SystemClock, time_limit
from .election import Terms
from .events import EventRecorder
from .lease import Elector
from .queue import ShutDownError, WorkQueue
from .reflector import Health, Reflector, Settings, reflectors
from .runner import Hung, Runner
from .store import Name, Store, Writer

__all__ = [
    "Backoff",
    "Clock",
    "Elector",
    "EventRecorder",
    "Health",
    "Hung",
    "Name",
    "Policy",
    "Reflector",
    "Runner",
    "Settings",
    "ShutDownError",
    "Store",
    "SystemClock",
    "Terms",
    "WorkQueue",
    "Writer",
    "reflectors",
    "time_limit",
]
