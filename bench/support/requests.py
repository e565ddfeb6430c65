"""A worker's own request, as a form to make each message's own of, and what its answer says."""

import msgspec

from bench.support.callbacks import phone
from bench.support.shop import Shop, deliver_all, delivery, plan
from bench.support.wires import RememberingWire
from parley.domain.http import HttpRequest, HttpResponse
from parley.providers.http import HttpClient

PHONE, NAME = b"421901999999", b"0199aaaa-bbbb-7ccc-8ddd-eeeeffff0000"
"""Places in the form."""


class _Status(msgspec.Struct):
    message_id: str


class _Answer(msgspec.Struct):
    """Of either API: one message's id, at the top or in a list."""

    message_id: str = ""
    statuses: tuple[_Status, ...] = ()


async def form_of(shop: Shop, client: HttpClient) -> HttpRequest:
    """What the shop's worker sends, with places for number and name."""
    wire = RememberingWire(client)
    await plan(shop, 1)
    worker = delivery(shop, wire)
    await deliver_all(worker)
    await worker.close()
    body = wire.last.body.replace(phone(0).encode(), PHONE).replace(b"Name 0", NAME)
    assert PHONE in body, body
    assert NAME in body, body
    return msgspec.structs.replace(wire.last, body=body)


def filled(form: HttpRequest, number: bytes, name: bytes) -> HttpRequest:
    """To that customer."""
    body = form.body.replace(PHONE, number).replace(NAME, name)
    return HttpRequest(form.method, form.url, form.headers, body)


def provider_id(answer: HttpResponse) -> str:
    """Of the message that was accepted; anything but a 2xx ends the bench."""
    assert 200 <= answer.status < 300, (answer.status, answer.body[:300])
    read = msgspec.json.decode(answer.body, type=_Answer)
    return read.message_id or read.statuses[0].message_id
