"""Webhook presets: requests as data, with `[[ parameters ]]`, Jinja, and what answers mean."""

from parley.presets.answers import meaning, retry_after
from parley.presets.authentication import OAuth2Grant
from parley.presets.catalogue import shipped
from parley.presets.parameters import Parameter
from parley.presets.prefix import url_fault
from parley.presets.preset import Preset, parameters_of
from parley.presets.preview import Preview, preview
from parley.presets.reading import parse_preset
from parley.presets.rendering import Aborted, Context, OwnTexts, RenderedBatch, RenderedRequest, Renderer
from parley.presets.texts import read_list, render_text, text_faults, words_of

__all__ = [
    "Aborted",
    "Context",
    "OAuth2Grant",
    "OwnTexts",
    "Parameter",
    "Preset",
    "Preview",
    "RenderedBatch",
    "RenderedRequest",
    "Renderer",
    "meaning",
    "parameters_of",
    "parse_preset",
    "preview",
    "read_list",
    "render_text",
    "retry_after",
    "shipped",
    "text_faults",
    "url_fault",
    "words_of",
]
