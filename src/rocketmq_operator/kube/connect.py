"""From the environment (service account, KUBECONFIG, ~/.kube/config) to a configured HTTP client.

lightkube reads the configuration and does the authentication: TLS, client certificates, tokens that the kubelet rotates
(read anew on 401), exec plugins. Only its HTTP client is used; its watch and its models are not.
"""

from pathlib import Path

import httpx2
from lightkube import ConfigError, SingleConfig
from lightkube.config.client_adapter import ConnectionParams

from .errors import Unconfigured
from .kubeconfig import configuration

# One connection a watch, and as many short ones as the client lets run at once: its own limits bound them, not the pool.
LIMITS = httpx2.Limits(max_connections=None, max_keepalive_connections=64, keepalive_expiry=30.0)


def http_from_environment(
    *, user_agent: str, context: str | None = None, kubeconfig: str | Path | None = None
) -> httpx2.AsyncClient:
    """A client whose base URL, trust and credentials are those of the environment; Unconfigured if there are none."""
    return http_for(configuration(context=context, kubeconfig=kubeconfig), user_agent=user_agent)


def http_for(config: SingleConfig, *, user_agent: str) -> httpx2.AsyncClient:
    """The HTTP client for a configuration; Unconfigured where its certificates cannot be read."""
    try:
        parameters = ConnectionParams().httpx_params(config)
    except (ConfigError, OSError) as error:
        raise Unconfigured(f"no way to {config.cluster.server}: {error}") from error
    headers = {"User-Agent": user_agent, "Accept": "application/json", "Accept-Encoding": "identity"}
    return httpx2.AsyncClient(**parameters, headers=headers, limits=LIMITS)
