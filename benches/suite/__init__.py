"""`make bench`: the rows of benches/table.toml, measured with webbench and judged."""
