"""What a plan made is kept for the next one, so that clusters in which nothing changes cost next to nothing.

Nothing here is state: each result follows from the inputs it is kept with, and is made again if it was forgotten. What is
kept is given to many and must not be changed by anybody.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Memo(Generic[T]):
    """The latest result under each name, as long as its inputs are equal; at most ``size`` names, the longest unused go."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: OrderedDict[Hashable, tuple[object, T]] = OrderedDict()

    def get(self, name: Hashable, inputs: object, make: Callable[[], T]) -> T:
        """What ``make`` makes of inputs that are equal to these."""
        found = self._kept.get(name)
        made = found[1] if found is not None and found[0] == inputs else make()
        # The inputs of this time are kept in any case: to find them identical next time is quicker than to find them equal.
        self._kept[name] = (inputs, made)
        self._kept.move_to_end(name)
        if len(self._kept) > self._size:
            self._kept.popitem(last=False)
        return made

    def forget(self) -> None:
        """Keep nothing of what was kept."""
        self._kept.clear()


class Derived(Generic[T]):
    """What was made of one and the same object; as long as it is kept here, no other can have its place in memory."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: OrderedDict[tuple[int, Hashable], tuple[object, T]] = OrderedDict()

    def get(self, source: object, how: Hashable, make: Callable[[], T]) -> T:
        """What ``make`` makes of ``source``; ``how`` is what else it depends on."""
        name = (id(source), how)
        found = self._kept.get(name)
        if found is not None:
            self._kept.move_to_end(name)
            return found[1]
        made = make()
        self._kept[name] = (source, made)
        if len(self._kept) > self._size:
            self._kept.popitem(last=False)
        return made

    def forget(self) -> None:
        """Keep nothing of what was kept."""
        self._kept.clear()
