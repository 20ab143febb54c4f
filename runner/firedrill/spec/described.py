"""What each key of a declared type means: the text under its field in the source, as people read it in editors and in the reference.

Read only when somebody asks, for it takes longer to read the sources of all types than to validate a suite.
"""

import ast
import inspect
from collections.abc import Iterator, Mapping
from textwrap import dedent
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema


def descriptions(model: type[BaseModel]) -> Mapping[str, str]:
    """The text under each field, by the field's name; nothing of a type whose source is not at hand."""
    try:
        source = ast.parse(dedent(inspect.getsource(model)))
    except (OSError, TypeError):
        return {}
    return dict(_texts(source.body[0]))


def _texts(whole: Any) -> Iterator[tuple[str, str]]:
    for field, under in zip(whole.body, whole.body[1:], strict=False):
        match field, under:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, inspect.cleandoc(text)


class Described(GenerateJsonSchema):
    """JSON Schema in which each key is described."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """The model's schema, with the descriptions at its properties."""
        model: type[BaseModel] = schema["cls"]
        whole = super().model_schema(schema)
        for name, text in descriptions(model).items():
            whole["properties"][model.model_fields[name].alias or name]["description"] = text
        return whole
