"""Runs one command and writes what it cost: `python -S -E process_cost.py FILE COMMAND...`

A small process of its own, because a child's peak memory as the kernel reports it includes what its parent held when it was
started: of a large parent every small command would look large. Imports nothing that is not needed.
"""

import os
import sys
import time


def main() -> int:
    """Writes "seconds cpu_seconds peak_kib" to FILE; returns the command's own exit code."""
    target, command = sys.argv[1], sys.argv[2:]
    began = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - began
    with open(target, "w", encoding="ascii") as file:  # noqa: PTH123 - pathlib would cost more than all the rest
        file.write(f"{seconds} {usage.ru_utime + usage.ru_stime} {usage.ru_maxrss}")
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main())
