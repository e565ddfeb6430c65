"""A store as a shop has it after years: customers by the million, their events, and messages that are long read.

Written by SQL in some minutes, in the shapes that the product itself has just written: what the services would have
stored, but not by them. Indexes come last and with room in their pages, as they have after years of inserts.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import asyncpg
import msgspec

from bench.support.callbacks import phone
from bench.support.shop import Shop
from parley.domain.ids import bucket_of_text

PASSES = 10
"""Each gives every customer as many events, a month after the pass before."""
TABLES = ("customers", "addresses", "consents", "messages", "callbacks", "inbound_messages", "events")
PATIENCE = timedelta(hours=1).total_seconds()
ROOM_IN_PAGES = 70
"""Per cent that is full: where B-trees settle under inserts at random places."""
SETTINGS = "SET synchronous_commit = off; SET maintenance_work_mem = '512MB'; SET work_mem = '256MB'"

_MAKE_PEOPLE = """
CREATE UNLOGGED TABLE people (
    number integer, phone text, registered_bucket smallint, phone_bucket smallint, id uuid, bucket smallint
)
"""
_IDS = """
UPDATE people SET id = made.id, bucket = get_byte(uuid_send(made.id), 15) & 63
FROM (SELECT number, uuidv7(- interval '300 days' - random() * interval '300 days') AS id FROM people) AS made
WHERE people.number = made.number
"""
"""Who came when has nothing to do with the numbers: neighbours by number are strangers on the disk."""
_CUSTOMERS = """
INSERT INTO customers (bucket, id, project_id, properties, property_times, phone, created_at, updated_at)
SELECT bucket, id, $1::uuid, jsonb_build_object('phone', '+' || phone, 'first_name', 'Name ' || number),
    '{"phone": 1750000000.5, "first_name": 1750000000.5}', '+' || phone, uuid_extract_timestamp(id), now()
FROM people ORDER BY id
"""
_ADDRESSES = """
INSERT INTO addresses (bucket, project_id, kind, name, value, customer_id, last_used_at)
SELECT registered_bucket, $1::uuid, 'hard', 'registered', 'customer-' || number, id, now() FROM people
UNION ALL
SELECT phone_bucket, $1::uuid, 'phone', 'phone', phone, id, now() FROM people
"""
_EVENTS = """
INSERT INTO events (bucket, id, project_id, customer_id, type, occurred_at, properties, sameness, created_at)
SELECT bucket, encode(set_byte(made, 15, (get_byte(made, 15) & 192) | bucket), 'hex')::uuid, $1::uuid, id,
    (ARRAY['view_item', 'cart_update', 'purchase', 'page_visit', 'campaign'])[1 + (number + $2::integer) % 5], at,
    jsonb_build_object(
        'cart_id', 'cart-' || number, 'action', 'add', 'total_price', 12.5, 'currency', 'EUR',
        'product_list', jsonb_build_array(jsonb_build_object('product_id', 'sku-' || number % 97, 'quantity', 1)),
        'location', 'https://shop.example/cart'
    ), 'is:' || md5(number || '-' || $2::integer || '-' || turn), at
FROM (
    SELECT *, uuid_send(uuidv7(at - now())) AS made FROM (
        SELECT *, now() - interval '1 month' * ($3::integer - $2::integer - random()) AS at
        FROM people CROSS JOIN generate_series(1, $4::integer) AS turn ORDER BY random()
    ) AS dated
) AS happened
"""
_SAMPLES = {
    "consents": "'bucket', p.bucket, 'id', p.made, 'customer_id', p.id, 'event_id', NULL",
    "messages": "'bucket', p.bucket, 'id', p.made, 'customer_id', p.id, 'state', 'read', 'recipient', p.phone, "
    "'provider_message_id', '01OLD' || p.number",
    "callbacks": "'bucket', p.phone_bucket, 'key', '\\x' || md5(p.phone) || md5(p.number::text)",
    "inbound_messages": "'bucket', p.phone_bucket, 'customer_id', p.id, 'provider_message_id', '01OLD' || p.number",
}
"""One row of each of these tables becomes one for each customer, with these columns changed."""
_COPIES = """
INSERT INTO {table}
SELECT copy.* FROM (SELECT one FROM {table} AS one WHERE project_id = $1 LIMIT 1) AS sample
CROSS JOIN (
    SELECT *, encode(set_byte(bytes, 15, (get_byte(bytes, 15) & 192) | bucket), 'hex') AS made
    FROM (SELECT *, uuid_send(uuidv7(uuid_extract_timestamp(id) - now())) AS bytes FROM people) AS dated
) AS p
CROSS JOIN LATERAL jsonb_populate_record(sample.one, jsonb_build_object({changed})) AS copy
"""
_INDEXES = """
SELECT i.indexrelid::regclass::text AS name, i.indrelid::regclass::text AS on_table, c.conname,
    coalesce(pg_get_constraintdef(c.oid), pg_get_indexdef(i.indexrelid)) AS made_by
FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype IN ('p', 'u')
WHERE i.indrelid = ANY($1::text[]::regclass[])
"""


async def grow(shop: Shop, customers: int, events: int) -> Shop:
    """The same shop with so many customers and events, and a message that was sent and answered for each of the new.

    It must have sent and received one: those are copied. Customers of the shop before come first.
    """
    connection = await asyncpg.connect(shop.house.database_url, command_timeout=PATIENCE)
    try:
        await connection.execute(SETTINGS)
        ids = await _people(connection, range(len(shop.customers), customers))
        async with _indexes_made_last(connection):
            await _fill(connection, shop.project.project_id, events // (customers * PASSES))
        await connection.execute("VACUUM (ANALYZE)")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()
    return msgspec.structs.replace(shop, customers=[*shop.customers, *ids])


async def _people(connection: asyncpg.Connection, numbers: Sequence[int]) -> list[UUID]:
    await connection.execute(_MAKE_PEOPLE)
    await connection.copy_records_to_table(
        "people",
        records=(
            (one, phone(one), bucket_of_text(f"customer-{one}"), bucket_of_text(phone(one)), None, None)
            for one in numbers
        ),
    )
    await connection.execute(_IDS)
    return [row["id"] for row in await connection.fetch("SELECT id FROM people ORDER BY number")]


async def _fill(connection: asyncpg.Connection, project_id: UUID, events_in_a_pass: int) -> None:
    await connection.execute(_CUSTOMERS, project_id)
    await connection.execute(_ADDRESSES, project_id)
    for table, changed in _SAMPLES.items():
        await connection.execute(_COPIES.format(table=table, changed=changed), project_id)
    for one in range(PASSES):
        await connection.execute(_EVENTS, project_id, one, PASSES, events_in_a_pass)
    await connection.execute("DROP TABLE people")


@asynccontextmanager
async def _indexes_made_last(connection: asyncpg.Connection) -> AsyncIterator[None]:
    indexes = await connection.fetch(_INDEXES, TABLES)
    for one in indexes:
        constraint = f"ALTER TABLE {one['on_table']} DROP CONSTRAINT {one['conname']}"
        await connection.execute(constraint if one["conname"] else f"DROP INDEX {one['name']}")
    yield
    for one in indexes:
        made_by, where, condition = one["made_by"].partition(" WHERE ")
        roomy = f"{made_by} WITH (fillfactor={ROOM_IN_PAGES}){where}{condition}"
        constraint = f"ALTER TABLE {one['on_table']} ADD CONSTRAINT {one['conname']} {roomy}"
        await connection.execute(constraint if one["conname"] else roomy)
