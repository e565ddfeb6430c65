"""One rendering: what it may spend, what it found empty, and values that a template cannot use to break out.

minijinja charges its fuel for text and lists that it builds itself. It cannot charge for Python's own lists and
dictionaries, so templates only ever see the two kinds below: copies, without the methods that double or empty them.
"""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, NoReturn

MOST_NODES = 100_000
"""Values (of lists and dictionaries) that one rendering may build, copy or print."""
DEEPEST = 32
"""Lists in lists in lists."""
LONGEST_TEXT = 1_000_000
"""Characters of one text."""
LETTERS_PER_NODE = 100
"""A long text counts as so many values: each copy of it takes memory."""


class RenderFault(Exception):  # noqa: N818  becomes an InvalidInputError at the renderer
    """Cannot be rendered."""

    def __init__(self, sentence: str | None = None) -> None:
        super().__init__(sentence or (type(self).__doc__ or "").strip())


class LimitReached(RenderFault):
    """builds more than a message can need"""


class AbortReached(Exception):  # noqa: N818  becomes the outcome Aborted at the renderer
    """`{% abort %}` was reached."""


class Run:
    """Handed to every function a template calls, as `_run`: a name that no template can say."""

    __slots__ = ("chances", "empty", "left", "seed")

    def __init__(self, seed: str = "") -> None:
        self.left = MOST_NODES
        self.empty: list[int] = []
        self.seed = seed
        self.chances = 0

    def spend(self, nodes: int) -> None:
        """Takes `nodes` off what is left. Raises LimitReached."""
        self.left -= nodes
        if self.left < 0:
            raise LimitReached

    def take(self, text: str) -> str:
        """`text`, once it is paid for. Raises LimitReached."""
        if len(text) > LETTERS_PER_NODE:
            self.spend(len(text) // LETTERS_PER_NODE)
            if len(text) > LONGEST_TEXT:
                raise LimitReached
        return text


def _refuse(*_: Any, **__: Any) -> NoReturn:
    raise LimitReached("a template may read lists and dictionaries, and append to its own lists, but not this")


class Record(dict[str, Any]):
    """A dictionary as templates see it."""

    __slots__ = ()
    clear = copy = fromkeys = pop = popitem = setdefault = update = _refuse

    def keys(self) -> tuple[str, ...]:  # type: ignore[override]
        """Names: a tuple, because Python's own view prints as Python."""
        return tuple(self)

    def values(self) -> tuple[Any, ...]:  # type: ignore[override]
        """Values."""
        return tuple(value for _, value in self.items())

    def items(self) -> tuple[tuple[str, Any], ...]:  # type: ignore[override]
        """Pairs."""
        return tuple(super().items())


class Items(list[Any]):
    """A list as templates see it: may be read, appended to, popped from."""

    __slots__ = ("_run",)
    clear = copy = extend = insert = remove = reverse = sort = _refuse

    def __init__(self, values: Iterable[Any], run: Run) -> None:
        super().__init__(values)
        self._run = run

    def append(self, value: Any) -> None:
        """Appends a copy: a list can never contain itself."""
        super().append(freeze(value, self._run, copy=True))

    def index(self, value: Any, *between: Any) -> int:
        """To minijinja a search is one step, however long the list."""
        self._run.spend(1 + len(self) // LETTERS_PER_NODE)
        return super().index(value, *between)

    def count(self, value: Any) -> int:
        """As `index`."""
        self._run.spend(1 + len(self) // LETTERS_PER_NODE)
        return super().count(value)


def freeze(value: Any, run: Run, depth: int = 0, *, copy: bool = False) -> Any:
    """`value` as templates may see it. What is neither JSON nor text becomes text; null in a record is left out.

    What is frozen already is shared, unless a `copy` is asked for. Raises LimitReached.
    """
    if isinstance(value, str):
        return run.take(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth >= DEEPEST:
        raise LimitReached
    if isinstance(value, Record | Items) and not copy:
        return value
    return _freeze_container(value, run, depth, copy=copy)


def _freeze_container(value: Any, run: Run, depth: int, *, copy: bool) -> Any:
    if isinstance(value, Mapping):
        run.spend(len(value) + 1)
        pairs = value.items()
        return Record({str(k): freeze(v, run, depth + 1, copy=copy) for k, v in pairs if v is not None})
    if isinstance(value, Iterable) and not isinstance(value, bytes | bytearray):
        items = list(islice(value, MOST_NODES))
        run.spend(len(items) + 1)
        return Items([freeze(item, run, depth + 1, copy=copy) for item in items], run)
    return run.take(str(value))


def weigh(value: Any, run: Run, depth: int = 0) -> None:
    """Spends what printing `value` costs: a shared list is paid as often as it would be printed."""
    if isinstance(value, str):
        run.take(value)
    if not isinstance(value, dict | list | tuple):
        return
    if depth >= DEEPEST:
        raise LimitReached
    run.spend(len(value) + 1)
    for item in value.values() if isinstance(value, dict) else value:
        weigh(item, run, depth + 1)
