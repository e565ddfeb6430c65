"""A file of consents: all of it goes into the ledger, or nothing, and a second time adds nothing."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.fernet import Fernet

from parley.cli.consent_file import opened
from parley.domain.consent import Action
from parley.domain.errors import InvalidInputError
from parley.services.apply_definitions import apply_definitions
from parley.services.consent_ledger import list_consents, show_consents
from parley.services.consent_table import FileError
from parley.services.create_project import NewProject
from parley.services.import_consents import Imported, Listeners, Refused, Table, Wishes, import_consents
from parley.services.read_definitions import File, read_definitions
from parley.services.secret_box import SecretBox
from parley.store.consents import LedgerEntry, Page
from parley.store.database import Database
from parley.store.events import Slice, past_events
from tests.support.builders import NOW, Cast, add_customer

HEADING = "registered,category,action,valid_from,valid_until,document_id"
CAROL = "carol,whatsapp,accept,2026-11-01T10:00:00+01:00,unlimited,D-7"
ALICE = "alice,whatsapp,reject,2026-11-20T10:00:00Z,,"


class Desk:
    """Imports files into one project."""

    def __init__(self, database: Database, project: NewProject, folder: Path) -> None:
        self._database = database
        self._project = project.project
        self._file = folder / "consents.csv"
        self.refused: list[Refused] = []
        self.progress: list[int] = []

    async def bring(self, *lines: str, encoding: str = "utf-8", **wishes: Any) -> Imported:
        self._file.write_text("\n".join(lines), encoding=encoding)
        return await self.bring_file(**wishes)

    async def bring_bytes(self, content: bytes) -> Imported:
        self._file.write_bytes(content)
        return await self.bring_file()

    async def bring_file(self, **wishes: Any) -> Imported:
        self.refused, self.progress = [], []
        tell = Listeners(self.refused.append, self.progress.append)
        with opened(self._file) as (file, _):
            table = Table(file.heading, file.lines())
            return await import_consents(self._database, self._project, table, Wishes("jana", **wishes), tell, NOW)

    async def ledger(self) -> list[LedgerEntry]:
        entries = (await list_consents(self._database, self._project, Page(100))).entries
        return [one for one in entries if one.entry.source == "import"]

    async def granted(self, customer: str) -> bool:
        shown = await show_consents(self._database, self._project, customer, Page(10, category="whatsapp"), NOW)
        return shown.standing[0].granted


@pytest.fixture
def desk(database: Database, project: NewProject, cast: Cast, tmp_path: Path) -> Desk:
    return Desk(database, project, tmp_path)


async def test_its_lines_are_entries_with_their_proof(desk: Desk) -> None:
    done = await desk.bring(HEADING, CAROL, ALICE)
    assert done == Imported(lines=2, refused=0, added=2, known=0, written=True)
    by_action = {one.entry.action: one for one in await desk.ledger()}
    accepted = by_action[Action.ACCEPT]
    assert (accepted.evidence.document_id, accepted.evidence.entered_by) == ("D-7", "jana")
    assert accepted.evidence.address == "421901000003"
    assert accepted.entry.valid_from.isoformat() == "2026-11-01T09:00:00+00:00"
    assert accepted.entry.valid_until is None
    assert await desk.granted("registered=carol")
    assert not await desk.granted("registered=alice")


async def test_a_second_time_adds_nothing_and_a_longer_file_only_what_is_new(desk: Desk) -> None:
    await desk.bring(HEADING, CAROL)
    again = await desk.bring(HEADING, CAROL, ALICE)
    assert (again.added, again.known) == (1, 1)
    assert len(await desk.ledger()) == 2


async def test_the_same_line_twice_in_one_file_counts_once(desk: Desk) -> None:
    done = await desk.bring(HEADING, CAROL, CAROL)
    assert (done.added, done.known) == (1, 1)


async def test_a_dry_run_says_the_same_and_writes_nothing(desk: Desk) -> None:
    dry = await desk.bring(HEADING, CAROL, dry_run=True)
    assert await desk.ledger() == []
    assert await desk.bring(HEADING, CAROL) == msgspec.structs.replace(dry, written=True)


async def test_one_wrong_line_keeps_the_whole_file_out(desk: Desk) -> None:
    done = await desk.bring(HEADING, CAROL, "nobody,whatsapp,accept,2026-11-01T10:00:00Z,,", ALICE)
    assert not done.written
    (refused,) = desk.refused
    assert (refused.line, refused.column, refused.value) == (3, "registered", "nobody")
    assert "Track the customer first" in refused.problem
    assert await desk.ledger() == []


async def test_what_is_wrong_is_told_in_the_order_of_the_lines(desk: Desk) -> None:
    await desk.bring(HEADING, "nobody,whatsapp,accept,2026-11-01T10:00:00Z,,", "alice,whatsapp,perhaps,,,", CAROL)
    assert [(one.line, one.column) for one in desk.refused] == [(2, "registered"), (3, "action")]


async def test_the_others_are_taken_when_that_is_wanted(desk: Desk) -> None:
    done = await desk.bring(HEADING, "nobody,whatsapp,accept,2026-11-01T10:00:00Z,,", ALICE, skip_refused=True)
    assert done == Imported(lines=2, refused=1, added=1, known=0, written=True)


@pytest.mark.parametrize(
    ("line", "column"),
    [
        (",whatsapp,accept,2026-11-01T10:00:00Z,,", "registered"),
        ("car\0ol,whatsapp,accept,2026-11-01T10:00:00Z,,", "registered"),
        ("carol,WhatsApp,accept,2026-11-01T10:00:00Z,,", "category"),
        ("carol,whatsapp,yes,2026-11-01T10:00:00Z,,", "action"),
        ("carol,whatsapp,accept,,,", "valid_from"),
        ("carol,whatsapp,accept,1.11.2026,,", "valid_from"),
        ("carol,whatsapp,accept,2026-11-01T10:00:00,,", "valid_from"),
        ("carol,whatsapp,accept,99999999999999999999,,", "valid_from"),
        ("carol,whatsapp,reject,2099-01-01T00:00:00Z,,", "valid_from"),
        ("carol,whatsapp,accept,2026-11-01T10:00:00Z,2026-10-01T10:00:00Z,", "valid_until"),
        ("carol,whatsapp,accept,2026-11-01T10:00:00Z,never,", "valid_until"),
        (f"carol,whatsapp,accept,2026-11-01T10:00:00Z,,{'x' * 1001}", "document_id"),
        ("carol,whatsapp,accept,2026-11-01T10:00:00Z,,D-7,more", ""),
    ],
)
async def test_a_refused_line_names_its_column(desk: Desk, line: str, column: str) -> None:
    done = await desk.bring(HEADING, line)
    assert (done.refused, done.written) == (1, False)
    assert [one.column for one in desk.refused] == [column]


@pytest.mark.parametrize(
    ("heading", "said"),
    [
        ("registered,category,action,valid_from,vaild_until", "vaild_until: is no column"),
        ("registered,category,action", "valid_from: is missing"),
        ("category,action,valid_from", "No column says whose"),
        ("registered,registered,category,action,valid_from", "stands twice"),
    ],
)
async def test_a_wrong_heading_is_told_before_anything_is_read(desk: Desk, heading: str, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        await desk.bring(heading, CAROL)


async def test_a_phone_that_two_share_means_both(desk: Desk, database: Database, project: NewProject) -> None:
    await add_customer(database, project, "carols-shop", {"phone": "00421 901 000 003"})
    done = await desk.bring("phone;category;action;valid_from", "+421901000003;whatsapp;accept;1793000000")
    assert (done.lines, done.added) == (1, 2)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
async def test_it_reads_what_spreadsheets_write(desk: Desk, encoding: str) -> None:
    heading = "registered\tcategory\taction\tvalid_from\tshown_text"
    text = '"Smieme vám písať?\nמותר לכתוב לך? 👍"'
    done = await desk.bring(heading, f"carol\twhatsapp\taccept\t1793000000\t{text}", "", encoding=encoding)
    assert done.written
    (entry,) = await desk.ledger()
    assert entry.evidence.shown_text == "Smieme vám písať?\nמותר לכתוב לך? 👍"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        HEADING.encode() + b"\n\xe1\xe9",
        HEADING.encode() + b'\ncarol,"whats',
    ],
)
async def test_what_is_no_such_file_is_told(desk: Desk, content: bytes) -> None:
    with pytest.raises(FileError):
        await desk.bring_bytes(content)
    assert await desk.ledger() == []


async def test_an_export_can_be_brought_back(desk: Desk) -> None:
    heading = (
        "id,customer_id,category,action,valid_from,valid_until,source,problem,event_id,address,shown_text,text_version,"
        "form_url,ip,user_agent,document_id,message_id,said,entered_by,note,recorded_at"
    )
    (alice,) = {str(one) for one in await _ids(desk)}
    cells: Iterable[str] = [
        "0199", alice, "whatsapp", "accept", "2026-11-20T10:00:00Z", *[""] * 14, "a note", "2026-11-20T10:00:00Z",
    ]  # fmt: skip
    done = await desk.bring(heading, ",".join(cells))
    assert (done.added, done.refused) == (1, 0), desk.refused


async def _ids(desk: Desk) -> set[Any]:
    shown = await show_consents(desk._database, desk._project, "registered=alice", Page(10), NOW)  # noqa: SLF001
    return {one.customer_id for one in shown.entries}


async def test_many_lines_are_read_by_chunks(desk: Desk) -> None:
    lines = [f"carol,whatsapp,accept,{1_700_000_000 + second},," for second in range(4_500)]
    done = await desk.bring(HEADING, *lines)
    assert (done.lines, done.added) == (4_500, 4_500)
    assert desk.progress == [2_000, 4_000, 4_500]


async def test_a_yes_that_must_be_confirmed_is_a_question_and_wants_to_be_asked(
    desk: Desk, database: Database, project: NewProject, cast: Cast
) -> None:
    settings = File("s", b'{"kind": "settings", "double_opt_in": {"categories": ["whatsapp"]}}')
    await apply_definitions(
        database, SecretBox(Fernet.generate_key().decode()), project.project.id, read_definitions([settings], {}), NOW
    )
    dry = await desk.bring(HEADING, CAROL, ALICE, dry_run=True)
    done = await desk.bring(HEADING, CAROL, ALICE)
    assert (dry.asked, done.asked, done.added) == (1, 1, 2)
    assert not await desk.granted("registered=carol")
    async with database.connection() as connection:
        (event,) = await past_events(connection, cast.carol, Slice(["double_opt_in"]))
    assert (event.properties["action"], event.properties["category"]) == ("asked", "whatsapp")
    assert (await desk.bring(HEADING, CAROL)).asked == 0


async def test_unknown_customers_are_created_only_when_that_is_asked_for(desk: Desk) -> None:
    rows = (
        "registered,phone,category,action,valid_from",
        "dora,+421 901 000 009,whatsapp,accept,1793000000",
        ",00421901000010,whatsapp,accept,1793000000",
        ",+421901000010,whatsapp,reject,1793000001",
    )
    assert (await desk.bring(*rows)).refused == 3
    dry = await desk.bring(*rows, unknown="create", dry_run=True)
    assert (dry.created, dry.refused, dry.added) == (2, 0, 3)
    done = await desk.bring(*rows, unknown="create")
    assert (done.created, done.written) == (2, True)
    assert await desk.granted("registered=dora")
    assert await desk.granted("phone=+421901000009")
    assert not await desk.granted("phone=+421901000010")
    assert (await desk.bring(*rows, unknown="create")).created == 0


async def test_a_cookie_an_id_of_ours_and_an_id_too_long_create_nobody(desk: Desk) -> None:
    await desk.bring(
        "customer_id,registered,cookie,category,action,valid_from",
        "01a2086e-f59a-776c-8295-30d9605d71aa,,,whatsapp,accept,1793000000",
        f",{'x' * 300},,whatsapp,accept,1793000000",
        ",,browser-9,whatsapp,accept,1793000000",
        unknown="create",
    )
    assert [one.line for one in desk.refused] == [2, 3, 4]
