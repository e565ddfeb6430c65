"""What a preview shows, and what it never shows. Batches, forms and credentials."""

import msgspec
import pytest

from parley.domain.errors import InvalidInputError
from parley.domain.http import HttpRequest, HttpResponse
from parley.domain.message import Accepted, NotAccepted, Remedy
from parley.presets import (
    Aborted,
    OAuth2Grant,
    RenderedRequest,
    Renderer,
    meaning,
    parameters_of,
    preview,
    shipped,
)
from tests.rules.presets.presets import context, preset

SECRET = 'made"up secret+/=0123456789abcd'
LEGACY = {"account": "shopbot", "bearer_token": SECRET}
CONVERSATION = {"project_id": "p-1", "app_id": "01APP", "key_id": "k-1", "key_secret": SECRET}


def test_a_preview_is_what_is_sent_with_the_secret_masked() -> None:
    consent, values = shipped()["sinch-whatsapp-consent"], {**LEGACY, "action": "opt_in"}
    sent = Renderer().render(consent, values, context())
    shown = preview(Renderer(), consent, values, context())
    assert isinstance(sent, RenderedRequest)
    assert shown.request is not None
    assert shown.request.body == sent.request.body
    assert ("Authorization", f"Bearer {SECRET}") in sent.request.headers
    assert ("Authorization", "Bearer ****abcd") in shown.request.headers


def _everywhere() -> dict[str, object]:
    return {
        "url": "https://a.example/[[ key : secret ]]?k=[[ key ]]",
        "headers": {"X-Key": "[[ key ]]"},
        "body": '{"k": "[[ key ]]", "l": "{{ [[ key ]] | urlencode }}"}',
        "authentication": {
            "type": "basic",
            "endpoint_prefix": "https://a.example",
            "username": "u",
            "password": "[[ key ]]",
        },
    }


def test_a_preview_shows_a_secret_nowhere() -> None:
    shown = preview(Renderer(), preset(**_everywhere()), {"key": SECRET}, context())
    assert shown.request is not None
    assert "made" not in msgspec.json.encode(shown.request).decode()
    assert ("Authorization", "Basic ****") in shown.request.headers


def test_a_short_secret_shows_no_letter() -> None:
    shown = preview(Renderer(), preset(body='"[[ key : secret ]]"'), {"key": "hunter2"}, context())
    assert shown.request is not None
    assert shown.request.body == b'"****"'


def test_a_preview_warns_of_what_is_empty_for_this_customer() -> None:
    hook = preset(body='{"a": "{{ customer.nick }}", "b": "{{ customer.nick if customer.nick else customer.name }}"}')
    assert preview(Renderer(), hook, {}, context()).warnings == ("body: {{ customer.nick }} is empty",)


def test_a_preview_says_who_is_skipped() -> None:
    shown = preview(Renderer(), preset(body='{% abort "no cart" %}'), {}, context())
    assert (shown.request, shown.aborted) == (None, Aborted("no cart"))


def test_a_token_is_asked_for_and_not_made_up() -> None:
    freetext, values = shipped()["sinch-conversation-freetext"], {**CONVERSATION, "text": "Hi"}
    rendered = Renderer().render(freetext, values, context())
    assert isinstance(rendered, RenderedRequest)
    assert rendered.oauth2 == OAuth2Grant("https://auth.sinch.com/oauth2/token", "k-1", SECRET)
    assert rendered.secrets == (SECRET,)
    shown = preview(Renderer(), freetext, values, context()).request
    assert shown is not None
    assert ("Authorization", "Bearer ****") in shown.headers


def test_credentials_are_sent_as_the_kind_says() -> None:
    basic = {"type": "basic", "endpoint_prefix": "https://a.example", "username": "u", "password": "p:w"}
    keys = {"type": "headers", "endpoint_prefix": "https://a.example", "headers": {"X-Api-Key": "k", "X-App": "a"}}
    sent = [Renderer().render(preset(authentication=kind), {}, context()) for kind in (basic, keys)]
    headers = [one.request.headers[1:] for one in sent if isinstance(one, RenderedRequest)]
    assert headers == [(("Authorization", "Basic dTpwOnc="),), (("X-Api-Key", "k"), ("X-App", "a"))]


@pytest.mark.parametrize("place", ["", "ftp://a.example", "https://a.example/v2"])
def test_credentials_need_a_prefix_that_the_address_is_under(place: str) -> None:
    bearer = {"type": "bearer", "endpoint_prefix": place, "token": "x"}
    with pytest.raises(InvalidInputError, match=r"endpoint.prefix"):
        Renderer().render(preset(authentication=bearer), {}, context())


