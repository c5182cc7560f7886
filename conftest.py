"""What a long run tells while it goes on: a failure at once, not only at the end, and how far a slow part has come."""

from typing import Any

import pytest

SLOW = 20.0
"""Seconds: a test that took as long is named when it is over."""


class Telling:
    """Lines between pytest's dots. A run that is cut short, by a limit or by hand, has still said what was wrong."""

    def __init__(self, config: pytest.Config) -> None:
        self._reporter: Any = config.pluginmanager.get_plugin("terminalreporter")

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._line(f"FAILED {report.nodeid} ({report.when}, {report.duration:.0f} s)", red=True)
            self._reporter.write_line(report.longreprtext[-6000:])
        elif report.duration >= SLOW:
            self._line(f"{report.nodeid} ({report.when}, {report.duration:.0f} s)")

    def _line(self, text: str, **markup: bool) -> None:
        self._reporter.write("\n")  # its dots stand without one
        self._reporter.write_line(text, **markup)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    if config.pluginmanager.has_plugin("terminalreporter") and config.get_verbosity() <= 0:
        config.pluginmanager.register(Telling(config), "telling")
