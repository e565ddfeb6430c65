"""Every line of SQL: named queries in `queries/*.sql`, numbered migrations, one Python file per noun."""
