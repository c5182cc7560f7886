"""`python -m tools.broker_keys VERSION [-o text|json]`: a version's settings by when a broker reads them."""

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Sequence

import msgspec
from images.builder.commands import BuildError
from images.builder.sources import rocketmq_jars
from tools.broker_keys.classes import Setting, Use, settings

_SHOWN = 3
_HEADS = {
    Use.LIVE: "read at use only: candidates for a live change",
    Use.MIXED: "read at start and at use: candidates, with care",
    Use.START: "read at start only: a change needs a restart",
    Use.UNREAD: "read by nobody",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 0, or 1 with the reason on standard error."""
    parser = argparse.ArgumentParser(prog="tools.broker_keys", description=__doc__)
    parser.add_argument("version", help="a RocketMQ version such as 5.4.0")
    parser.add_argument("-o", "--output", choices=["text", "json"], default="text")
    options = parser.parse_args(arguments)
    try:
        found = settings(asyncio.run(rocketmq_jars(options.version)) / "jars")
    except (BuildError, OSError) as error:
        print(f"broker-keys: {error}", file=sys.stderr)
        return 1
    print(as_json(found) if options.output == "json" else as_text(found))
    return 0


def as_json(found: Sequence[Setting]) -> str:
    """One object a setting, with its `use`."""
    rows = [{"use": each.use.value, **msgspec.to_builtins(each)} for each in found]
    return msgspec.json.format(msgspec.json.encode(rows)).decode()


def as_text(found: Sequence[Setting]) -> str:
    """A count of each class, then its settings with a few of those who read them."""
    counts = Counter(each.use for each in found)
    lines = [", ".join(f"{counts[use]} {use.value}" for use in Use)]
    for use, head in _HEADS.items():
        lines += ["", f"{use.value.upper()}: {head}"]
        lines += [_line(each) for each in found if each.use is use]
    return "\n".join(lines)


def _line(setting: Setting) -> str:
    parts = [f"  {setting.key} ({setting.type}, {setting.config})"]
    parts += [f"start: {_some(setting.at_start)}"] if setting.at_start else []
    parts += [f"use: {_some(setting.at_use)}"] if setting.at_use else []
    return "; ".join(parts)


def _some(readers: Sequence[str]) -> str:
    more = f" and {len(readers) - _SHOWN} more" if len(readers) > _SHOWN else ""
    return ", ".join(readers[:_SHOWN]) + more


if __name__ == "__main__":
    sys.exit(main())
