"""What is a secret, and how it is blacked out."""

import pytest

from rocketmq_operator.admin.redact import is_secret, redact_text


@pytest.mark.parametrize(
    "key",
    ["password", "rmqPasswd", "tlsServerKeyPassword", "secretKey", "accessKey", "AccessKey", "Signature",
     "initAuthenticationUser", "innerClientAuthenticationCredentials", "SecurityToken"],
)  # fmt: skip
def test_secrets(key: str) -> None:
    assert is_secret(key)


@pytest.mark.parametrize(
    "key", ["brokerName", "brokerPermission", "namesrvAddr", "storePathRootDir", "authenticationEnabled"]
)
def test_no_secrets(key: str) -> None:
    assert not is_secret(key)


@pytest.mark.parametrize(
    "text",
    [
        "password=abc",
        "password: abc",
        '{"password":"abc"}',
        "{'secretKey': 'abc'}",
        "x accessKey=abc, y",
        "PASSWORD = abc",
    ],
)
def test_texts(text: str) -> None:
    assert "abc" not in redact_text(text)


def test_the_rest_of_a_text_stays() -> None:
    assert redact_text("topic[t] not exist, apply first please!") == "topic[t] not exist, apply first please!"
