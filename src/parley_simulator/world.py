"""Everything the simulator remembers, in one place."""

from collections.abc import Callable
from datetime import datetime, timedelta

from pyreqwest.client import Client

from parley_simulator.accounts import new_app, new_bot
from parley_simulator.agenda import Agenda
from parley_simulator.callbacks import Courier
from parley_simulator.chance import Chance
from parley_simulator.clock import Clock
from parley_simulator.faults import FaultBook
from parley_simulator.handsets import HandsetBook
from parley_simulator.journal import Journal
from parley_simulator.limits import Bucket
from parley_simulator.media import Shelf
from parley_simulator.messages import MessageBook
from parley_simulator.reach import Reach
from parley_simulator.settings import Settings
from parley_simulator.template_book import TemplateBook
from parley_simulator.whatsapp_account import new_account


class World:
    """Books, clock, dice and accounts. `reset` empties the books and goes back to the addresses of the start."""

    def __init__(self, clock: Clock, chance: Chance, client: Client, region: str) -> None:
        self.clock = clock
        self.chance = chance
        self.client = client
        self.region = region
        self.base_url = ""
        self.settings = Settings()
        self.agenda = Agenda(clock)
        self.journal = Journal()
        self.faults = FaultBook(chance)
        self.handsets = HandsetBook()
        self.messages = MessageBook()
        self.templates = TemplateBook()
        self.reach = Reach()
        self.shelf = Shelf()
        self.consents: dict[str, set[str]] = {}
        self.consent_audit: dict[str, list[dict[str, str]]] = {}
        self.bot = new_bot(chance)
        self.app = new_app(chance, clock)
        self.account = new_account(chance, clock)
        self.courier = Courier(client, clock, chance, self.agenda, self.journal, self.faults, lambda: self.settings)
        self.started_with = (self.settings, self.bot, self.app, self.account)
        self.buckets: dict[str, Bucket] = {}
        self.on_reset: list[Callable[[], None]] = []

    def now(self) -> datetime:
        """Virtual time."""
        return self.clock.now()

    def media_life(self) -> timedelta:
        """How long a file from the customer is hosted (7 days, sinch.md 1.8)."""
        return timedelta(days=self.settings.media_days)

    def within_rate(self, name: str, size: float, rate: float) -> bool:
        """May one more request pass? Changing a rate starts a full bucket."""
        key = f"{name} {size} {rate}"
        bucket = self.buckets.setdefault(key, Bucket(self.clock, size, rate))
        return bucket.take()

    def remember_start(self) -> None:
        """What `reset` goes back to."""
        self.started_with = (self.settings, self.bot, self.app, self.account)

    def reset(self) -> None:
        """A clean desk for the next test."""
        self.settings, self.bot, self.app, self.account = self.started_with
        for book in (self.agenda, self.journal, self.faults, self.handsets, self.messages, self.templates, self.shelf):
            book.clear()
        self.reach.clear()
        self.consents.clear()
        self.consent_audit.clear()
        self.buckets.clear()
        self.courier.clear()
        for forget in self.on_reset:
            forget()
