"""Which configuration is in force, and what lightkube's reader leaves out of it.

kubectl merges all files that KUBECONFIG names (the first that defines something wins), takes paths relative to the file they
stand in, and tells exec plugins what it speaks; so does this.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
from lightkube import ConfigError, KubeConfig, SingleConfig
from lightkube.config.kubeconfig import DEFAULT_KUBECONFIG
from lightkube.config.models import Cluster, NameValue, User, UserExec

from .errors import Unconfigured

EXEC_GROUP = "client.authentication.k8s.io"
P = TypeVar("P", Cluster, User)

_FILES = ("certificate_auth", "client_cert", "client_key", "token_file")


def configuration(*, context: str | None = None, kubeconfig: str | Path | None = None) -> SingleConfig:
    """The named file, else the pod's service account, else the files of KUBECONFIG, else the home's; Unconfigured if none."""
    try:
        found = _merged([kubeconfig]) if kubeconfig else _from_environment()
        chosen = found.get(context)
    except (ConfigError, KeyError, OSError, msgspec.ValidationError, ValueError) as error:
        raise Unconfigured(f"no way to an API server: {error}") from error
    if chosen is None:
        raise Unconfigured("no way to an API server: the kubeconfig has no current context")
    return chosen._replace(user=_with_exec_info(chosen.user or User()))


def _from_environment() -> KubeConfig:
    try:
        return KubeConfig.from_service_account()
    except ConfigError:
        named = [path for path in os.environ.get("KUBECONFIG", "").split(os.pathsep) if path]
        there = [path for path in named if Path(path).is_file()]
        return _merged(there or named or [DEFAULT_KUBECONFIG])


def _merged(paths: Sequence[str | Path]) -> KubeConfig:
    """All files as one."""
    files = [KubeConfig.from_file(path) for path in paths]
    merged = KubeConfig(clusters={}, contexts={})
    for path, each in zip(paths, files, strict=True):
        folder = Path(path).expanduser().absolute().parent
        merged.contexts = each.contexts | merged.contexts
        for name, cluster in each.clusters.items():
            merged.clusters.setdefault(name, _absolute(cluster, folder))
        for name, user in each.users.items():
            merged.users.setdefault(name, _absolute(user, folder))
        merged.current_context = merged.current_context or each.current_context
    return merged


def _absolute(part: P, folder: Path) -> P:
    """The same with every path made absolute."""
    found = {name: getattr(part, name, None) for name in _FILES}
    return msgspec.structs.replace(part, **{name: str(folder / path) for name, path in found.items() if path})


def _with_exec_info(user: User) -> User:
    """An exec plugin of any version, told by KUBERNETES_EXEC_INFO what is spoken; lightkube itself knows no ``v1``."""
    if user.exec is None:
        return user
    plugin = user.exec
    spoken = {"apiVersion": plugin.apiVersion, "kind": "ExecCredential", "spec": {"interactive": False}}
    info = NameValue(name="KUBERNETES_EXEC_INFO", value=json.dumps(spoken))
    version = f"{EXEC_GROUP}/v1beta1" if plugin.apiVersion == f"{EXEC_GROUP}/v1" else plugin.apiVersion
    known = UserExec(version, plugin.command, [*(plugin.env or []), info], plugin.args, plugin.installHint)
    return msgspec.structs.replace(user, exec=known)
