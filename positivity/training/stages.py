"""What learns when: a whole network at once, or a layer at a time (chain-thaw)."""

from collections.abc import Iterator
from dataclasses import dataclass

from torch import nn

from positivity.training.recipe import TrainingRecipe

HEAD = "mlp"  # what is new when a network has been pre-trained for another task
_THAWED = 0.1  # of the learning rate: what has learnt before is changed with care


@dataclass(frozen=True, slots=True)
class Stage:
    """Some epochs in which some of the parameters learn."""

    layers: tuple[str, ...]  # whose parameters learn, as `layers_of` names them
    epochs: int
    learning_rate: float

    def thaw(self, network: nn.Module) -> None:
        """Lets the stage's parameters learn, and no others."""
        for name, parameter in network.named_parameters():
            parameter.requires_grad_(layer_of(name) in self.layers)


def stages_of(recipe: TrainingRecipe, network: nn.Module) -> list[Stage]:
    """One stage for all layers; with chain-thaw (Felbo et al. 2017) the new layer first, then each
    layer on its own from the words upwards, then all together."""
    layers = layers_of(network)
    if not recipe.chain_thaw:
        return [Stage(layers, recipe.epochs, recipe.learning_rate)]
    slowly = recipe.learning_rate * _THAWED
    alone = [Stage((each,), recipe.chain_thaw, slowly) for each in layers if each != HEAD]
    new = Stage((HEAD,), recipe.chain_thaw, recipe.learning_rate)
    return [new, *alone, Stage(layers, recipe.epochs, slowly)]


def layers_of(network: nn.Module) -> tuple[str, ...]:
    """The names of the network's layers, in the order in which it has them."""
    return tuple(dict.fromkeys(_layers(network)))


def _layers(network: nn.Module) -> Iterator[str]:
    for name, _ in network.named_parameters():
        yield layer_of(name)


def layer_of(parameter: str) -> str:
    """The layer of a parameter: `layers.1.forward_cell.bias_ih_l0` -> `layers.1`, `mlp.1.weight` ->
    `mlp`."""
    first, *rest = parameter.split(".")
    return f"{first}.{rest[0]}" if first != HEAD and rest and rest[0].isdigit() else first
