"""Slicer: data of the target arrives in slices. Knows the setting and its wire form; refuses to know who applies it."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from firedrill.core.kinds import FaultKind
from firedrill.core.units import Duration, Size
from firedrill.faults.connections import OnConnections, toxic


class Slicer(OnConnections):
    """Data arrives in many small slices, with a pause between them if you like: it finds who takes one read for a whole message."""

    size: Size
    """About how large a slice is."""
    variation: Size = Size(0)
    """A slice may be larger or smaller by about this."""
    delay: Duration = Duration(0)
    """The pause after each slice."""

    @field_validator("size")
    @classmethod
    def _some_bytes(cls, size: Size) -> Size:
        if not size:
            raise PydanticCustomError("slicer", "a slice has 1B at least")
        return size

    @field_validator("variation")
    @classmethod
    def _at_most_the_size(cls, variation: Size, info: ValidationInfo) -> Size:
        size = info.data.get("size")
        if size is not None and variation > size:
            words = {"variation": str(variation), "size": str(size)}
            raise PydanticCustomError("slicer", "a variation of {variation} is more than the size of {size}", words)
        return variation


def wire(slicer: Slicer) -> Mapping[str, Any]:
    """Toxiproxy's toxic, in bytes and microseconds."""
    return toxic(
        slicer, "slicer", average_size=int(slicer.size), size_variation=int(slicer.variation), delay=round(slicer.delay * 1_000_000)
    )


KIND = FaultKind(
    name="slicer",
    summary="Data of a target arrives in small slices.",
    settings=Slicer,
    wire=wire,
    changes="data larger than a slice goes through its proxy",
    example="""\
- slicer:
    target: bureau
    size: 64B
    variation: 16B
    delay: 10ms
  for: 60s
""",
)
