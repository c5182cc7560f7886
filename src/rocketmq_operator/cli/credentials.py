"""Who the operator is to brokers with authentication on: from its environment, which Kubernetes fills from a Secret.

So the operator needs no right to read Secrets, and what it never reads it cannot log.
"""

from collections.abc import Mapping

from rocketmq_operator.remoting.signature import Credentials

from .settings import SettingsError

ACCESS_KEY, SECRET_KEY = "ROCKETMQ_ACCESS_KEY", "ROCKETMQ_SECRET_KEY"


def from_environment(environment: Mapping[str, str]) -> Credentials | None:
    """The credentials; None if none are given. SettingsError if one half is missing."""
    access, secret = environment.get(ACCESS_KEY, ""), environment.get(SECRET_KEY, "")
    if bool(access) != bool(secret):
        missing = SECRET_KEY if access else ACCESS_KEY
        raise SettingsError(
            f"{missing} is not set: the Secret rocketmq-operator-credentials needs both accessKey and secretKey"
        )
    return Credentials(access, secret) if access else None
