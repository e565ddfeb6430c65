"""How long a worker waits for a provider, and how long the others then wait for that worker."""

from datetime import timedelta

import msgspec

LEASE = timedelta(seconds=120)
"""When the operator says nothing."""
TOKEN_SECONDS = 20.0
TURN_SECONDS = 20.0
CALL_SECONDS = 20.0
BEGIN_SECONDS = 15.0
SEND_SECONDS = 90.0


class Patience(msgspec.Struct, frozen=True):
    """The parts of a send fit into its lease: a token, a turn and a call into the send, the send into the lease.

    A beginning, a token and a turn together are shorter than the margin of the customer's window (policy.window_open):
    a call that cannot begin by then goes back to the queue, where the policy decides anew.
    """

    lease: timedelta = LEASE
    """How long a message may stand at *sending* before its worker counts as lost. The same in all processes that share
    a database: else one takes another's for over."""

    @property
    def begin_seconds(self) -> float:
        """From a claim's decision until its sends begin. Only a worker that stood still takes longer: its lease may
        be over, and the person may have said STOP.
        """
        return min(BEGIN_SECONDS, self._seconds / 4)

    @property
    def turn_seconds(self) -> float:
        """For a place among the client's connections."""
        return min(TURN_SECONDS, self._seconds / 4)

    @property
    def token_seconds(self) -> float:
        """For the provider's access token, when there is none yet."""
        return min(TOKEN_SECONDS, self._seconds / 6)

    @property
    def call_seconds(self) -> float:
        """A provider that has not answered by then leaves the message uncertain."""
        return min(CALL_SECONDS, self._seconds / 6)

    @property
    def send_seconds(self) -> float:
        """For everything: a turn, a token, the call. Without a token the client's own two deadlines are enough."""
        return min(SEND_SECONDS, self._seconds * 3 / 4)

    @property
    def record_seconds(self) -> float:
        """The longest pause between two tries to record an outcome. Short beside what the longest send leaves of the
        lease: a database that takes it again gets it before the message counts as lost, as a rule.
        """
        return min(5.0, self._seconds / 24)

    @property
    def look_seconds(self) -> float:
        """How often a worker looks for what another left behind."""
        return min(15.0, self._seconds / 8)

    @property
    def _seconds(self) -> float:
        return self.lease.total_seconds()


USUAL = Patience()
