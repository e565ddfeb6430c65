"""Every kind of node, one file each. To add one: write the file, add a row, a case and a section of the docs."""

from parley.journeys.node import Node
from parley.journeys.nodes.call_preset import CallPresetNode
from parley.journeys.nodes.condition import Condition
from parley.journeys.nodes.end import End
from parley.journeys.nodes.on_event import OnEvent
from parley.journeys.nodes.send_media import SendMediaNode
from parley.journeys.nodes.send_template import SendTemplateNode
from parley.journeys.nodes.send_text import SendTextNode
from parley.journeys.nodes.set_attributes import SetAttributesNode
from parley.journeys.nodes.track_event import TrackEventNode
from parley.journeys.nodes.wait import Wait
from parley.journeys.nodes.wait_for_reply import WaitForReply

KINDS: dict[str, type[Node]] = {
    "on_event": OnEvent,
    "wait": Wait,
    "condition": Condition,
    "send_template": SendTemplateNode,
    "send_text": SendTextNode,
    "send_media": SendMediaNode,
    "call_preset": CallPresetNode,
    "wait_for_reply": WaitForReply,
    "track_event": TrackEventNode,
    "set_attributes": SetAttributesNode,
    "end": End,
}
