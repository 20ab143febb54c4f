"""The shape of OpenSLO v1 (github.com/OpenSLO/OpenSLO, README of v1) as far as firedrill reads it.

Keys that change nothing here are accepted; what would change the meaning and is not read stands in UNREAD with a sentence.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from firedrill.core.model.declared import Flag
from firedrill.spec.located import Path

KINDS = ("SLO", "SLI", "Service", "DataSource", "AlertPolicy", "AlertCondition", "AlertNotificationTarget")

UNREAD: tuple[tuple[Path, str], ...] = (
    (("spec", "indicatorRef"), "references are not read; write the indicator here, under 'indicator'"),
    (("spec", "indicator", "spec", "ratioMetric", "raw"), "raw ratios are not read; write 'good' or 'bad', and 'total'"),
    (("spec", "objectives", 0, "indicator"), "composite objectives are not read; write one SLO document for each indicator"),
    (("spec", "objectives", 0, "indicatorRef"), "composite objectives are not read; write one SLO document for each indicator"),
    (("spec", "objectives", 0, "compositeWeight"), "composite objectives are not read; write one SLO document for each indicator"),
    (("spec", "objectives", 0, "timeSliceTarget"), "time slices are not read; write 'budgetingMethod: Occurrences' and 'target'"),
    (("spec", "objectives", 0, "timeSliceWindow"), "time slices are not read; write 'budgetingMethod: Occurrences' and 'target'"),
    (("spec", "timeWindow", 0, "calendar"), "calendar windows are not read; write a rolling one: 'duration: 28d' and 'isRolling: true'"),
)


class Written(BaseModel):
    """A mapping of an OpenSLO document: unknown keys are errors, keys are in camel case."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel)


class Metadata(Written):
    name: str = Field(min_length=1)
    display_name: str = ""
    labels: Any = None
    annotations: Any = None


class SourceSpec(Written):
    query: str | None = None
    probe: str | None = None
    load: str | None = None
    good: str | None = None


class MetricSource(Written):
    metric_source_ref: Any = None
    type: Literal["prometheus", "firedrill"]
    spec: SourceSpec


class Metric(Written):
    metric_source: MetricSource


class RatioMetric(Written):
    counter: Flag = True
    good: Metric | None = None
    bad: Metric | None = None
    total: Metric


class Metrics(Written):
    description: str = ""
    ratio_metric: RatioMetric | None = None
    threshold_metric: Metric | None = None


class Sli(Written):
    metadata: Any = None
    spec: Metrics


class Window(Written):
    duration: str
    is_rolling: Literal["true"] = "true"


class Objective(Written):
    display_name: str = ""
    target: float | None = None
    target_percent: float | None = None
    op: Literal["lt", "lte", "gt", "gte"] | None = None
    value: float | None = None


class Spec(Written):
    description: str = ""
    service: str = ""
    indicator: Sli
    time_window: tuple[Window, ...] = ()
    budgeting_method: Literal["Occurrences"] = "Occurrences"
    objectives: tuple[Objective, ...]
    alert_policies: Any = None


class Document(Written):
    """One SLO document."""

    api_version: Literal["openslo/v1"]
    kind: Literal["SLO"]
    metadata: Metadata
    spec: Spec
