"""Exact binomial bounds: how sure a count of good samples makes us of the share behind them.

Knows only counts of independent samples; refuses to know what they measure. No approximation that breaks near 100 %.

Sources: C. J. Clopper, E. S. Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial",
Biometrika 26 (1934) 404-413; the incomplete beta function by its continued fraction, NIST DLMF 8.17.22 (https://dlmf.nist.gov/8.17.E22),
evaluated by Lentz's method.
"""

import math
from functools import lru_cache

_TINY = 1e-300
_WIDTH = 1e-13


@lru_cache(maxsize=4096)
def interval(good: int, total: int, confidence: float = 0.95) -> tuple[float, float]:
    """One-sided Clopper-Pearson bounds (low, high) of the share behind `good` of `total`: each holds on its own with `confidence`.

    Exact to 1e-9. Without samples nothing is known: (0, 1). ValueError for counts or a confidence that cannot be.
    """
    if not 0 <= good <= total:
        raise ValueError(f"{good} good of {total} samples cannot be")
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence lies between 0 and 1, not at {confidence}")
    bad, doubt = total - good, 1 - confidence
    low = 0.0 if good == 0 else _quantile(good, bad + 1, doubt)
    high = 1.0 if bad == 0 else 1 - _quantile(bad, good + 1, doubt)
    return low, high


def needed(objective: float, confidence: float = 0.95) -> int:
    """The fewest samples, none of them bad, whose low bound reaches `objective`: 299 for 99 %, 2,995 for 99.9 %.

    ValueError for an objective of 1, which no number of samples can show.
    """
    if not 0 < objective < 1:
        raise ValueError(f"no number of samples shows an objective of {objective}")
    # With none bad the low bound is doubt ** (1 / n).
    return math.ceil(math.log(1 - confidence) / math.log(objective) - 1e-9)


def needed_at(share: float, objective: float, confidence: float = 0.95) -> int | None:
    """About how many samples would decide, if `share` of them stayed good; None when share and objective are the same.

    By the normal approximation, and never fewer than `needed`: it advises people and judges nothing.
    """
    gap = abs(share - objective)
    if gap < 1e-9 or objective >= 1:
        return None
    z = _normal_quantile(confidence)
    spread = max(share * (1 - share), objective * (1 - objective))
    return max(needed(objective, confidence), math.ceil(z * z * spread / (gap * gap)))


def _quantile(a: float, b: float, probability: float) -> float:
    """The x at which the regularised incomplete beta function I_x(a, b), which rises with x, is `probability`."""
    low, high = 0.0, 1.0
    while high - low > _WIDTH:
        middle = (low + high) / 2
        low, high = (middle, high) if beta(middle, a, b) < probability else (low, middle)
    return (low + high) / 2


def beta(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b) for 0 <= x <= 1."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    # The fraction converges fast on this side only (DLMF 8.17(v)); the other side is its mirror image, DLMF 8.17.4.
    if x > (a + 1) / (a + b + 2):
        return 1 - beta(1 - x, b, a)
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(front) / a / _fraction(x, a, b)


def _fraction(x: float, a: float, b: float) -> float:
    """1 + d1/(1 + d2/(1 + ...)) of DLMF 8.17.22, by the modified Lentz method."""
    value, c, d = 1.0, 1.0, 0.0
    for m in range(1, 100_000):
        d = 1 / _off_zero(1 + _coefficient(m, x, a, b) * d)
        c = _off_zero(1 + _coefficient(m, x, a, b) / c)
        value *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return value


def _coefficient(n: int, x: float, a: float, b: float) -> float:
    m = n // 2
    if n % 2:
        return -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
    return m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))


def _off_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def _normal_quantile(probability: float) -> float:
    low, high = -10.0, 10.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if (1 + math.erf(middle / math.sqrt(2))) / 2 < probability else (low, middle)
    return (low + high) / 2
