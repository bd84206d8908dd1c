from search.text import excerpt, words


def test_words_are_folded_and_split_at_everything_else() -> None:
    assert words("Get_Running-loop(ÉTÉ, 42)") == ["get", "running", "loop", "ete", "42"]


def test_excerpt_marks_matches_and_escapes_everything_else() -> None:
    assert excerpt("<b>Python</b> & co", ["python"]) == "&lt;b&gt;<mark>Python</mark>&lt;/b&gt; &amp; co"


def test_excerpt_shows_the_densest_part() -> None:
    text = "needle " + "hay " * 200 + "needle here and needle there " + "hay " * 200
    found = excerpt(text, ["needle"])
    assert found.count("<mark>needle</mark>") == 2
    assert found.startswith("…")
    assert found.endswith("…")
    assert len(found.replace("<mark>", "").replace("</mark>", "")) <= 242


def test_excerpt_without_a_match_is_the_beginning() -> None:
    assert excerpt("one two three four", ["five"], width=9) == "one two…"


def test_excerpt_of_one_endless_word_is_cut() -> None:
    assert excerpt("x" * 50, ["y"], width=10) == "x" * 10 + "…"
