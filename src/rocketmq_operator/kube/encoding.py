"""JSON as it is sent.

Server-side apply reads its body as YAML, of which JSON is a part but for a few characters: YAML folds U+0085, U+2028 and U+2029
into spaces when they stand in a string as they are, and refuses DEL, C1 controls and byte-order marks. Escaped they are fine.
Surrogate pairs, on the other hand, it refuses escaped; hence not everything is.
"""

import re

import msgspec

_UNSAFE_IN_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def as_json(body: object) -> bytes:
    """``body`` as JSON."""
    return msgspec.json.encode(body)


def as_yaml(body: object) -> bytes:
    """``body`` as JSON that a YAML reader understands as JSON."""
    text = as_json(body).decode()
    return _UNSAFE_IN_YAML.sub(lambda found: f"\\u{ord(found[0]):04x}", text).encode()
