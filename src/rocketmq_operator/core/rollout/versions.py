"""RocketMQ versions: which step back a store does not survive.

5.x writes what 4.x cannot read: topic attributes, message version 2, its own metadata files. Between releases of one major
version going back is tried by the end-to-end tests.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from ..facts import Problem

_TAG = re.compile(r"^v?(\d+)\.(\d+)\.(\d+)")


@lru_cache(maxsize=1024)
def of_image(image: str) -> tuple[int, int, int] | None:
    """The version that an image's tag names; None if it names none."""
    tag = image.rpartition("@")[0] or image
    return of_text(tag.rpartition("/")[2].partition(":")[2])


@lru_cache(maxsize=1024)
def of_text(text: str) -> tuple[int, int, int] | None:
    """A version as numbers."""
    found = _TAG.match(text)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def refused(image: str, running: Iterable[str]) -> Problem | None:
    """A downgrade that RocketMQ cannot do; nothing is known of images whose tag is no version."""
    target = of_image(image)
    if target is None:
        return None
    newer = sorted({text for text in running if (found := of_text(text)) and found[0] > target[0]})
    if not newer:
        return None
    return Problem(
        "DowngradeRefused",
        f"image {image} is RocketMQ {target[0]}, and brokers run {newer[-1]}, whose store and metadata {target[0]}.x cannot read; "
        "nothing is changed: set the image back, or create a new cluster and move the messages with a client",
    )
