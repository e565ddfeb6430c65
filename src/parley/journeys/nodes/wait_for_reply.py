"""`wait_for_reply`: wait until the customer says a keyword, or until the time is up."""

from collections import Counter
from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta

from parley.domain.errors import Problem
from parley.domain.keyword import MAX_LENGTH, normal_form, said
from parley.journeys.facts import Reply
from parley.journeys.journey import Happened
from parley.journeys.node import Go, Node, NodeId, Pause, RequiredDuration, Settings, Stay, Step, Turn

Replies = Annotated[dict[str, NodeId | None], Meta(min_length=1, max_length=50)]


class WaitForReply(Node, frozen=True, kw_only=True, tag="wait_for_reply"):
    """`{"id": "reply", "type": "wait_for_reply", "replies": {"CART": "link"}, "within": "24 hours"}`.

    Other texts take `otherwise` where the author wrote one; without it the journey keeps waiting.
    """

    pauses = True

    replies: Replies
    within: RequiredDuration
    otherwise: NodeId | None = None
    on_timeout: NodeId | None = None

    def exits(self) -> dict[str, str | None]:
        """One a keyword, and two for what else may happen."""
        keywords = {f"replies.{keyword}": node for keyword, node in self.replies.items()}
        return keywords | {"otherwise": self.otherwise, "on_timeout": self.on_timeout}

    def faults(self, _: Settings, /) -> Iterable[Problem]:
        """Two keywords that read the same would make one of them unreachable."""
        forms = Counter(normal_form(keyword) for keyword in self.replies)
        for keyword in self.replies:
            form = normal_form(keyword)
            if not form or len(keyword) > MAX_LENGTH:
                yield Problem(f"replies.{keyword}", "is no keyword: it must be a text a person can type.")
            elif forms[form] > 1:
                yield Problem(f"replies.{keyword}", "reads the same as another keyword here.")

    def enter(self, turn: Turn, /) -> Step:
        """The time counts from the arrival."""
        return Pause(self.within.after(turn.now), "reply", Happened.WAITING_FOR_REPLY)

    def resume(self, turn: Turn, /) -> Step:
        """A reply written in time counts even when it is read late."""
        signal, due_at = turn.facts.signal, turn.journey.due_at
        if isinstance(signal, Reply) and (due_at is None or min(signal.occurred_at, turn.now) < due_at):
            return self._answered(signal)
        if due_at is None or turn.now >= due_at:
            return Go("on_timeout", Happened.TIMED_OUT)
        return Stay("reply")

    def _answered(self, reply: Reply) -> Step:
        keyword = said(self.replies, (reply.payload, reply.title, reply.text))
        if keyword is not None:
            return Go(f"replies.{keyword}", Happened.REPLIED, results=self._result(reply, keyword))
        if self.otherwise is not None:
            return Go("otherwise", Happened.OTHER_REPLY, results=self._result(reply, None))
        return Stay("reply", Happened.OTHER_REPLY)

    def _result(self, reply: Reply, keyword: str | None) -> dict[str, object]:
        text = reply.text or reply.title or reply.payload
        return {"reply": {"text": text, "keyword": keyword, "message_id": reply.message_id, "node": self.id}}
