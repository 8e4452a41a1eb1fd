"""Parts of an answer that are made when somebody reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TypeVar, overload

import numpy as np

from qe_kg.lineage.texts import Ints

Row = TypeVar("Row")
Name = TypeVar("Name")


class Rows(Sequence[Row]):
    """Rows that stand for numbers; what one is, is found out when it is read.

    Args:
        find: returns the numbers, in order; asked at most once.
        make: returns the rows that some of the numbers stand for.

    """

    def __init__(self, find: Callable[[], Ints], make: Callable[[Ints], Sequence[Row]]) -> None:
        self._find, self._make = find, make

    @cached_property
    def numbers(self) -> Ints:
        """What the rows stand for."""
        return self._find()

    @cached_property
    def _all(self) -> tuple[Row, ...]:
        return tuple(self._make(self.numbers))

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, at: int) -> Row: ...

    @overload
    def __getitem__(self, at: slice) -> tuple[Row, ...]: ...

    def __getitem__(self, at: int | slice) -> Row | tuple[Row, ...]:
        if "_all" in vars(self):
            return self._all[at]
        if isinstance(at, slice):
            return tuple(self._make(self.numbers[at]))
        return self._make(np.asarray([self.numbers[at]], np.int64))[0]

    def __iter__(self) -> Iterator[Row]:
        return iter(self._all)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._all == tuple(other)


class Names(Mapping[str, Name]):
    """A mapping that is made when it is first read."""

    def __init__(self, make: Callable[[], dict[str, Name]]) -> None:
        self._make = make

    @cached_property
    def _all(self) -> dict[str, Name]:
        return self._make()

    def __getitem__(self, name: str) -> Name:
        return self._all[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)