def test_a_secret_cannot_bring_a_header_of_its_own() -> None:
    values = {**LEGACY, "bearer_token": "a\r\nX-Evil: 1", "text": "Hi"}
    with pytest.raises(InvalidInputError, match="line break"):
        Renderer().render(shipped()["sinch-whatsapp-freetext"], values, context())


def test_twenty_numbers_go_in_one_call_and_no_more() -> None:
    consent, values = shipped()["sinch-whatsapp-consent"], {**LEGACY, "action": "opt_in"}
    people = [context(recipient=f"4219000000{n:02}") for n in range(21)]
    batch = Renderer().render_batch(consent, values, people[:20])
    assert isinstance(batch.outcome, RenderedRequest)
    assert len(msgspec.json.decode(batch.outcome.request.body)["numbers"]) == 20
    with pytest.raises(InvalidInputError, match="21 customers in a call for at most 20"):
        Renderer().render_batch(consent, values, people)


def test_a_batch_of_json_goes_on_without_whoever_aborts() -> None:
    hook = preset(
        body='{"all": [{% output customers separated by "," %}], "n": {{ customers | length }}, '
        '"same": {{ customers }}, "joined": [{{ customers | join(",") }}], '
        '"names": [{% for c in customers %}{% if not loop.first %},{% endif %}'
        '"{{ (c | from_json).name }}"{% endfor %}]}',
        batch={
            "max": 3,
            "customer": '{% if not customer.name %}{% abort "who?" %}{% endif %}{"name": "{{ customer.name }}"}',
        },
    )
    people = [context(customer=one) for one in ({"name": 'A"'}, {}, {"name": "B"})]
    batch = Renderer().render_batch(hook, {}, people)
    assert batch.skipped == {1: Aborted("who?")}
    assert isinstance(batch.outcome, RenderedRequest)
    both = [{"name": 'A"'}, {"name": "B"}]
    expected = {"all": both, "n": 2, "same": both, "joined": both, "names": ['A"', "B"]}
    assert msgspec.json.decode(batch.outcome.request.body) == expected


def test_a_batch_of_nobody_is_aborted() -> None:
    hook = preset(body="{{ customers }}", batch={"max": 3, "customer": '{% abort "no" %}'})
    assert Renderer().render(hook, {}, context()) == Aborted("no")


def test_a_form_asks_for_the_page_s_fields() -> None:
    asked = {one.name: one for one in parameters_of(shipped()["sinch-whatsapp-consent"])}
    assert list(asked) == ["account", "bearer_token", "action", "base_url"]
    assert asked["bearer_token"].secret
    assert asked["action"].options == ("opt_in", "opt_out")
    assert [name for name, one in asked.items() if one.required] == ["account", "bearer_token"]


def test_every_shipped_preset_explains_its_parameters() -> None:
    assert all(one.title for preset_ in shipped().values() for one in parameters_of(preset_))
    assert all(preset_.description for preset_ in shipped().values())


def test_an_answer_of_the_preset_s_own_comes_first() -> None:
    busy = {"status": "4xx", "where": {"errors[*].code": 1004}, "means": "stop_template", "code": "no_template"}
    hook = preset(answers=[busy, {"status": 404, "means": "retry", "sentence": "Not yet there."}])
    of_template = meaning(hook, HttpResponse(400, body=b'{"errors": [{"code": 1}, {"code": 1004}]}'), 1)
    assert of_template == NotAccepted("no_template", "The provider answered 400.", Remedy.STOP_TEMPLATE)
    assert meaning(hook, HttpResponse(404), 1) == NotAccepted("retry", "Not yet there.", Remedy.RETRY)
    assert meaning(hook, HttpResponse(204), 1) == Accepted()


def test_a_long_answer_is_quoted_in_part() -> None:
    outcome = meaning(preset(), HttpResponse(400, body=b"x" * 5_000_000), 1)
    assert isinstance(outcome, NotAccepted)
    assert len(outcome.sentence) < 260


def test_an_abort_at_the_root_is_an_outcome() -> None:
    assert Renderer().render(preset(url="https://a.example/{% abort %}"), {}, context()) == Aborted("")


def test_a_method_may_depend_on_a_parameter_but_must_be_one() -> None:
    hook = preset(method="[[ verb : enum(GET, BREW) ]]", format="none", body="")
    sent = Renderer().render(hook, {"verb": "GET"}, context())
    assert sent == RenderedRequest(HttpRequest("GET", "https://a.example/hook"))
    with pytest.raises(InvalidInputError, match="'BREW' is not one of"):
        Renderer().render(hook, {"verb": "BREW"}, context())
