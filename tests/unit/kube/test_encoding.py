"""What is sent for an apply means the same to a YAML reader as to a JSON reader."""

import json

import yaml
from hypothesis import given
from hypothesis import strategies as st

from rocketmq_operator.kube.encoding import as_yaml

# The characters at which JSON and YAML differ, and any others.
TEXT = st.text(
    st.one_of(
        st.sampled_from('\x7f\x80\x85\x9f\u2028\u2029\ufeff\ufffe\uffff\n\r\t\x00\\"/é€\U0001f600 :#'),
        st.characters(exclude_categories=["Cs"]),
    )
)


@given(TEXT, TEXT)
def test_json_and_yaml_readers_agree(key: str, value: str) -> None:
    body = as_yaml({key: value})
    assert json.loads(body) == {key: value}
    assert yaml.safe_load(body) == {key: value}
