"""Weaves pieces and filled parameters into one minijinja source in which nothing can break its place.

`"name": "{{ customer.name }}"` becomes `"name": "{{ _json_text((customer.name), 0, _run) }}"`. Statements of Exponea's
dialect (abort, append, output) become calls; what binds a name is bounded; everything else that minijinja knows
(include, macro, filter blocks ...) is refused, because its output would not pass through the functions above.
"""

import re
from collections.abc import Mapping

import msgspec

from parley.presets.escapes import ESCAPES
from parley.presets.guards import guarded
from parley.presets.pieces import Piece, Slot, SyntaxFault, Tag, Text
from parley.presets.places import FixedPlace, Place

DEEPEST_BLOCKS = 20


class Filling(msgspec.Struct, frozen=True):
    """What a parameter was given, read into pieces. `pieces`, `items` or `literal` is used."""

    pieces: tuple[Piece, ...] = ()
    items: tuple[tuple[Piece, ...], ...] | None = None
    """A list."""
    literal: str | None = None
    """A number or a boolean as JSON writes it (Jinja knows the same words)."""
    cast: str = ""
    """A number or a boolean that one tag computes: the function that makes it one."""


class Woven(msgspec.Struct, frozen=True):
    """Ready for minijinja."""

    source: str
    expressions: tuple[str, ...]
    """Every printed expression as the user wrote it, by its number."""
    has_tags: bool
    """False: `source` can be sent as it is."""
    parts: tuple[str, ...] = ()
    """The source again, each tag and each text by itself."""


class _Block(msgspec.Struct):
    kind: str
    start: str
    end: str | None = None
    has_else: bool = False


_SET = re.compile(r"([\w.,()\s]+?)\s*=(?!=)(.*)", re.DOTALL)
_NAMESPACE = re.compile(r"""\s*namespace\(\s*(\w+\s*=\s*(?:[\w.-]+|"[^"]*"|'[^']*'|\[\s*\])\s*,?\s*)*\)\s*""")
_FOR = re.compile(r"([\w,()\s]+?)\s+in\b(.*)", re.DOTALL)
_TAIL = "on the way through {% if %} and {% for %} a quotation mark must open and close in the same branch"
_OPEN_BRACE = re.compile(r"\{(?=[{%#]|$)")
_ALLOWED = "if, elif, else, for, break, continue, set, do, append, output, abort"


def weave(pieces: tuple[Piece, ...], fillings: Mapping[str, Filling], place: Place) -> Woven:
    """Raises SyntaxFault. `fillings` holds every parameter that the pieces name."""
    weaver = _Weaver(fillings, place)
    for piece in pieces:
        weaver.add(piece)
    return weaver.finish()


