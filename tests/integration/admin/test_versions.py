"""Our rule for versions against the enum in RocketMQ's own jar."""

import asyncio
import subprocess
from pathlib import Path

import pytest

from rocketmq_operator.remoting.versions import FIRST_REGULAR, HIGHEST, version_name, version_ordinal

from ..jars import UnavailableError, jars

pytestmark = pytest.mark.integration

_PRINT = """
import org.apache.rocketmq.common.MQVersion;
public class Versions {
    public static void main(String[] arguments) {
        for (MQVersion.Version version : MQVersion.Version.values()) System.out.println(version.ordinal() + " " + version);
    }
}
"""


async def test_every_ordinal_that_the_jar_knows(tmp_path: Path) -> None:
    try:
        classpath = jars()
    except UnavailableError as error:
        pytest.skip(f"NOT TESTED against RocketMQ's jar: {error}")
    source = tmp_path / "Versions.java"
    source.write_text(_PRINT)
    command = ["java", "-cp", f"{classpath}/*", str(source)]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=90, check=True)
    known = {int(ordinal): name for ordinal, name in (line.split() for line in done.stdout.splitlines())}
    assert {ordinal: version_name(ordinal) for ordinal in range(FIRST_REGULAR, HIGHEST + 1)} == {
        ordinal: name for ordinal, name in known.items() if FIRST_REGULAR <= ordinal <= HIGHEST
    }
    assert version_name(HIGHEST + 1) == known[HIGHEST + 1] == "HIGHER_VERSION"
    assert all(version_ordinal(version_name(ordinal)) == ordinal for ordinal in range(FIRST_REGULAR, HIGHEST + 1))
