"""A training run from recipe to model directory, in a folder of its own.

The folder keeps what is costly (`vocabulary/`, `checkpoint.pt`), what happened (`records.json`,
`times.json`, `curves.png`) and the result (`model/`). Running again in the same folder goes on
where it stopped.
"""

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save as to_safetensors

from positivity.errors import InputError, StateError
from positivity.files import write_atomically
from positivity.model import registry
from positivity.model.engine_torch import choose_device
from positivity.model.network import NetworkConfig, SentimentNetwork
from positivity.model.registry import ModelConfig, ModelDirectory
from positivity.text.normalize import Normalizer
from positivity.text.tokenizer import TOKENIZERS, Tokenizer, load_tokenizer
from positivity.training.calibration import fit_temperature
from positivity.training.clock import Clock
from positivity.training.datasets import (
    build_examples,
    corpus,
    read_sets,
    split_off_dev,
)
from positivity.training.export import add_light, summary
from positivity.training.initial import initial_vectors
from positivity.training.labelled import Data
from positivity.training.light import can_be_light
from positivity.training.loop import Encoded, Record, Step, Trainer, predict
from positivity.training.measure import figures_table, measure
from positivity.training.quantification import quantification_file
from positivity.training.recipe import Recipe, same_recipe_as_before
from positivity.training.vocabulary import train_vocabulary

Say = Callable[[str], None]