class _Weaver:
    def __init__(self, fillings: Mapping[str, Filling], place: Place) -> None:
        self._fillings = fillings
        self._place = place
        self._outer: list[Place] = []
        self._blocks: list[_Block] = []
        self._prelude: list[str] = []
        self._names: dict[str, str] = {}
        self._out: list[str] = []
        self._expressions: list[str] = []
        self._has_tags = False

    def finish(self) -> Woven:
        if self._blocks:
            raise SyntaxFault(f"{{% {self._blocks[-1].kind} %}} is never closed")
        has_tags = self._has_tags or bool(self._prelude)
        parts = (*self._prelude, *self._out)
        return Woven("".join(parts), tuple(self._expressions), has_tags, parts)

    def add(self, piece: Piece) -> None:
        if isinstance(piece, Text):
            self._place.read(piece.text)
            self._emit_text(piece.text)
        elif isinstance(piece, Slot):
            self._add_slot(piece)
        elif piece.prints:
            self._add_print(piece)
        else:
            self._add_statement(piece)

    def _emit_text(self, text: str) -> None:
        escaped = _OPEN_BRACE.sub('{{ "{" }}', text)
        self._has_tags = self._has_tags or escaped != text
        self._out.append(escaped)

    # Parameters in text

    def _add_slot(self, slot: Slot) -> None:
        filling, name = self._fillings[slot.name], self._place.for_slot()
        if filling.literal is not None:
            self.add(Text(filling.literal))
        elif filling.items is not None:
            self._add_list(slot, filling.items, name)
        elif filling.cast:
            self._add_cast(filling)
        elif name == "_json_value":
            self._add_quoted(filling.pieces)
        else:
            self._add_escaped(slot, filling.pieces, name)

    def _add_list(self, slot: Slot, items: tuple[tuple[Piece, ...], ...], name: str) -> None:
        if name != "_json_value":
            raise SyntaxFault(f"the list [[ {slot.name} ]] can stand in JSON outside quotation marks, or inside a tag")
        self.add(Text("["))
        for number, item in enumerate(items):
            if number:
                self.add(Text(","))
            self._add_quoted(item)
        self.add(Text("]"))

    def _add_quoted(self, pieces: tuple[Piece, ...]) -> None:
        self.add(Text('"'))
        self._add_pieces(pieces, "_json_text")
        self.add(Text('"'))

    def _add_cast(self, filling: Filling) -> None:
        for piece in filling.pieces:
            if isinstance(piece, Tag):
                self._add_print(piece, filling.cast)

    def _add_escaped(self, slot: Slot, pieces: tuple[Piece, ...], name: str) -> None:
        if name == "base":
            self._add_base(pieces)
        elif name == "host":
            self._add_host(slot, pieces)
        else:
            self._add_pieces(pieces, name)

    def _add_pieces(self, pieces: tuple[Piece, ...], name: str) -> None:
        for piece in pieces:
            self.add(Text(ESCAPES[name](piece.text)) if isinstance(piece, Text) else piece)

    def _add_base(self, pieces: tuple[Piece, ...]) -> None:
        """A base URL is written as it is, without its last slash: the preset's text begins with one."""
        *before, last = pieces or (Text(""),)
        for piece in before:
            self.add(piece)
        self.add(Text(last.text.rstrip("/")) if isinstance(last, Text) else last)

    def _add_host(self, slot: Slot, pieces: tuple[Piece, ...]) -> None:
        text = "".join(piece.text if isinstance(piece, Text) else "{" for piece in pieces)
        if not re.fullmatch(r"[A-Za-z0-9.-]*", text):
            raise SyntaxFault(f"[[ {slot.name} ]] is part of the server's name: letters, digits, dots and hyphens only")
        self.add(Text(text))

    # Tags

    def _add_print(self, tag: Tag, cast: str = "") -> None:
        if not tag.source:
            raise SyntaxFault("there is nothing between {{ and }}")
        value = f"{cast}(({self._inner(tag)}))"
        call = f"{self._place.for_tag()}({value}, {len(self._expressions)}, _run)"
        self._expressions.append(tag.source)
        self._emit_tag(tag, call)

    def _emit_tag(self, tag: Tag, inner: str, braces: tuple[str, str] | None = None) -> None:
        opening, closing = braces or (tag.opening[:2], tag.closing[-2:])
        sign, end_sign = tag.opening[2:], tag.closing[:-2]
        self._has_tags = True
        self._out.append(f"{opening}{sign} {inner} {end_sign}{closing}")

    def _inner(self, tag: Tag) -> str:
        return guarded([self._variable(word) if isinstance(word, Slot) else word for word in tag.words]).strip()

    def _variable(self, slot: Slot) -> str:
        """A parameter inside a tag is a variable, set before anything else."""
        if slot.name not in self._names:
            self._names[slot.name] = name = f"_p{len(self._names)}"
            self._prelude += self._binding(name, self._fillings[slot.name])
        return self._names[slot.name]

    def _binding(self, name: str, filling: Filling) -> list[str]:
        if filling.literal is not None:
            return [f"{{% set {name} = {filling.literal} %}}"]
        if filling.cast:
            expression = "".join(self._inner(piece) for piece in filling.pieces if isinstance(piece, Tag))
            return [f"{{% set {name} = {filling.cast}(({expression})) %}}"]
        if filling.items is None:
            return [self._capture(name, filling.pieces)]
        captures = [self._capture(f"{name}_{i}", item) for i, item in enumerate(filling.items)]
        names = ", ".join(f"{name}_{i}" for i in range(len(filling.items)))
        return [*captures, f"{{% set {name} = _keep([{names}], _run)[0] %}}"]

    def _capture(self, name: str, pieces: tuple[Piece, ...]) -> str:
        inner = _Weaver(self._fillings, FixedPlace("_plain"))
        inner._expressions = self._expressions  # one numbering
        for piece in pieces:
            inner.add(piece)
        return f"{{% set {name} %}}{inner.finish().source}{{% endset %}}"

    def _add_statement(self, tag: Tag) -> None:
        inner = self._known_condition(tag) or self._inner(tag)
        word, _, rest = inner.partition(" ") if tag.source else ("", "", "")
        weave_statement = _STATEMENTS.get(word)
        if weave_statement is None:
            raise SyntaxFault(f"{{% {word} %}} is not available here; there are: {_ALLOWED}")
        weave_statement(self, tag, rest.strip())

    def _known_condition(self, tag: Tag) -> str | None:
        """`if [[ list ]]`: whether a list has items is known before any is rendered."""
        match [word for word in tag.words if isinstance(word, Slot) or not word.isspace()]:
            case ["if" | "elif" as word, Slot(name=name)] if (items := self._fillings[name].items) is not None:
                return f"{word} {'true' if items else 'false'}"
        return None

    # Blocks: whatever way is taken, the place behind it is the same

    def _open(self, kind: str) -> None:
        if len(self._blocks) >= DEEPEST_BLOCKS:
            raise SyntaxFault(f"more than {DEEPEST_BLOCKS} blocks in each other")
        self._blocks.append(_Block(kind, self._place.state))

    def _innermost(self, word: str, kinds: tuple[str, ...]) -> _Block:
        if not self._blocks or self._blocks[-1].kind not in kinds:
            raise SyntaxFault(f"{{% {word} %}} has no {{% {kinds[0]} %}} before it")
        return self._blocks[-1]

    def _end_branch(self, block: _Block) -> None:
        if block.end is not None and block.end != self._place.state:
            raise SyntaxFault(_TAIL)
        block.end = self._place.state

    def add_if(self, tag: Tag, rest: str) -> None:
        self._open("if")
        self._emit_tag(tag, f"if {rest}")

    def add_elif(self, tag: Tag, rest: str) -> None:
        block = self._innermost("elif", ("if",))
        self._end_branch(block)
        self._place.state = block.start
        self._emit_tag(tag, f"elif {rest}")

    def add_else(self, tag: Tag, _: str) -> None:
        block = self._innermost("else", ("if", "for"))
        self._end_branch(block)
        block.has_else = True
        self._place.state = block.start
        self._emit_tag(tag, "else")

    def add_endif(self, tag: Tag, _: str) -> None:
        self._close(tag, "if")

    def add_for(self, tag: Tag, rest: str) -> None:
        found = _FOR.fullmatch(rest)
        if not found:
            raise SyntaxFault(f"{{% for {rest} %}}: write {{% for item in list %}}")
        self._open("for")
        values, condition = _split_condition(found[2])
        self._emit_tag(tag, f"for {found[1]} in _each(({values.strip()}), _run) {condition}")

    def add_endfor(self, tag: Tag, _: str) -> None:
        self._close(tag, "for")

    def _close(self, tag: Tag, kind: str) -> None:
        block = self._innermost(f"end{kind}", (kind,))
        self._end_branch(block)
        if block.end != block.start and (kind == "for" or not block.has_else):
            raise SyntaxFault(_TAIL)
        self._blocks.pop()
        self._emit_tag(tag, f"end{kind}")

    def add_jump(self, tag: Tag, _: str) -> None:
        loop = next((block for block in reversed(self._blocks) if block.kind == "for"), None)
        if loop is None or loop.start != self._place.state:
            raise SyntaxFault("{% break %} and {% continue %} stand in a loop, outside of a quotation opened in it")
        self._emit_tag(tag, tag.source)

    # Names

    def add_set(self, tag: Tag, rest: str) -> None:
        if re.fullmatch(r"\w+", rest):
            self._open("set")
            self._outer.append(self._place)
            self._place = FixedPlace("_plain")
            self._emit_tag(tag, f"set {rest}")
            return
        found = _SET.fullmatch(rest)
        if not found:
            raise SyntaxFault(f"{{% set {rest} %}}: write {{% set name = value %}}")
        value = found[2] if _NAMESPACE.fullmatch(found[2]) else f" _keep(({found[2].strip()}), _run)[0]"
        self._emit_tag(tag, f"set {found[1]} ={value}")

    def add_endset(self, tag: Tag, _: str) -> None:
        self._innermost("endset", ("set",))
        self._blocks.pop()
        self._place = self._outer.pop()
        self._emit_tag(tag, "endset")

    # Exponea's own

    def add_do(self, tag: Tag, rest: str) -> None:
        self._emit_tag(tag, f"do _keep(({rest}), _run)")

    def add_append(self, tag: Tag, rest: str) -> None:
        value, to, name = rest.rpartition(" to ")
        if not to:
            raise SyntaxFault(f"{{% append {rest} %}}: write {{% append value to list %}}")
        self._emit_tag(tag, f"do _append(({name.strip()}), ({value.strip()}), _run)")

    def add_output(self, tag: Tag, rest: str) -> None:
        values, _, separator = rest.partition(" separated by ")
        call = f"_output(({values.strip()}), ({separator.strip() or repr('')}))"
        self._expressions.append(tag.source)
        number = len(self._expressions) - 1
        self._emit_tag(tag, f"{self._place.for_tag()}({call}, {number}, _run)", ("{{", "}}"))

    def add_abort(self, tag: Tag, rest: str) -> None:
        self._emit_tag(tag, f"do _abort(({rest or repr('')}))")


_STATEMENTS = {
    "if": _Weaver.add_if,
    "elif": _Weaver.add_elif,
    "else": _Weaver.add_else,
    "endif": _Weaver.add_endif,
    "for": _Weaver.add_for,
    "endfor": _Weaver.add_endfor,
    "break": _Weaver.add_jump,
    "continue": _Weaver.add_jump,
    "set": _Weaver.add_set,
    "endset": _Weaver.add_endset,
    "do": _Weaver.add_do,
    "append": _Weaver.add_append,
    "output": _Weaver.add_output,
    "abort": _Weaver.add_abort,
}


def _split_condition(text: str) -> tuple[str, str]:
    """`xs if x.ok` -> (`xs `, `if x.ok`): the first `if` outside of strings and brackets."""
    depth = 0
    for found in re.finditer(r"""(["'])(?:\\.|(?!\1).)*\1|[(\[{]|[)\]}]|\bif\b""", text, re.DOTALL):
        if found[0] in "([{":
            depth += 1
        elif found[0] in ")]}":
            depth -= 1
        elif found[0] == "if" and not depth:
            return text[: found.start()], text[found.start() :]
    return text, ""
