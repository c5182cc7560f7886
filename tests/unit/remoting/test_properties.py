"""Settings as text, in the two directions."""

import pytest

from rocketmq_operator.remoting.errors import BodyError, LocalError
from rocketmq_operator.remoting.properties import decode_settings, encode_settings


def test_replies_are_read_plainly() -> None:
    text = b"# comment\na=1\nempty=\npath=C:\\temp\nformula=x=y\n\nnonsense\nlast=\xc3\xa4\r\n"
    assert decode_settings(text) == {"a": "1", "empty": "", "path": "C:\\temp", "formula": "x=y", "last": "ä"}


def test_replies_that_are_no_text() -> None:
    with pytest.raises(BodyError):
        decode_settings(b"a=\xff")


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("plain", b"key=plain\n"),
        ("back\\slash", b"key=back\\\\slash\n"),
        ("two\nlines", b"key=two\\nlines\n"),
        ("  led", b"key=\\ \\ led\n"),
        ("ä", b"key=\\u00e4\n"),
        ("😀", b"key=\\ud83d\\ude00\n"),
        ("a=b:c #d!", b"key=a=b:c #d!\n"),
    ],
)
def test_requests_are_escaped_for_java(value: str, line: bytes) -> None:
    assert encode_settings({"key": value}) == line


def test_names_are_escaped_more() -> None:
    assert encode_settings({"a b:c=d": "1"}) == b"a\\ b\\:c\\=d=1\n"
    with pytest.raises(LocalError):
        encode_settings({"": "1"})
