"""Configurations as people have them, through to what a server receives."""

import asyncio
import os
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from rocketmq_operator.kube.client import Client
from rocketmq_operator.kube.connect import http_for
from rocketmq_operator.kube.errors import Forbidden, Unconfigured
from rocketmq_operator.kube.kubeconfig import configuration
from rocketmq_operator.kube.resources import POD
from rocketmq_operator.kube.types import Ref

from ..runtime.fake_api import FakeApi, answer, serving, status

POD_REF = Ref(POD, "ns", "a")


def kubeconfig(path: Path, *, server: str = "", user: dict[str, Any] | None = None, current: str = "main") -> Path:
    content: dict[str, Any] = {"apiVersion": "v1", "kind": "Config", "clusters": [], "users": [], "contexts": []}
    if server:
        content["clusters"] = [{"name": "c", "cluster": {"server": server}}]
        content["contexts"] = [{"name": "main", "context": {"cluster": "c", "user": "u"}}]
    if user is not None:
        content["users"] = [{"name": "u", "user": user}]
    if current:
        content["current-context"] = current
    path.write_text(yaml.safe_dump(content))
    return path


def plugin(path: Path, body: str) -> str:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IEXEC)
    return str(path)


async def ask(server: FakeApi, config: Path) -> dict[str, str]:
    async with Client.from_environment(kubeconfig=config, user_agent="test/1") as client:
        await client.get(POD_REF)
    return server.requests[-1].headers


async def test_a_token_and_who_asks(tmp_path: Path) -> None:
    async with serving(answer({})) as server:
        headers = await ask(server, kubeconfig(tmp_path / "k", server=server.url, user={"token": "t0ken"}))
        assert headers["authorization"] == "Bearer t0ken"
        assert headers["user-agent"] == "test/1"
        assert headers["accept"] == "application/json"


async def test_a_token_file_that_is_rotated(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("old")
    async with serving(answer({}), status(401, "Unauthorized"), answer({})) as server:
        config = kubeconfig(tmp_path / "k", server=server.url, user={"tokenFile": "token"})
        async with Client.from_environment(kubeconfig=config) as client:
            await client.get(POD_REF)
            (tmp_path / "token").write_text("new")
            await client.get(POD_REF)
        assert [each.headers["authorization"] for each in server.requests] == [
            "Bearer old",
            "Bearer old",
            "Bearer new",
        ]


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
async def test_an_exec_plugin_of_any_version(tmp_path: Path, version: str) -> None:
    body = 'test -n "$KUBERNETES_EXEC_INFO" && echo \'{"status": {"token": "from-plugin"}}\''
    user = {
        "exec": {
            "apiVersion": f"client.authentication.k8s.io/{version}",
            "command": plugin(tmp_path / "plugin", body),
            "interactiveMode": "Never",
        }
    }
    async with serving(answer({})) as server:
        headers = await ask(server, kubeconfig(tmp_path / "k", server=server.url, user=user))
        assert headers["authorization"] == "Bearer from-plugin"


async def test_an_exec_plugin_that_fails_is_a_matter_of_credentials(tmp_path: Path) -> None:
    user = {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": plugin(tmp_path / "plugin", "echo please log in >&2; exit 1"),
        }
    }
    async with serving() as server:
        with pytest.raises(Forbidden, match="please log in"):
            await ask(server, kubeconfig(tmp_path / "k", server=server.url, user=user))


async def test_several_files_are_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "token").write_text("relative")
    kubeconfig(tmp_path / "a", server="http://first.example")
    kubeconfig(tmp_path / "sub" / "b", server="http://second.example", user={"tokenFile": "token"})
    files = [str(tmp_path / "a"), str(tmp_path / "absent"), str(tmp_path / "sub" / "b")]
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join(files))
    found = configuration()
    assert found.cluster.server == "http://first.example"
    assert found.user is not None
    assert found.user.token_file == str(tmp_path / "sub" / "token")


async def test_a_configuration_without_user(tmp_path: Path) -> None:
    async with serving(answer({})) as server:
        path = kubeconfig(tmp_path / "k", server=server.url)
        content = yaml.safe_load(path.read_text())
        del content["contexts"][0]["context"]["user"]
        path.write_text(yaml.safe_dump(content))
        assert "authorization" not in await ask(server, path)


@pytest.mark.parametrize("current", ["", "absent"])
def test_no_way_is_said_so(tmp_path: Path, current: str) -> None:
    path = kubeconfig(tmp_path / "k", server="http://x.example", user={}, current=current)
    with pytest.raises(Unconfigured):
        configuration(kubeconfig=path)


def test_a_missing_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(Unconfigured, match="absent"):
        configuration(kubeconfig=tmp_path / "absent")


def test_another_context_can_be_chosen(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path / "k", server="http://x.example", user={"token": "t"}, current="absent")
    assert configuration(kubeconfig=path, context="main").cluster.server == "http://x.example"


def test_a_certificate_that_cannot_be_read_is_said_so(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path / "k", server="https://x.example", user={})
    content = yaml.safe_load(path.read_text())
    content["clusters"][0]["cluster"]["certificate-authority"] = "absent.crt"
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(Unconfigured, match=r"x\.example"):
        http_for(configuration(kubeconfig=path), user_agent="test/1")


async def test_no_secret_in_what_is_said(tmp_path: Path) -> None:
    async with serving(status(401, "Unauthorized"), status(401, "Unauthorized")) as server:
        with pytest.raises(Forbidden) as caught:
            await ask(server, kubeconfig(tmp_path / "k", server=server.url, user={"token": "s3cret"}))
        assert "s3cret" not in repr(caught.value) + str(caught.value)
        await asyncio.sleep(0)
