"""What the schema says of each key: the text under its field in the source."""

from firedrill.core.kinds import Kinds
from firedrill.core.model.declared import Declared
from firedrill.core.model.suite import Suite
from firedrill.spec.described import Described, descriptions
from firedrill.spec.schema import schema


class Window(Declared):
    """Words of the type, not of a key."""

    not_before: str
    """When it opens,
    and never earlier."""
    until: str = ""

    title_: str = ""
    """What people call it."""


def test_a_key_is_described_by_the_text_under_its_field() -> None:
    assert descriptions(Window) == {"not_before": "When it opens,\nand never earlier.", "title_": "What people call it."}


def test_the_schema_describes_a_key_as_it_is_written_in_yaml() -> None:
    keys = Window.model_json_schema(schema_generator=Described)["properties"]
    assert {key: about.get("description") for key, about in keys.items()} == {
        "not-before": "When it opens,\nand never earlier.",
        "until": None,
        "title": "What people call it.",
    }


def test_the_schema_of_firedrill_yaml_describes_keys_of_inner_mappings_too() -> None:
    suite = schema(Kinds({}, {}))["suite"]
    assert suite["properties"]["default"]["description"] == descriptions(Suite)["default"]
    assert suite["$defs"]["System"]["properties"]["ready"]["description"] == "A URL that answers 200 once the system can be used."


def test_a_type_whose_source_is_not_at_hand_has_no_descriptions() -> None:
    made = type("Made", (Declared,), {"__annotations__": {"name": str}, "__module__": "nowhere"})
    assert descriptions(made) == {}
