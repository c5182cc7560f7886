"""The operator's settings: a YAML file (the ConfigMap of ``03-deploymentWithConfig.yaml``), flags above it."""

import argparse
from pathlib import Path
from typing import Literal

import msgspec
import yaml


class Settings(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What the operator can be told.

    ``namespace`` is the seed project's name for one namespace; ``namespaces`` takes several. Both empty: all namespaces.
    ``max_concurrent_rollouts``: clusters whose pods restart at a time because the operator itself was upgraded.
    """

    namespaces: list[str] = []
    namespace: str = ""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "text"] = "json"
    resync_seconds: float = 60
    workers: int = 16
    leader_election: bool = True
    port: int = 8080
    max_concurrent_rollouts: int = 3

    def watched(self) -> tuple[str | None, ...]:
        """Namespaces to watch; None stands for all."""
        chosen = [*self.namespaces, *([self.namespace] if self.namespace else [])]
        return tuple(dict.fromkeys(chosen)) or (None,)


class SettingsError(Exception):
    """A setting that cannot be used; the message names it and the way out."""


def load(text: str, source: str) -> Settings:
    """Settings from YAML; an empty text gives the defaults."""
    try:
        settings = msgspec.convert(yaml.safe_load(text) or {}, Settings)
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise SettingsError(f"{source}: {error}") from None
    if settings.resync_seconds < 1:
        raise SettingsError(f"{source}: resyncSeconds must be at least 1, not {settings.resync_seconds}")
    if settings.workers < 1:
        raise SettingsError(f"{source}: workers must be at least 1, not {settings.workers}")
    if settings.max_concurrent_rollouts < 1:
        raise SettingsError(
            f"{source}: maxConcurrentRollouts must be at least 1, not {settings.max_concurrent_rollouts}"
        )
    return settings


def from_arguments(arguments: list[str] | None = None) -> Settings:
    """Settings from the command line; ``--config`` names the file."""
    parser = argparse.ArgumentParser(
        prog="rocketmq-operator",
        description="Creates, operates and scales self-healing RocketMQ clusters on Kubernetes.",
    )
    parser.add_argument("--config", type=Path, help="YAML file with settings")
    parser.add_argument(
        "--namespace", action="append", default=[], help="namespace to watch (repeatable); default: all"
    )
    parser.add_argument("--log-level", choices=["debug", "info", "warning", "error"])
    parser.add_argument("--log-format", choices=["json", "text"])
    parser.add_argument("--port", type=int, help="port of health, metrics and live figures")
    parser.add_argument(
        "--no-leader-election", action="store_true", help="do not wait for the Lease (one operator only)"
    )
    given = parser.parse_args(arguments)
    settings = _read(given.config)
    changes = {
        "namespaces": given.namespace or None,
        "log_level": given.log_level,
        "log_format": given.log_format,
        "port": given.port,
        "leader_election": False if given.no_leader_election else None,
    }
    return msgspec.structs.replace(settings, **{name: value for name, value in changes.items() if value is not None})


def _read(path: Path | None) -> Settings:
    if path is None:
        return Settings()
    try:
        return load(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise SettingsError(f"--config {path}: {error.strerror}") from None
