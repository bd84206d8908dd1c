"""What the benchmarks use beside the routes of benches/apps/counted.py, which comes before this text."""

from fastrapi.plan import compile_application

plan = compile_application(app)  # type: ignore[name-defined]  # noqa: F821
small = {"message": "Hello, World!"}
rows = [{"id": i, "name": f"Product {i}", "price": 9.5 + i, "tags": ["red", "blue"]} for i in range(100)]
