"""Models whose fields are the fields of a form, alone, optional or as members of a union.

Each model sees the form in its own way: which names it knows, which of them take all values,
and that an empty text is a missing value. In a union this has to happen in each branch, after
pydantic has chosen it, so the members are wrapped in a validator that runs before the model's.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, Tag

from fastrapi._compat.shared import is_union, lenient_issubclass, unalias
from fastrapi.compat.starlette.datastructures import FormData, UploadFile
from fastrapi.dependencies.reading import MISSING, ModelReader, by_name


def form_models_of(annotation: Any) -> list[type[BaseModel]]:
    """The models that the annotation names: itself, or all members of a union beside `None`.

    Empty if the annotation, or a member of it, is not a model.
    """
    annotation = unalias(annotation)
    if get_origin(annotation) is Annotated:
        return form_models_of(get_args(annotation)[0])
    if is_union(annotation):
        models: list[type[BaseModel]] = []
        for member in get_args(annotation):
            if member is type(None):
                continue
            found = form_models_of(member)
            if not found:
                return []
            models += found
        return models
    if lenient_issubclass(get_origin(annotation) or annotation, BaseModel):
        return [annotation]
    return []


def is_nullable(annotation: Any) -> bool:
    """Whether `None` is a member of the annotation."""
    annotation = unalias(annotation)
    if get_origin(annotation) is Annotated:
        return is_nullable(get_args(annotation)[0])
    return is_union(annotation) and any(
        member is type(None) or is_nullable(member) for member in get_args(annotation)
    )


def with_branch_normalization(annotation: Any) -> Any:
    """The annotation with every model of a union wrapped so that it reads the form by itself.

    Anything but a union of models is returned as it is.
    """
    if len(form_models_of(annotation)) < 2:
        return annotation
    return _wrap(annotation)


def _wrap(annotation: Any) -> Any:
    annotation = unalias(annotation)
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        wrapped = _wrap(inner)
        # Without a tag of its own the branch's name in error locations is that of the model.
        if any(isinstance(item, Tag) for item in metadata) and not is_union(inner):
            wrapped = Annotated[inner, BeforeValidator(FormModelReader.of(inner).normalize)]
        return Annotated[(wrapped, *metadata)]
    if is_union(annotation):
        return Union[tuple(_wrap(member) for member in get_args(annotation))]  # noqa: UP007
    if annotation is type(None):
        return annotation
    normalize = FormModelReader.of(annotation).normalize
    return Annotated[annotation, BeforeValidator(normalize), Tag(annotation.__name__)]


def raw_form(form: FormData) -> dict[str, Any]:
    """The form as a plain dict: a list where a name is repeated."""
    return {name: values[0] if len(values) == 1 else values for name, values in by_name(form).items()}


def is_empty_file(value: Any) -> bool:
    """Whether this is what a browser sends for a file input in which no file was chosen."""
    return isinstance(value, UploadFile) and not value.filename and not value.size


class FormModelReader(ModelReader):
    """How the fields of a model are found in a form."""

    @classmethod
    @lru_cache(maxsize=1024)
    def of(cls, model: type[BaseModel]) -> FormModelReader:
        """The reader of the model."""
        return cls(model)

    def is_supplied(self, form: FormData) -> bool:
        """Whether the form has anything for the model."""
        if self.takes_unknown and len(form):
            return True
        return any(name in form for reader in self.fields for name in reader.names)

    def normalize(self, raw: Any) -> Any:
        """The data for the model, from a form as `raw_form` gives it.

        Anything but a dict is not from a form (a validator of the application's made it) and is
        left to the model.
        """
        if not isinstance(raw, dict):
            return raw
        data: dict[str, Any] = {}
        used: set[str] = set()
        for reader in self.fields:
            for name, key in zip(reader.names, reader.keys, strict=True):
                if name not in raw:
                    continue
                used.add(name)
                value = raw[name]
                if isinstance(value, list):
                    value = filled_in(value, many=reader.many)
                elif value is not None:
                    # `None` is not from a form: a validator of the application's put it there.
                    value = filled_in([value], many=reader.many)
                if value is not MISSING:
                    data[key] = value
                    break
        return data | {name: value for name, value in raw.items() if name not in used and name not in data}


def filled_in(values: list[Any], *, many: bool) -> Any:
    """What counts of the values under one name; `MISSING` if the field was left empty.

    A browser sends an empty text for a field that was left empty, and a file without a name
    where none was chosen. In a list an empty text is an item like any other.
    """
    if many:
        chosen = [item for item in values if not is_empty_file(item)]
        return chosen if chosen or not values else MISSING
    value = values[-1] if values else None
    return MISSING if value == "" or is_empty_file(value) else value
