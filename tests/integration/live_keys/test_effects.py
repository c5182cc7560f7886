"""A key is in the table for a version if, and only if, its effect shows there. ROCKETMQ_VERSIONS names the versions
("4.9.7,5.3.3,5.4.0,5.5.0"); without it the default one is tried."""

import os

import pytest

from rocketmq_operator.core.rollout.live_keys import LIVE_KEYS

from ..jars import VERSION
from .effects import EFFECTS
from .stage import NotShown, Stage

VERSIONS = os.environ.get("ROCKETMQ_VERSIONS", "").replace(",", " ").split() or [VERSION]

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


@pytest.mark.parametrize("key", EFFECTS)
@pytest.mark.parametrize("given", VERSIONS, indirect=True)
async def test_the_effect(at: Stage, key: str, request: pytest.FixtureRequest) -> None:
    if at.version not in LIVE_KEYS[key].versions:
        request.applymarker(pytest.mark.xfail(raises=NotShown, strict=True, reason="not in the table for this version"))
    await at.knows(key)
    try:
        await EFFECTS[key](at)
    except (NotShown, AssertionError, TimeoutError):
        if at.version not in LIVE_KEYS[key].versions:
            raise
        # A busy machine blurs an effect; a setting that has none has none in the second try either.
        await EFFECTS[key](at)
    for broker in (at.given.master, at.given.keeper, at.given.full):
        await at.ordinary(broker.address)
