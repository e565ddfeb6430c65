"""How a number of things is written: `1 message`, `2,000 messages`."""


def counted(count: int, things: str) -> str:
    """`things` is the plural, perhaps with more words behind it: `messages due`, `entries`."""
    noun, space, rest = things.partition(" ")
    return f"{count:,} {_one_of(noun) if count == 1 else noun}{space}{rest}"


def _one_of(noun: str) -> str:
    return f"{noun[:-3]}y" if noun.endswith("ies") else noun.removesuffix("s")
