"""The presets that come with Parley: data beside this file."""

from functools import cache
from importlib.resources import files

from parley.presets.preset import Preset
from parley.presets.reading import parse_preset


@cache
def shipped() -> dict[str, Preset]:
    """The shipped presets by name. Read once; treat as read-only."""
    folder = files("parley.presets").joinpath("shipped")
    found = sorted((file for file in folder.iterdir() if file.name.endswith(".json")), key=lambda file: file.name)
    presets = [parse_preset(file.read_bytes()) for file in found]
    return {preset.name: preset for preset in presets}
