"""`/data/v2/.../catalogs`, beyond what the Python client can do."""

from typing import Any

import pytest

from tests.support.api import ProjectApi


@pytest.fixture
async def shop(api: ProjectApi) -> str:
    body = {"name": "shop", "fields": [{"name": "title"}, {"name": "stock"}], "is_product_catalog": True}
    ident: str = (await api.post("data/catalogs", body)).body["id"]
    return ident


def item(item_id: str, **properties: Any) -> dict[str, Any]:
    return {"item_id": item_id, "properties": properties}


async def test_the_list_names_every_catalog(api: ProjectApi, shop: str) -> None:
    (found,) = (await api.get("data/catalogs")).body["data"]
    assert (found["_id"], found["name"], found["is_product_catalog"]) == (shop, "shop", True)


async def test_a_name_is_taken_once(api: ProjectApi, shop: str) -> None:
    assert (await api.post("data/catalogs", {"name": "shop"})).body["success"] is False


async def test_fields_are_not_dropped_by_an_oversight(api: ProjectApi, shop: str) -> None:
    answer = await api.call("PUT", f"data/catalogs/{shop}", {"name": "shop", "fields": [{"name": "title"}]})
    assert "stock" in answer.body["errors"][0]


async def test_undeclared_fields_are_refused_item_by_item(api: ProjectApi, shop: str) -> None:
    items = [item("1", title="Lamp"), item("2", colour="red")]
    answer = await api.call("PUT", f"data/catalogs/{shop}/items", items)
    good, bad = answer.body
    assert good == {"success": True, "queued": True}
    assert bad["errors"] == {"properties": ["Fields [colour] are not properly defined."]}
    one = await api.call("PUT", f"data/catalogs/{shop}/items/3", {"properties": {"colour": "red"}})
    assert (one.status, one.body["errors"]) == (200, bad["errors"])
    assert (await api.get(f"data/catalogs/{shop}/items")).body["total"] == 1


async def test_a_partial_update_makes_an_item_only_when_asked(api: ProjectApi, shop: str) -> None:
    items = [item("1", stock=1), item("2", stock=2) | {"upsert": True}]
    missing, made = (await api.post(f"data/catalogs/{shop}/items/partial-update", items)).body
    assert (missing["success"], made["success"]) == (False, True)
    assert (await api.get(f"data/catalogs/{shop}/items/2")).body["data"] == item("2", stock=2)
    assert (await api.get(f"data/catalogs/{shop}/items/1")).status == 404
    assert (await api.post(f"data/catalogs/{shop}/items/1/partial-update", {"properties": {}})).status == 404


async def test_many_items_are_deleted_at_once(api: ProjectApi, shop: str) -> None:
    await api.call("PUT", f"data/catalogs/{shop}/items", [item("1"), item("2"), item("3")])
    answer = await api.call("DELETE", f"data/catalogs/{shop}/items/bulk-delete", [item("1"), item("2"), item("9")])
    assert [one["success"] for one in answer.body] == [True, True, False]
    assert (await api.get(f"data/catalogs/{shop}/items")).body["total"] == 1


async def test_items_come_in_pages(api: ProjectApi, shop: str) -> None:
    await api.call("PUT", f"data/catalogs/{shop}/items", [item(f"{one:02}", stock=one % 2) for one in range(9)])
    page = (await api.get(f"data/catalogs/{shop}/items?stock=1&limit=2&skip=1")).body
    assert [one["item_id"] for one in page["data"]] == ["03", "05"]
    assert (page["matched"], page["total"], page["limit"], page["skip"]) == (4, 9, 2, 1)
    assert page["data"][0]["catalog_id"] == shop
    assert (await api.get(f"data/catalogs/{shop}/items?limit=many")).body["success"] is False
    assert (await api.get(f"data/catalogs/{shop}/items?limit=-1")).body["success"] is False


async def test_a_malformed_item_does_not_hold_the_others_back(api: ProjectApi, shop: str) -> None:
    items = [item(""), 5, item("1", title="Lamp"), {"item_id": ["2"]}, item("3", title="\x00")]
    answer = await api.call("PUT", f"data/catalogs/{shop}/items", items)
    assert [one["success"] for one in answer.body] == [False, False, True, False, False]
    assert answer.body[0] == {
        "success": False,
        "queued": False,
        "errors": {"_global": ["The item_id must not be empty."]},
    }
    assert (await api.call("PUT", f"data/catalogs/{shop}/items", {"item_id": "1"})).body["success"] is False


async def test_many_items_are_deleted_by_their_bare_ids(api: ProjectApi, shop: str) -> None:
    await api.call("PUT", f"data/catalogs/{shop}/items", [item("1"), item("2"), item("3")])
    answer = await api.call("DELETE", f"data/catalogs/{shop}/items/bulk-delete", ["1", 2, None, "9"])
    assert [one["queued"] for one in answer.body] == [True, True, False, False]
    assert [one["item_id"] for one in (await api.get(f"data/catalogs/{shop}/items")).body["data"]] == ["3"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("query=LAMP", ["1", "2"]),
        ("query=lamp&field=title&count=1", ["1"]),
        ("query=2&field=item_id", ["2"]),
        ("query=9&field=stock", ["3"]),
        ("order=stock, desc", ["3", "1", "2"]),
        ("order=stock,asc&skip=1", ["1", "3"]),
        ("order=item_id,desc&limit=1", ["3"]),
        ("stock=1&query=red", ["2"]),
        ("query=%25", []),
        ("skip=100", []),
    ],
)
async def test_items_are_searched_and_ordered(api: ProjectApi, shop: str, asked: str, found: list[str]) -> None:
    items = [
        item("1", title="Blue lamp", stock=2),
        item("2", title="Red Lamp", stock=1),
        item("3", title="x", stock=19),
    ]
    await api.call("PUT", f"data/catalogs/{shop}/items", items)
    answer = await api.get(f"data/catalogs/{shop}/items?{asked}")
    assert [one["item_id"] for one in answer.body["data"]] == found
    assert answer.body["matched"] >= len(found)
    assert answer.body["matched"] == 3 or "query" in asked


@pytest.mark.parametrize(
    "asked", ["colour=red", "order=colour", "order=stock,up", "field=colour", "query=%00", "count=x"]
)
async def test_a_search_that_cannot_be_is_told_why(api: ProjectApi, shop: str, asked: str) -> None:
    answer = await api.get(f"data/catalogs/{shop}/items?{asked}")
    assert (answer.status, answer.body["success"]) == (200, False)


async def test_a_catalog_that_is_not_there_is_a_404(api: ProjectApi) -> None:
    for ident in ("nothing", "0" * 32):
        answer = await api.get(f"data/catalogs/{ident}/items")
        assert (answer.status, answer.body["success"]) == (404, False)


async def test_a_public_key_has_no_business_with_catalogs(api: ProjectApi, shop: str) -> None:
    assert (await api.public.get("data/catalogs")).status == 403
