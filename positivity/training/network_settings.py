"""What a recipe says of its network, checked before there is a vocabulary to make it for."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from positivity.model.kinds import KINDS
from positivity.model.registry import RECURRENT
from positivity.training.recipe_values import section


def check_network(settings: Mapping[str, Any]) -> None:
    """Complains of what is in a recipe's [network].

    Raises:
        ValueError: there is no such kind, it does not have such a setting, or not of this value.
    """
    values = dict(settings)
    kind = values.pop("kind", RECURRENT)
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(f"kind is {kind!r}; it is one of {', '.join(KINDS)}")
    of_vocabulary = KINDS[kind].settings_of_vocabulary(["a", "."])
    given = sorted(values.keys() & of_vocabulary.keys())
    if given:
        raise ValueError(f"{', '.join(given)}: follows from the vocabulary; leave it out")
    config = section(KINDS[kind].Config, values | of_vocabulary)
    for each in fields(config):
        value = getattr(config, each.name)
        if each.name.endswith("dropout") and not 0 <= value < 1:
            raise ValueError(f"{each.name} is {value}; it takes 0 to less than 1")
        if each.name == "mlp_size" and value < 0:
            raise ValueError(f"{each.name} is {value}; it takes at least 0, which is none")
