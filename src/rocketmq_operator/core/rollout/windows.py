"""Maintenance windows: whether one is open, in cron's words."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from rocketmq_operator.api.rollout import MaintenanceWindow

from ..facts import Problem


def closed(windows: Sequence[MaintenanceWindow], now_ms: int) -> str:
    """Why nothing may begin now: when the next window opens; empty if one is open or there are none."""
    good = [window for window in windows if _problem(window) is None]
    if not windows or any(_open(window, now_ms) for window in good):
        return ""
    if not good:
        return "no maintenance window can be understood"
    begin = min(_next(window, now_ms) for window in good)
    return f"waits for the maintenance window of {begin.strftime('%Y-%m-%d %H:%M')} UTC"


def opens_in(windows: Sequence[MaintenanceWindow], now_ms: int) -> float | None:
    """Seconds until the next window opens; None without windows."""
    good = [window for window in windows if _problem(window) is None]
    return min(((_next(window, now_ms).timestamp() - now_ms / 1000) for window in good), default=None)


def problems(windows: Sequence[MaintenanceWindow]) -> list[Problem]:
    """Windows that mean nothing."""
    return [problem for window in windows if (problem := _problem(window))]


def _problem(window: MaintenanceWindow) -> Problem | None:
    try:
        next(CronSim(window.schedule, datetime(2000, 1, 1, tzinfo=ZoneInfo(window.time_zone))))
    except (CronSimError, StopIteration):
        what = f"schedule {window.schedule!r} is none that cron knows"
    except (ZoneInfoNotFoundError, ValueError):
        what = f"timeZone {window.time_zone!r} is not known"
    else:
        return None
    return Problem("BadMaintenanceWindow", f"spec.rollout.maintenanceWindows: {what}; correct it, or no rollout begins")


def _next(window: MaintenanceWindow, now_ms: int) -> datetime:
    here = datetime.fromtimestamp(now_ms / 1000, ZoneInfo(window.time_zone))
    return next(CronSim(window.schedule, here)).astimezone(UTC)


def _open(window: MaintenanceWindow, now_ms: int) -> bool:
    """Whether one began no longer ago than it lasts."""
    length = timedelta(minutes=window.duration_minutes)
    before = datetime.fromtimestamp(now_ms / 1000, ZoneInfo(window.time_zone)) - length
    return next(CronSim(window.schedule, before)).timestamp() * 1000 <= now_ms
