"""What a long run tells while it goes on: a failure at once, not only at the end, and how far a slow part has come.

And which tests are tried a second time (docs/adr/0011).
"""

import os
import signal
from pathlib import Path
from typing import Any, NoReturn

import pytest

SLOW = 20.0
"""Seconds: a test that took as long is named when it is over."""
SECOND_TRY = (
    "tests/images",
    "tests/integration/admin",
    "tests/integration/lab",
    "tests/integration/live_keys",
    "tests/integration/reconcile",
    "tests/integration/runtime",
    "tests/e2e/test_1_refused.py",
    "tests/e2e/test_2_tutorial.py",
    "tests/e2e/test_3_name_servers.py",
    "tests/e2e/test_4_reported.py",
)
"""Tests on real servers, in which a busy machine may be too slow once. Whatever counts messages has one try only."""


_PID = os.getpid()


def _end(number: int, frame: object) -> NoReturn:
    """SIGTERM, of which Python just dies: what a run has made is taken away, as when it is interrupted."""
    if os.getpid() != _PID:
        os._exit(128 + number)  # a copy of this process, which has made nothing of its own
    raise KeyboardInterrupt


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    places = [config.rootpath / place for place in SECOND_TRY]
    if gone := [str(place) for place in places if not place.exists()]:
        raise pytest.UsageError(f"SECOND_TRY in conftest.py names what is not there: {', '.join(gone)}")
    for item in items:
        if item.get_closest_marker("once") is None and any(_within(item.path, place) for place in places):
            item.add_marker(pytest.mark.flaky(reruns=1))


def _within(path: Path, place: Path) -> bool:
    return place == path or place in path.parents


class Telling:
    """Lines between pytest's dots. A run that is cut short, by a limit or by hand, has still said what was wrong."""

    def __init__(self, config: pytest.Config) -> None:
        self._reporter: Any = config.pluginmanager.get_plugin("terminalreporter")

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        again = report.outcome not in ("passed", "failed", "skipped")  # "rerun", a word of the plugin's
        if report.failed or again:
            what = "FAILED, IS TRIED ONCE MORE" if again else "FAILED"
            self._line(f"{what} {report.nodeid} ({report.when}, {report.duration:.0f} s)", red=True)
            self._reporter.write_line(report.longreprtext[-6000:])
        elif report.duration >= SLOW:
            self._line(f"{report.nodeid} ({report.when}, {report.duration:.0f} s)")

    def _line(self, text: str, **markup: bool) -> None:
        self._reporter.write("\n")  # its dots stand without one
        self._reporter.write_line(text, **markup)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    signal.signal(signal.SIGTERM, _end)
    if config.pluginmanager.has_plugin("terminalreporter") and config.get_verbosity() <= 0:
        config.pluginmanager.register(Telling(config), "telling")
