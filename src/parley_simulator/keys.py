"""Which keys of a body no document names: reported in the journal, for Sinch's own treatment is not documented."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec

NESTING_CEILING = 12


def unknown_keys(data: object, shape: Any) -> list[str]:
    """Dotted paths of undocumented keys, by the fields of the struct that read the body."""
    return list(_walk(data, _inspected(shape), "", NESTING_CEILING))


@cache
def _inspected(shape: Any) -> msgspec.inspect.Type:
    return msgspec.inspect.type_info(shape)


def _walk(data: object, shape: msgspec.inspect.Type, path: str, left: int) -> Iterator[str]:
    if not left:
        return
    if isinstance(data, list) and isinstance(shape, msgspec.inspect.ListType):
        for i, item in enumerate(data):
            yield from _walk(item, shape.item_type, f"{path}[{i}]", left - 1)
    elif isinstance(data, dict):
        struct = _struct_for(data, shape)
        if struct is not None:
            yield from _walk_struct(data, struct, path, left)


def _walk_struct(data: dict[str, object], struct: msgspec.inspect.StructType, path: str, left: int) -> Iterator[str]:
    fields = {field.encode_name: field.type for field in struct.fields}
    for key, value in data.items():
        here = f"{path}.{key}" if path else key
        if key in fields:
            yield from _walk(value, fields[key], here, left - 1)
        elif key != struct.tag_field:
            yield here


def _struct_for(data: dict[str, object], shape: msgspec.inspect.Type) -> msgspec.inspect.StructType | None:
    choices = shape.types if isinstance(shape, msgspec.inspect.UnionType) else (shape,)
    structs = [choice for choice in choices if isinstance(choice, msgspec.inspect.StructType)]
    fitting = [struct for struct in structs if struct.tag_field is None or data.get(struct.tag_field) == struct.tag]
    return fitting[0] if fitting else None
