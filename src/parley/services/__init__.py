"""Use cases: one file per thing the product does; the only place where rules meet storage."""
