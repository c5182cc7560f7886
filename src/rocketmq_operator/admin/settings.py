"""Settings in replies, for every kind of server."""

from rocketmq_operator.admin.errors import Malformed
from rocketmq_operator.admin.redact import Settings
from rocketmq_operator.remoting.codes import RequestCode
from rocketmq_operator.remoting.command import Command
from rocketmq_operator.remoting.errors import BodyError
from rocketmq_operator.remoting.properties import decode_settings


def read_settings(address: str, code: RequestCode, response: Command) -> Settings:
    """The settings in a response's body; Malformed where they are no text. They may hold secrets."""
    try:
        return Settings(decode_settings(response.body))
    except BodyError as error:
        raise Malformed(address, code.name, str(error)) from None
