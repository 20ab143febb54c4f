"""When a rule group is evaluated: Prometheus spreads groups over their interval by a hash of file and name.

Reproduces github.com/prometheus/prometheus at 2.42: rules/manager.go (EvalTimestamp) and labels.Labels.Hash over `file` and `name`. Later
versions store labels differently and hash them to another value, so for those it refuses to be believed: read the phase from the API.
"""

from xxhash import xxh64_intdigest

_SECOND = 1_000_000_000


def offset(file: str, group: str, interval: float) -> float:
    """Seconds after each multiple of `interval` since 1970 at which the group is evaluated; `file` as Prometheus was told it."""
    return _nanoseconds(file, group, interval) / _SECOND


def lag(record_file: str, record_group: str, alert_file: str, alert_group: str, interval: float) -> float:
    """Seconds by which the recorded value is old when the alert's group, of the same interval, reads it."""
    late = _nanoseconds(alert_file, alert_group, interval) - _nanoseconds(record_file, record_group, interval)
    return (late % round(interval * _SECOND)) / _SECOND


def _nanoseconds(file: str, group: str, interval: float) -> int:
    digest: int = xxh64_intdigest(b"file\xff%b\xffname\xff%b\xff" % (file.encode(), group.encode()))
    return digest % round(interval * _SECOND)
