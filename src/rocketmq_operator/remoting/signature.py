"""Request signatures for servers with access control on. Clients of ACL 1.0 and 2.0 sign alike.

Source: AclUtils.combineRequestContent, AclClientRPCHook.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import msgspec

ACCESS_KEY = "AccessKey"
SIGNATURE = "Signature"
SECURITY_TOKEN = "SecurityToken"


class Credentials(msgspec.Struct, frozen=True):
    """Who we are to the servers: in ACL 2.0 a user's name and password."""

    access_key: str
    secret_key: str
    security_token: str | None = None

    def __repr__(self) -> str:
        """Nothing of it belongs in a log."""
        return "Credentials(redacted)"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """msgspec offers the fields to rich; we do not."""
        return []


def sign(fields: Mapping[str, str], body: bytes, credentials: Credentials) -> dict[str, str]:
    """`fields` with the key's name and the signature added: HMAC-SHA1 over the values in the order of their names,
    then the body."""
    signed = {key: value for key, value in fields.items() if key != SIGNATURE}
    signed[ACCESS_KEY] = credentials.access_key
    if credentials.security_token is not None:
        signed[SECURITY_TOKEN] = credentials.security_token
    content = "".join(signed[key] for key in sorted(signed)).encode() + body
    digest = hmac.new(credentials.secret_key.encode(), content, hashlib.sha1).digest()
    signed[SIGNATURE] = base64.b64encode(digest).decode()
    return signed
