"""The kinds of network, and how one is made from what a recipe or a model directory says of it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from positivity.model.convolutional import ConvolutionalNetwork
from positivity.model.deepmoji import DeepMoji
from positivity.model.hierarchical import HierarchicalNetwork
from positivity.model.language_model import LanguageModel
from positivity.model.network import Network, SentimentNetwork
from positivity.model.registry import RECURRENT
from positivity.model.tagger import TaggerNetwork

KINDS: dict[str, type[Network]] = {
    each.kind: each
    for each in (
        *(SentimentNetwork, ConvolutionalNetwork, HierarchicalNetwork, DeepMoji),
        *(LanguageModel, TaggerNetwork),
    )
}


def make_network(settings: Mapping[str, Any], pieces: Sequence[str] | None = None) -> Network:
    """A network with random weights.

    Args:
        settings: its `kind`, and what the config of that kind says.
        pieces: what each id of the vocabulary stands for, where the settings do not have it yet.

    Raises:
        ValueError: there is no such kind, it does not have such a setting, or it cannot be made so.
        TypeError: a setting of another type, or one that is missing.
    """
    kind, values = _kind_and_values(settings)
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}; it is one of {', '.join(KINDS)}")
    known = [each.name for each in fields(KINDS[kind].Config)]
    unknown = values.keys() - set(known)
    if unknown:
        raise ValueError(
            f"{', '.join(sorted(unknown))}: not known here; there are {', '.join(known)}"
        )
    if pieces is not None:
        values |= KINDS[kind].settings_of_vocabulary(pieces)
    return KINDS[kind](KINDS[kind].Config(**values))


def _kind_and_values(settings: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The name of the kind, and the other settings as its config has them."""
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()}
    return values.pop("kind", RECURRENT), values


def settings_of(network: Network) -> dict[str, Any]:
    """What `make_network` makes such a network from; the recurrent kind goes without saying."""
    kind = {} if network.kind == RECURRENT else {"kind": network.kind}
    return kind | asdict(network.config)
