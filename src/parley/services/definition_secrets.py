"""Keeps secrets out of definitions: what is stored and shown is a reference, the secret itself lies sealed.

A file says `{"$env": "SINCH_TOKEN"}`: read from the environment when it is applied. A text that was typed straight into
a secret field is sealed all the same. Both become `{"$secret": "kind/name/path"}`. Blanks and line breaks around a
secret are left out.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from parley.domain.errors import Problem

Path = tuple[str | int, ...]
IsSecret = Callable[[Path], bool]
NOTHING_TYPED = 'is empty; type it in, or {"$env": "NAME"} for the variable that holds it.'
UNPRINTABLE = "holds a line break or another character that cannot be printed; copy it anew."
NOT_ASCII = "holds a character that is not ASCII, and goes into a header that takes no other; copy it anew."


class SecretsTaken:
    """A definition without its secrets, the secrets, and what was wrong."""

    def __init__(self, owner: str, environment: Mapping[str, str], is_secret: IsSecret) -> None:
        self._owner = owner
        self._environment = environment
        self._is_secret = is_secret
        self.secrets: dict[str, str] = {}
        self.kept: set[str] = set()
        """References that were given back as they were shown: the stored secret stays."""
        self.problems: list[Problem] = []

    def take(self, value: Any, path: Path = ()) -> Any:
        """The value with references in place of secrets."""
        match value:
            case {"$env": str(name)}:
                return self._from_environment(name, path)
            case {"$secret": str(reference)}:
                return self._keep(reference, path)
            case str(text) if text and self._is_secret(path):
                return self._seal(text, path, NOTHING_TYPED)
            case dict():
                return {key: self.take(inner, (*path, key)) for key, inner in value.items()}
            case list():
                return [self.take(inner, (*path, index)) for index, inner in enumerate(value)]
            case _:
                return value

    def _from_environment(self, name: str, path: Path) -> dict[str, str]:
        if name not in self._environment:
            return self._refuse(path, f"the environment has no variable {name}; set it and apply.")
        return self._seal(self._environment[name], path, f"the variable {name} is empty; set it and apply.")

    def _keep(self, reference: str, path: Path) -> dict[str, str]:
        """Only a definition's own secrets: else one could be sent to somebody else's server by another preset."""
        if reference.startswith(f"{self._owner}/"):
            self.kept.add(reference)
        else:
            self.problems.append(Problem(path_text(path), "refers to a secret of another definition; type it in anew."))
        return {"$secret": reference}

    def _seal(self, text: str, path: Path, if_empty: str) -> dict[str, str]:
        secret = text.strip()
        if not secret:
            return self._refuse(path, if_empty)
        if not secret.isprintable():
            return self._refuse(path, UNPRINTABLE)
        if path and path[-1] == "bearer_token" and not secret.isascii():
            return self._refuse(path, NOT_ASCII)
        reference = f"{self._owner}/{path_text(path)}"
        self.secrets[reference] = secret
        return {"$secret": reference}

    def _refuse(self, path: Path, sentence: str) -> dict[str, str]:
        self.problems.append(Problem(path_text(path), sentence))
        return {"$secret": ""}


def path_text(path: Path) -> str:
    """`nodes[2].parameters.bearer_token`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def put_back(value: Any, secrets: Mapping[str, str]) -> Any:
    """The value with the secrets in place of their references: only for what goes over the wire."""
    match value:
        case {"$secret": str(reference)}:
            return secrets[reference]
        case dict():
            return {key: put_back(inner, secrets) for key, inner in value.items()}
        case list():
            return [put_back(inner, secrets) for inner in value]
        case _:
            return value


def references(value: Any) -> Iterator[str]:
    """Every secret a value refers to."""
    match value:
        case {"$secret": str(reference)}:
            yield reference
        case dict():
            for inner in value.values():
                yield from references(inner)
        case list():
            for inner in value:
                yield from references(inner)
        case _:
            return
