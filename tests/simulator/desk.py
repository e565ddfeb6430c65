"""The simulator as a process of its own, and the calls the tests make to it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

SOURCE = Path(__file__).parents[2] / "src"
ALICE = "421900000001"
BOB = "421900000002"
DEADLINE = 20.0
ASKED_AT_MOST = 1_000


class Desk:
    """One running simulator with a session that keeps its connection."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.told = told
        self.url: str = told["base_url"]
        self.legacy: dict[str, str] = told["legacy"]
        self.app: dict[str, str] = told["conversation"]
        self.http = requests.Session()
        self.http.trust_env = False
        self._token = ""

    def sim(self, path: str, body: Any = None, method: str = "") -> Any:
        """The control API; raises when it refuses."""
        answer = self.sim_raw(path, body, method)
        assert answer.ok, answer.text
        return answer.json()

    def sim_raw(self, path: str, body: Any = None, method: str = "") -> requests.Response:
        verb = method or ("GET" if body is None else "POST")
        return self.http.request(verb, f"{self.url}/_sim/{path}", json=body, timeout=DEADLINE)

    def reset(self) -> None:
        self.sim("reset", {})
        self.sim("faults", {"chaos": "off"})
        self.sim("clock", {"speed": 1, "delays": 0.01})
        self._token = ""

    def call_legacy(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        headers = {"authorization": f"Bearer {self.legacy['bearer_token']}", **more.pop("headers", {})}
        url = f"{self.url}/whatsapp/v1/{more.pop('bot', self.legacy['bot_id'])}{path}"
        return self.http.request(method, url, json=body, headers=headers, timeout=DEADLINE, **more)

    def send_legacy(self, message: dict[str, Any], *to: str, **more: Any) -> Any:
        answer = self.call_legacy("POST", "/messages", {"to": list(to or (ALICE,)), "message": message, **more})
        assert answer.status_code == 201, answer.text
        return answer.json()["statuses"]

    def token(self) -> str:
        if not self._token:
            answer = self.ask_token()
            assert answer.ok, answer.text
            self._token = answer.json()["access_token"]
        return self._token

    def ask_token(self, **more: Any) -> requests.Response:
        auth = more.pop("auth", (self.app["key_id"], self.app["key_secret"]))
        form = {"grant_type": "client_credentials"}
        return self.http.post(f"{self.url}/oauth2/token", data=form, auth=auth, timeout=DEADLINE, **more)

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        """The Conversation API."""
        headers = {"authorization": f"Bearer {self.token()}", **more.pop("headers", {})}
        url = f"{self.url}/v1/projects/{more.pop('project', self.app['project_id'])}{path}"
        return self.http.request(method, url, json=body, headers=headers, timeout=DEADLINE, **more)

    def provision(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        """The Provisioning API."""
        headers = {"authorization": f"Bearer {self.token()}", **more.pop("headers", {})}
        url = f"{self.url}/provisioning/v1/projects/{more.pop('project', self.app['project_id'])}{path}"
        return self.http.request(method, url, json=body, headers=headers, timeout=DEADLINE, **more)

    def sending(self, message: dict[str, Any], to: str = ALICE, **more: Any) -> dict[str, Any]:
        identities = [{"channel": more.pop("channel", "WHATSAPP"), "identity": to}]
        recipient = {"identified_by": {"channel_identities": identities}}
        return {"app_id": self.app["app_id"], "recipient": recipient, "message": message, **more}

    def send(self, message: dict[str, Any], to: str = ALICE, **more: Any) -> str:
        answer = self.call("POST", "/messages:send", self.sending(message, to, **more))
        assert answer.status_code == 200, answer.text
        message_id: str = answer.json()["message_id"]
        return message_id

    def write(self, written: dict[str, Any], number: str = ALICE) -> str:
        """As the customer."""
        message_id: str = self.sim(f"handsets/{number}/messages", written)["message_id"]
        return message_id

    def thread(self, number: str = ALICE) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = self.sim(f"handsets/{number}/messages")["messages"]
        return messages

    def told_callbacks(self) -> list[dict[str, Any]]:
        """The journal's callbacks, once none is under way."""
        for _ in range(ASKED_AT_MOST):
            state = self.sim("state")
            if not state["callbacks_in_flight"]:
                break
        entries: list[dict[str, Any]] = self.sim("journal?kind=callback")["entries"]
        return entries

    def stop_clock(self) -> None:
        """It moves by hand only. Two callbacks that leave together come in either order, and on a busy machine a stall
        lets all leave together that became due meanwhile.
        """
        self.sim("clock", {"speed": 0.0001, "delays": 1})

    def advance(self, seconds: float) -> None:
        self._token = ""  # it may be too old now
        self.sim("clock", {"advance_seconds": seconds})


@contextmanager
def open_desk(*words: str) -> Iterator[Desk]:
    """Start a simulator on a free port; it is asked to end, and must."""
    command = [sys.executable, "-W", "error", "-m", "parley_simulator", "--port", "0", "--json", *words]
    with subprocess.Popen(command, cwd=SOURCE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own words
        assert process.stdout is not None
        try:
            desk = Desk(json.loads(process.stdout.readline()))
            yield desk
            desk.http.close()
        finally:
            process.terminate()
            process.wait(DEADLINE)


CART = {
    "name": "abandoned_cart",
    "language": "en",
    "body": "Dear {{1}}, you have {{2}} items in your shopping cart. To go there, type CART.",
    "buttons": [{"type": "QUICK_REPLY", "text": "CART"}, {"type": "QUICK_REPLY", "text": "STOP"}],
}


def cart_legacy(*values: str, **more: Any) -> dict[str, Any]:
    """The page's template, the legacy way."""
    chosen = list(values or ("Alice", "3"))
    named = {"type": "template", "template_name": "abandoned_cart", "language": "en"}
    return {**named, "body_params": chosen, "media": {"type": "text"}, **more}


def cart(*values: str, **more: Any) -> dict[str, Any]:
    """The page's template, today's way."""
    parameters = {f"body[{i}]text": value for i, value in enumerate(values or ("Alice", "3"), 1)}
    named = {"template_id": "abandoned_cart", "language_code": "en", "parameters": parameters, **more}
    return {"template_message": {"channel_template": {"WHATSAPP": named}}}


def text(words: str = "ahoj") -> dict[str, Any]:
    return {"text_message": {"text": words}}
