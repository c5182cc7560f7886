"""Our rule for versions against the enum in RocketMQ's own jar."""

import asyncio
import re
import shutil
import subprocess

import pytest

from rocketmq_operator.remoting.versions import FIRST_REGULAR, HIGHEST, version_name, version_ordinal

from ..jars import VERSION, UnavailableError, jars

pytestmark = pytest.mark.integration

_CONSTANT = re.compile(r"public static final org\.apache\.rocketmq\.common\.MQVersion\$Version (\w+);")


async def test_every_ordinal_that_the_jar_knows() -> None:
    try:
        jar = jars() / f"rocketmq-common-{VERSION}.jar"
    except UnavailableError as error:
        pytest.skip(f"NOT TESTED against RocketMQ's jar: {error}")
    if shutil.which("javap") is None:
        pytest.skip("NOT TESTED against RocketMQ's jar: javap is missing: apt-get install openjdk-17-jdk-headless")
    command = ["javap", "-cp", str(jar), "org.apache.rocketmq.common.MQVersion$Version"]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=90, check=True)
    known = _CONSTANT.findall(done.stdout)  # an enum's constants stand in the order of their ordinals
    regular = range(FIRST_REGULAR, HIGHEST + 1)
    assert [version_name(ordinal) for ordinal in regular] == known[FIRST_REGULAR : HIGHEST + 1]
    assert version_name(HIGHEST + 1) == known[HIGHEST + 1] == "HIGHER_VERSION"
    assert [version_ordinal(version_name(ordinal)) for ordinal in regular] == list(regular)
