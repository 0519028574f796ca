"""How a model's probabilities are to be read on new tweets, and how unsure that is.

A model is fitted once; the tweets of a new domain (another time, topic or way to label) get
probabilities that are shifted. On every development set a small recalibration is fitted: the
log-ratios of the probabilities are mapped linearly to those that are calibrated there, for as many
negative as neutral as positive tweets. How these maps differ between the sets is how a map for
tweets never seen may differ from their mean.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

FORMAT = 1
PARAMETERS = 6  # two rows (negative, positive) of a weight for each log-ratio and a constant
IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
_LEAST = 1e-3  # probabilities below are taken as this: they are not known that well
# What a recalibration never does: turn a model around, or trust it many times as much.
_SLOPES = (0.2, 3.0)
_CROSSED = 0.8


@dataclass(frozen=True, slots=True)
class Recalibration:
    """Where the recalibration of new tweets lies: a t distribution over its parameters."""

    mean: tuple[float, ...]  # [PARAMETERS]
    covariance: tuple[tuple[float, ...], ...]  # [PARAMETERS, PARAMETERS], of a new domain
    freedom: float | None  # degrees of freedom; None: normal
    domains: tuple[str, ...]  # the sets it was fitted on
    tweets: int

    @property
    def crosses_domains(self) -> bool:
        """Whether it knows how much domains differ."""
        return len(self.domains) > 1

    @property
    def shared(self) -> float:
        """The part in 0..1 of the doubt that two accounts share.

        From several domains it is that about their mean: each account is a domain of its own.
        """
        return 1 / (len(self.domains) + 2) if self.crosses_domains else 1.0

    def draws(self, number: int, seed: int = 0) -> Floats:
        """Plausible recalibrations [number, PARAMETERS], the same for the same number and seed."""
        half = -(-number // 2)
        rng = np.random.default_rng(seed)
        normal = rng.standard_normal((half, PARAMETERS))
        # Each with its mirror image: their mean is the mean.
        normal = np.concatenate([normal, -normal])[:number]
        if self.freedom is not None:
            scale = np.sqrt(self.freedom / rng.chisquare(self.freedom, half))
            normal *= np.concatenate([scale, scale])[:number, None]
        values, vectors = np.linalg.eigh(np.array(self.covariance))
        root = vectors * np.sqrt(values.clip(0))
        return _possible(np.array(self.mean) + normal @ root.T)

    def to_dict(self) -> dict[str, Any]:
        """In plain values, for JSON."""
        return {"format": FORMAT, **asdict(self)}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "Recalibration | None":
        """What `to_dict` gave; None for what another version wrote, or none."""
        if content.get("format") != FORMAT:
            return None
        return cls(
            mean=tuple(content["mean"]),
            covariance=tuple(tuple(row) for row in content["covariance"]),
            freedom=content["freedom"],
            domains=tuple(content["domains"]),
            tweets=content["tweets"],
        )


@dataclass(frozen=True, slots=True)
class DomainFit:
    """The recalibration that was fitted on the tweets of one domain."""

    parameters: Floats  # [PARAMETERS]
    covariance: Floats  # [PARAMETERS, PARAMETERS], of their error
    # How new tweets of the domain differ from these, and on how many degrees of freedom that rests.
    # None: they are on the same topics, or these are not known.
    drift: Floats | None = None
    freedom: float | None = None


def log_ratios(probabilities: npt.NDArray[np.floating[Any]]) -> Floats:
    """log(negative / neutral) and log(positive / neutral) [n, 2] of probabilities [n, 3]."""
    logs = np.log(np.asarray(probabilities, np.float64).clip(_LEAST))
    return np.asarray(logs[:, [0, 2]] - logs[:, [1]])


def recalibrated(ratios: Floats, parameters: Floats) -> Floats:
    """Probabilities [..., n, 3] of log-ratios [n, 2] under recalibrations [..., PARAMETERS].

    They are those of tweets with as many negative as neutral as positive ones among them.
    """
    matrix = parameters.reshape(*parameters.shape[:-1], 2, 3)
    with_constant = np.concatenate([ratios, np.ones((len(ratios), 1))], axis=1)
    sides = with_constant @ np.swapaxes(matrix, -1, -2)  # [..., n, 2]
    logits = np.stack([sides[..., 0], np.zeros(sides.shape[:-1]), sides[..., 1]], axis=-1)
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def combine(names: Sequence[str], fits: Sequence[DomainFit], tweets: int) -> Recalibration:
    """From what was fitted on each domain to the recalibration of a new one.

    With one domain the recalibration is the one that was fitted, as unsure as that fit and as what
    new tweets of the domain are on.

    With several, a new domain is one more of their kind. The model's own training tweets count as a
    domain too: for these its probabilities are right as they are. The covariance is that of this
    sample (which holds the error of each fit), with the doubt about the mean on top. Its overall
    size rests on as few domains, and the degrees of freedom are their number: with these, about
    95 % of the intervals covered the truth on the development sets, each left out in turn, and
    fewer with twice as many (docs/how-sure.md).
    """
    own = np.mean([each.covariance for each in fits], axis=0)
    parameters = np.array([each.parameters for each in fits])
    if len(fits) == 1:
        drift, freedom = fits[0].drift, fits[0].freedom
        covariance = own if drift is None else own + drift
    else:
        parameters = np.concatenate([parameters, [IDENTITY]])
        number = len(parameters)
        # Few domains span few directions; along the others there is at least the doubt of a fit.
        covariance = at_least(np.cov(parameters, rowvar=False), own) * (1 + 1 / number)
        freedom = float(number)
    return Recalibration(
        mean=_plain(parameters.mean(axis=0)),
        covariance=tuple(_plain(row) for row in covariance),
        freedom=freedom,
        domains=tuple(names),
        tweets=tweets,
    )


def at_least(matrix: Floats, floor: Floats) -> Floats:
    """The smallest covariance not below either, in the directions that `floor` makes round."""
    root = np.linalg.cholesky(floor)
    inverse = np.linalg.inv(root)
    values, vectors = np.linalg.eigh(inverse @ matrix @ inverse.T)
    lifted = (vectors * values.clip(1)) @ vectors.T
    return np.asarray(root @ lifted @ root.T)


def _possible(parameters: Floats) -> Floats:
    limited = parameters.copy()
    limited[:, [0, 4]] = parameters[:, [0, 4]].clip(*_SLOPES)
    limited[:, [1, 3]] = parameters[:, [1, 3]].clip(-_CROSSED, _CROSSED)
    return limited


def _plain(values: Floats) -> tuple[float, ...]:
    return tuple(round(float(value), 6) for value in values)
