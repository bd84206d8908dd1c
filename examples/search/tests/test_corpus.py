from importlib.metadata import distributions

from search import corpus
from search.settings import CorpusSettings


def test_the_standard_library_is_several_thousand_documents() -> None:
    documents = {document.id: document for document in corpus.stdlib_documents()}
    assert len(documents) > 3000
    assert documents["stdlib:json"].body.startswith("JSON (JavaScript Object Notation)")
    assert documents["stdlib:json.dumps"].site == "json"
    assert documents["stdlib:argparse.ArgumentParser"].body.startswith(
        "Object for parsing command line strings"
    )
    assert (
        documents["stdlib:asyncio.base_events.BaseEventLoop.run_forever"].body
        == "Run until stop() is called."
    )
    assert "stdlib:builtins.str.split" in documents
    assert not [name for name in documents if "<" in name or "._" in name or ":_" in name]


def test_installed_packages_bring_their_readme() -> None:
    documents = {document.id: document for document in corpus.package_documents(distributions())}
    pydantic = documents["package:pydantic"]
    assert pydantic.title == "pydantic: Data validation using Python type hints"
    assert "## Help" in pydantic.body


def test_parts_can_be_left_out() -> None:
    assert corpus.load(CorpusSettings(stdlib=False, packages=False)) == []
    ids = [document.id for document in corpus.load(CorpusSettings(stdlib=False))]
    assert ids
    assert all(name.startswith("package:") for name in ids)
    assert len(set(ids)) == len(ids)
