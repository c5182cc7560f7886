"""Kubernetes' ``MicroTime``: RFC 3339 in UTC with exactly six digits of a second's fraction."""

from datetime import UTC, datetime


def micro_time(wall: float) -> str:
    """Seconds since 1970 as a MicroTime."""
    return datetime.fromtimestamp(wall, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
