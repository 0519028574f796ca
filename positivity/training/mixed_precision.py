"""Training a large encoder whose weights are in half precision."""

from typing import Any

import torch
from torch import Tensor, nn

from positivity.training.encoder import Teacher
from positivity.training.recipe import FineTuningRecipe

_HEAD_SCALE = 10.0  # heads begin at random: they learn that much faster


class MixedOptimizer:
    """AdamW on float32 copies of bfloat16 weights, slower for lower layers.

    A step of 1e-5 is lost in bfloat16's eight bits; the copies keep it.
    """

    def __init__(self, teacher: Teacher, recipe: FineTuningRecipe) -> None:
        self._recipe = recipe
        self.rate = 0.0
        live = [(name, p) for name, p in teacher.named_parameters() if p.requires_grad]
        self._low = [parameter for _, parameter in live]
        self._high = [parameter.detach().float().clone() for parameter in self._low]
        groups: dict[tuple[float, float], list[Tensor]] = {}
        for (name, parameter), high in zip(live, self._high, strict=True):
            scale = recipe.layer_decay ** teacher.depth(name)
            scale = _HEAD_SCALE if name.startswith("heads.") else scale
            decay = recipe.weight_decay if parameter.ndim > 1 else 0.0
            groups.setdefault((scale, decay), []).append(high)
        self._adam = torch.optim.AdamW(
            [{"params": g, "weight_decay": d, "scale": s} for (s, d), g in groups.items()],
            lr=recipe.learning_rate,
            betas=(0.9, 0.98),
            fused=True,
        )

    def step(self, step: int, steps: int) -> None:
        """One update at a rate that rises linearly, then falls linearly to zero."""
        for low, high in zip(self._low, self._high, strict=True):
            high.grad = None if low.grad is None else low.grad.float()
            low.grad = None
        nn.utils.clip_grad_norm_(self._high, self._recipe.clip)
        warmup = self._recipe.warmup * steps
        share = step / warmup if step < warmup else (steps - step) / (steps - warmup)
        self.rate = self._recipe.learning_rate * share
        for group in self._adam.param_groups:
            group["lr"] = self.rate * group["scale"]
        self._adam.step()
        self._copy_down()

    @torch.no_grad()
    def _copy_down(self) -> None:
        for low, high in zip(self._low, self._high, strict=True):
            low.copy_(high)

    def state(self) -> dict[str, Any]:
        return {"weights": self._high, "adam": self._adam.state_dict()}

    @torch.no_grad()
    def restore(self, state: dict[str, Any]) -> None:
        for high, kept in zip(self._high, state["weights"], strict=True):
            high.copy_(kept)
        self._adam.load_state_dict(state["adam"])
        self._copy_down()