class Run:
    """One run of a recipe.

    Args:
        data: where the recipe's sources lie.
        folder: where the run keeps its files.
        say: told in a line what begins.
    """

    def __init__(
        self, recipe: Recipe, data: Data, folder: Path, *, device: str = "auto", say: Say = print
    ) -> None:
        if not recipe.train:
            raise InputError(f"recipe {recipe.name}: it has no [[train]] source")
        self.recipe, self.folder = recipe, folder
        self._data, self._say = data, say
        self._device = choose_device(device)
        folder.mkdir(parents=True, exist_ok=True)
        same_recipe_as_before(folder, recipe)
        self.dev = read_sets(recipe.dev, data) or [split_off_dev(recipe, data)]
        self.eval = read_sets(recipe.eval, data)
        self.normalizer, self.tokenizer = self._vocabulary()
        self.trainer = self._trainer()

    def _vocabulary(self) -> tuple[Normalizer, Tokenizer]:
        folder = self.folder / "vocabulary"
        kind = self.recipe.tokenizer.kind
        if (folder / registry.SUMS).exists():
            registry.verify_sums(folder)
            tables = json.loads((folder / registry.TABLES).read_text(encoding="utf-8"))
            return Normalizer(tables["emoji"], tables["words"]), load_tokenizer(kind, folder)
        self._say("learning the vocabulary")
        normalizer, tokenizer = train_vocabulary(
            corpus(self.recipe, self._data), self.recipe.tokenizer
        )
        registry.write_directory(folder, text_files(normalizer, tokenizer))
        return normalizer, tokenizer

    def _trainer(self) -> Trainer:
        self._say("reading and encoding the training tweets")
        examples = build_examples(
            self.recipe, self._data, self.normalizer, self.tokenizer, [*self.dev, *self.eval]
        )
        torch.manual_seed(self.recipe.seed)
        network = SentimentNetwork(self._network_config()).to(self._device)
        self._give_initial_vectors(network)
        dev = [Encoded(each.name, self._encode(each.texts), each.gold) for each in self.dev]
        trainer = Trainer(network, examples, dev, self.recipe.training, self.recipe.seed)
        weights = sum(parameter.numel() for parameter in network.parameters())
        self._say(f"{len(examples):,} tweets, {weights:,} weights, on {self._device}")
        if self.checkpoint.exists():
            trainer.restore(self.checkpoint)
        return trainer

    def _give_initial_vectors(self, network: SentimentNetwork) -> None:
        if not self.recipe.initial_vectors or self.checkpoint.exists():
            return
        encoder = self._data.encoder(self.recipe.initial_vectors)
        self._say("asking the teacher for word vectors")
        size = network.config.embedding_size
        vectors = initial_vectors(encoder, self.tokenizer.pieces(), size)
        with torch.no_grad():
            network.embedding.weight[1:].copy_(vectors[1:])  # the padding's stays zero

    def _network_config(self) -> NetworkConfig:
        settings: dict[str, Any] = dict(self.recipe.network)
        if "pooling" in settings:
            settings["pooling"] = tuple(settings["pooling"])
        try:
            return NetworkConfig(vocabulary_size=len(self.tokenizer), **settings)
        except (TypeError, ValueError) as error:
            raise InputError(f"recipe {self.recipe.name}: network: {error}") from None

    def _encode(self, texts: list[str]) -> list[list[int]]:
        return self.tokenizer.encode_many(self.normalizer.normalize_many(texts))

    @property
    def checkpoint(self) -> Path:
        return self.folder / "checkpoint.pt"

    def train(self) -> Iterator[Step | Record]:
        """Trains to the end; what has been trained is kept at every record."""
        clock = Clock(self.folder, self._device.type)
        for each in self.trainer.run(checkpoint=self.checkpoint):
            if isinstance(each, Record):
                self._write_records()
                clock.write()
            yield each

    def _write_records(self) -> None:
        records = [asdict(record) for record in self.trainer.records]
        with write_atomically(self.folder / "records.json") as file:
            file.write(json.dumps(records, indent=1).encode())

    def finish(self, *, card: str = "") -> ModelDirectory:
        """Calibrates the best network, measures it, draws the curves and saves the model.

        Args:
            card: the model card, in which `{figures}` stands for the table of measured figures.
        """
        if not self.trainer.records:
            raise StateError(f"{self.folder}: nothing has been trained yet")
        network = self.trainer.best
        for parameter in network.parameters():  # what is measured is what is stored: half precision
            parameter.copy_(parameter.half().float())
        dev_logits = [predict(network, self._encode(each.texts)) for each in self.dev]
        temperature = fit_temperature(dev_logits, [each.gold for each in self.dev])
        config = ModelConfig(
            name=self.recipe.name,
            version=self.recipe.version,
            description=self.recipe.description,
            tokenizer=self.recipe.tokenizer.kind,
            network=asdict(network.config),
            temperature=temperature,
        )
        path = self.folder / "model"
        files = text_files(self.normalizer, self.tokenizer)
        weights = {name: tensor.half().cpu() for name, tensor in network.state_dict().items()}
        files[registry.WEIGHTS] = to_safetensors(weights)
        registry.save(path, config, files)
        files |= quantification_file(self.dev, dev_logits, temperature)
        metrics = measure(path, self.dev, self.eval, self._data, self.recipe)
        metrics["weights"] = sum(parameter.numel() for parameter in network.parameters())
        metrics["training_tweets"] = len(self.trainer.examples)
        metrics["seed"] = self.recipe.seed
        files[registry.METRICS] = json.dumps(metrics, indent=1).encode() + b"\n"
        files[registry.CARD] = (
            (card or "# {name}\n\n{figures}\n")
            .replace("{name}", config.name)
            .replace("{figures}", figures_table(metrics))
            .encode()
        )
        registry.save(path, config, files)
        if can_be_light(network):
            self._say(summary(add_light(path, self.eval or self.dev)))
        draw_curves(self.trainer.records, self.folder / "curves.png")
        return registry.load(str(path))


def text_files(normalizer: Normalizer, tokenizer: Tokenizer) -> dict[str, bytes]:
    tables = {"emoji": normalizer.emoji, "words": normalizer.words}
    return {
        registry.TABLES: json.dumps(tables, ensure_ascii=False, indent=0).encode(),
        TOKENIZERS[tokenizer.kind].file_name: tokenizer.to_bytes(),
    }


def draw_curves(records: list[Record], path: Path) -> None:
    """Loss and macro recall by step, as a picture."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    steps = [record.step for record in records]
    left.plot(steps, [record.loss for record in records])
    left.set(title="training loss", xlabel="step")
    for name in records[0].recalls:
        right.plot(steps, [record.recalls[name] for record in records], label=name)
    right.plot(steps, [record.recall for record in records], color="black", label="mean")
    right.set(title="macro recall on the development sets", xlabel="step")
    right.legend(fontsize="small")
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=120)
    with write_atomically(path) as file:
        file.write(picture.getvalue())
