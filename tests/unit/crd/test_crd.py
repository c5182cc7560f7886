"""The CRDs keep to what the API server calls structural, and their rules mention fields that exist."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rocketmq_operator.api import KINDS
from rocketmq_operator.api.schema import Kind
from rocketmq_operator.core.build.config import SEED_DEFAULTS
from rocketmq_operator.crd.definition import definition
from rocketmq_operator.crd.write import texts

ROOT = Path(__file__).parents[3]
FORBIDDEN = {"$ref", "anyOf", "oneOf", "allOf", "not", "uniqueItems", "exclusiveMinimum", "exclusiveMaximum"}

Schema = dict[str, Any]


def schema(kind: Kind) -> Schema:
    root: Schema = definition(kind)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return root


def walk(node: Schema, path: str = "") -> Iterator[tuple[str, Schema]]:
    yield path, node
    for name, child in node.get("properties", {}).items():
        yield from walk(child, f"{path}.{name}")
    for key in ("items", "additionalProperties"):
        if isinstance(node.get(key), dict):
            yield from walk(node[key], f"{path}[]")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_every_part_is_structural(kind: Kind) -> None:
    for path, node in walk(schema(kind)):
        assert "type" in node, path
        assert not FORBIDDEN & node.keys(), path


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_every_field_is_described_and_bounded(kind: Kind) -> None:
    for path, node in walk(schema(kind)):
        if path.endswith("[]") or path.split(".")[1:2] in (["apiVersion"], ["kind"], ["metadata"]):
            continue
        assert path == "" or node.get("description"), path
        if node["type"] == "array":
            assert "maxItems" in node, path
        if "additionalProperties" in node:
            assert "maxProperties" in node, path


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_rules_point_at_fields_that_exist(kind: Kind) -> None:
    for path, node in walk(schema(kind)):
        for rule in node.get("x-kubernetes-validations", []):
            assert rule["message"], path
            field = rule.get("fieldPath", "").removeprefix(".")
            assert not field or field in node["properties"], (path, field)
            if path.endswith(".spec"):
                named = set(re.findall(r"\bself\.(\w+)", rule["rule"]))
                assert named <= node["properties"].keys(), (path, named)


def test_every_field_of_the_seed_is_there() -> None:
    fields = schema(KINDS[0])["properties"]["spec"]["properties"]
    assert {
        *(
            "brokerImage",
            "nameServers",
            "allMaster",
            "replicationMode",
            "groupReplica",
            "membersPerGroup",
            "properties",
        ),
        *(
            "nodeSelector",
            "affinity",
            "volumeClaimTemplate",
            "config",
            "emptyDir",
            "storageClassName",
            "requests",
            "limits",
        ),
    } <= fields.keys()
    assert {"cpu", "memory", "logStorage", "storeStorage"} == fields["requests"]["properties"].keys()
    assert SEED_DEFAULTS == {"deleteWhen": "04", "fileReservedTime": "48", "flushDiskType": "ASYNC_FLUSH"}


def test_what_is_committed_is_what_is_generated() -> None:
    for name, text in texts(ROOT / "deploy").items():
        assert (ROOT / name).read_text() == text, f"{name} is stale: run make generate"


def test_client_side_apply_can_hold_each_crd() -> None:
    for kind in KINDS:
        import yaml

        assert len(yaml.safe_dump(definition(kind))) < 200_000
