"""Signatures are RocketMQ's."""

from rocketmq_operator.remoting.signature import ACCESS_KEY, SIGNATURE, Credentials, sign


def test_the_signature_of_a_request_is_javas() -> None:
    # AclUtils.calSignature of 5.4.0 over the same fields and body.
    fields = {"topic": "orders", "queueId": "3", "b": "Grüße"}
    signed = sign(fields, b"body", Credentials("alice", "secret"))
    assert signed[SIGNATURE] == "SVL9yIqBMhlwMXdKS8WQDFEyXlc="
    assert signed[ACCESS_KEY] == "alice"
    assert SIGNATURE not in fields


def test_signing_again_gives_the_same() -> None:
    credentials = Credentials("alice", "secret", "token")
    once = sign({"topic": "t"}, b"", credentials)
    assert sign(once, b"", credentials) == once
    assert once["SecurityToken"] == "token"


def test_credentials_do_not_show() -> None:
    credentials = Credentials("alice", "hidden", "token")
    for text in (repr(credentials), str(credentials), f"{[credentials]}", str(credentials.__rich_repr__())):
        assert "hidden" not in text
        assert "token" not in text
