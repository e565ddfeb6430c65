"""A great many customers who have opted in, written straight into the store."""

from uuid import UUID

import asyncpg

from bench.support.callbacks import phone
from parley.domain.customer import Address, AddressKind
from parley.domain.ids import bucket_of, new_id

TOGETHER = 50_000
"""Customers in one statement."""
MAKE_CUSTOMERS = """
INSERT INTO customers (bucket, id, project_id, properties, property_times, phone, created_at, updated_at)
SELECT bucket, id, $1,
    jsonb_build_object('first_name', 'Name ' || n, 'phone', '+' || phone, 'city', 'Town ' || n % 97, 'visits', n % 13),
    jsonb_build_object('first_name', 1.5, 'phone', 1.5, 'city', 1.5, 'visits', 1.5),
    '+' || phone, now(), now()
FROM unnest($2::smallint[], $3::uuid[], $4::int[], $5::text[]) AS given (bucket, id, n, phone)
"""
MAKE_ADDRESSES = """
INSERT INTO addresses (bucket, project_id, kind, name, value, customer_id, last_used_at)
SELECT bucket, $1, $2, $3, value, id, now()
FROM unnest($4::smallint[], $5::text[], $6::uuid[]) AS given (bucket, value, id)
"""
MAKE_CONSENTS = """
INSERT INTO consents (bucket, id, project_id, customer_id, category, action, valid_from, source, event_id, created_at)
SELECT bucket, id, project_id, id, 'whatsapp', 'accept', created_at, 'private_api', id, created_at
FROM customers WHERE project_id = $1
"""


async def make_crowd(connection: asyncpg.Connection, project_id: UUID, size: int) -> None:
    """Each with a phone, a hard id, four attributes and a consent."""
    for start in range(0, size, TOGETHER):
        numbers = range(start, min(start + TOGETHER, size))
        ids = [new_id() for _ in numbers]
        phones = [phone(number) for number in numbers]
        await connection.execute(
            MAKE_CUSTOMERS, project_id, [bucket_of(one) for one in ids], ids, list(numbers), phones
        )
        hard = [Address(AddressKind.HARD, "registered", f"customer-{number}") for number in numbers]
        await _address(connection, project_id, hard, ids)
        await _address(connection, project_id, [Address(AddressKind.PHONE, "phone", one) for one in phones], ids)
    await connection.execute(MAKE_CONSENTS, project_id)
    await connection.execute("VACUUM ANALYZE")


async def _address(connection: asyncpg.Connection, project_id: UUID, made: list[Address], ids: list[UUID]) -> None:
    first, buckets, values = made[0], [one.bucket for one in made], [one.value for one in made]
    await connection.execute(MAKE_ADDRESSES, project_id, first.kind.value, first.name, buckets, values, ids)
