"""The table of live keys: values, versions, and that each key has an effect test."""

import pytest

from rocketmq_operator.core.rollout.live_keys import LIVE_KEYS, live
from tests.integration.live_keys.effects import EFFECTS


def test_each_key_has_an_effect_test_and_each_effect_test_a_key() -> None:
    assert set(LIVE_KEYS) == set(EFFECTS)
    assert all(known.versions for known in LIVE_KEYS.values())


def test_versions_are_those_that_are_tested() -> None:
    assert {version for known in LIVE_KEYS.values() for version in known.versions} == {
        "4.9.7",
        "5.3.3",
        "5.4.0",
        "5.5.0",
    }


@pytest.mark.parametrize(
    "key, value",
    [
        ("maxMessageSize", "65536"),
        ("autoCreateTopicEnable", "false"),
        ("traceOn", "true"),
        ("deleteWhen", "04"),
        ("deleteWhen", "4;16;23"),
        ("regionId", "eu-1"),
        ("startAcceptSendRequestTimeStamp", "4102444800000"),
        ("diskMaxUsedSpaceRatio", "75"),
        ("accessMessageInMemoryMaxRatio", "0"),
    ],
)
def test_a_good_value_is_live(key: str, value: str) -> None:
    assert live(key, value, "5.4.0")


@pytest.mark.parametrize(
    "key, value",
    [
        ("inSyncReplicas", "abc"),
        ("inSyncReplicas", "0"),
        ("inSyncReplicas", "+2"),
        ("inSyncReplicas", "02"),
        ("inSyncReplicas", " 2"),
        ("inSyncReplicas", "2\n"),
        ("inSyncReplicas", "²"),
        ("inSyncReplicas", "-1"),
        ("maxMessageSize", "99999999999999999999999"),
        ("maxMessageSize", str(16 << 20)),
        ("traceOn", "TRUE"),
        ("traceOn", ""),
        ("autoCreateTopicEnable", "true"),
        ("deleteWhen", "24"),
        ("deleteWhen", "04;"),
        ("deleteWhen", "4,5"),
        ("regionId", "a=b"),
        ("regionId", ""),
        ("diskMaxUsedSpaceRatio", "96"),
        ("flushDiskType", "SYNC_FLUSH"),
        ("sendMessageThreadPoolNums", "9"),
        ("noSuchKey", "1"),
    ],
)
def test_other_values_and_keys_need_a_restart(key: str, value: str) -> None:
    assert not live(key, value, "5.4.0")


def test_a_version_that_was_not_tried_needs_a_restart() -> None:
    assert live("traceOn", "true", "5.4.0")
    assert not live("traceOn", "true", "5.4.1")
    assert not live("traceOn", "true", "V5_4_0")
    assert not live("traceOn", "true", "")


def test_a_key_is_live_where_it_was_shown_only() -> None:
    assert live("transactionCheckInterval", "1000", "5.3.3")
    assert not live("transactionCheckInterval", "1000", "4.9.7")
