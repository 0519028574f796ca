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
from positivity.model.kinds import make_network, settings_of
from positivity.model.language_model import LanguageModel
from positivity.model.network import Network, SentimentNetwork
from positivity.model.registry import ModelConfig, ModelDirectory
from positivity.model.tagger import TaggerNetwork
from positivity.text.normalize import Normalizer
from positivity.text.tokenizer import TOKENIZERS, Tokenizer, load_tokenizer
from positivity.training.clock import Clock
from positivity.training.datasets import corpus
from positivity.training.emoji_prediction import EmojiPrediction
from positivity.training.fair_vectors import equalize
from positivity.training.initial import frequent_pairs, initial_vectors, vectors_of_model
from positivity.training.labelled import Data
from positivity.training.language_modelling import LanguageModelling
from positivity.training.loop import Record, Step, Trainer, diverged
from positivity.training.network_settings import check_network
from positivity.training.recipe import PretrainingRecipe, Recipe
from positivity.training.recipe_sources import models_of, teachers_of
from positivity.training.run_folder import (
    CHECKPOINT,
    MODEL,
    PRETRAINING,
    VOCABULARY,
    begin_or_go_on,
)
from positivity.training.sentiment import Sentiment
from positivity.training.tagging import Tagging
from positivity.training.task import ModelTask
from positivity.training.vocabulary import train_vocabulary
from positivity.training.word_groups import GIVEN_NAMES, INTERCHANGEABLE_WORDS, READINGS
from positivity.training.word_vectors import of_pieces, read_vectors

Say = Callable[[str], None]
MakeTask = Callable[[Recipe, Data, Normalizer, Tokenizer], ModelTask[Any, Any]]

PRETRAINING_RECORDS = "pretraining.json"

# What a network of some kind is trained to do, where it is not to classify tweets.
TASKS: dict[str, MakeTask] = {
    LanguageModel.kind: LanguageModelling,
    TaggerNetwork.kind: Tagging,
}


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
        try:
            check_network(recipe.network)
        except ValueError as error:
            raise InputError(f"recipe {recipe.name}: network: {error}") from None
        for teacher in teachers_of(recipe):  # now, rather than when the vocabulary is learnt
            data.soft_labels(teacher)
        for model in models_of(recipe):
            registry.load(model).require_classifier()
        begin_or_go_on(folder, recipe, data)
        self.normalizer, self.tokenizer = self._vocabulary()
        self._say("reading and encoding the training tweets")
        make_task = TASKS.get(recipe.network.get("kind", ""), Sentiment)
        self.task = make_task(recipe, data, self.normalizer, self.tokenizer)
        self.trainer = self._trainer()

    def _vocabulary(self) -> tuple[Normalizer, Tokenizer]:
        folder = self.folder / VOCABULARY
        kind = self.recipe.tokenizer.kind
        if (folder / registry.SUMS).exists():
            registry.verify_sums(folder)
            tables = json.loads((folder / registry.TABLES).read_text(encoding="utf-8"))
            return Normalizer(**tables), load_tokenizer(kind, folder)
        self._say("learning the vocabulary")
        normalizer, tokenizer = train_vocabulary(
            corpus(self.recipe, self._data),
            self.recipe.tokenizer,
            uncut=INTERCHANGEABLE_WORDS if self.recipe.training.augmentation else (),
            names=GIVEN_NAMES if self.recipe.training.augmentation else (),
            readings=READINGS if self.recipe.training.augmentation else None,
        )
        registry.write_directory(folder, text_files(normalizer, tokenizer))
        return normalizer, tokenizer

    def _trainer(self) -> Trainer[Any, Any]:
        torch.manual_seed(self.recipe.seed)
        network = self._network().to(self._device)
        self._give_initial_vectors(network)
        self._give_pairs(network)
        trainer = Trainer(network, self.task, self.recipe.training, self.recipe.seed)
        weights = sum(parameter.numel() for parameter in network.parameters())
        self._say(f"{len(self.task):,} examples, {weights:,} weights, on {self._device}")
        if self.checkpoint.exists():
            trainer.restore(self.checkpoint)
            if trainer.has_ended:
                self._say("trained to the end before; it is measured again")
        return trainer

    def _give_initial_vectors(self, network: Network) -> None:
        if self.checkpoint.exists():
            return
        weight = network.embedding.weight
        with torch.no_grad():  # the padding's stays zero
            if self.recipe.initial_vectors:
                weight[1:].copy_(self._vectors_of_model(network.config.embedding_size)[1:])
            elif self.recipe.embeddings:
                weight[1:].copy_(self._vectors_of_file(network.config.embedding_size)[1:])
            weight.mul_(self.recipe.vector_spread)

    def _give_pairs(self, network: Network) -> None:
        """The pairs that have vectors, of a network with such: the most frequent ones."""
        if not isinstance(network, SentimentNetwork) or network.pairs is None:
            return
        assert isinstance(self.task, Sentiment)
        apart = INTERCHANGEABLE_WORDS if self.recipe.training.augmentation else ()
        pairs = frequent_pairs(self.task.examples, self.tokenizer.pieces(), apart)
        network.pairs.own(pairs.to(self._device))

    def _vectors_of_model(self, size: int) -> torch.Tensor:
        name, pieces = self.recipe.initial_vectors, self.tokenizer.pieces()
        if name in registry.names():
            return vectors_of_model(registry.load(name), pieces, size)
        encoder = self._data.encoder(name)
        self._say("asking the teacher for word vectors")
        return initial_vectors(encoder, pieces, size)

    def _vectors_of_file(self, size: int) -> torch.Tensor:
        path = self._data.vectors(self.recipe.embeddings)
        pieces = self.tokenizer.pieces()
        found = read_vectors(path, [piece.strip() for piece in pieces], size)
        self._say(f"{path}: vectors of {len(found):,} of {len(pieces):,} words")
        return torch.from_numpy(of_pieces(found, pieces, size, self.recipe.seed))

    def _network(self, **settings: Any) -> Network:
        """A network of the recipe with random weights, some settings of its own aside."""
        try:
            return make_network({**self.recipe.network, **settings}, self.tokenizer.pieces())
        except (TypeError, ValueError) as error:
            raise InputError(f"recipe {self.recipe.name}: network: {error}") from None

    @property
    def checkpoint(self) -> Path:
        return self.folder / CHECKPOINT

    def train(self) -> Iterator[Step | Record]:
        """Trains to the end; what has been trained is kept at every record, and between them."""
        clock = Clock(self.folder, self._device.type)
        for each in self._stages():
            if isinstance(each, Record) or each.saved:
                clock.write()
            yield each

    def _stages(self) -> Iterator[Step | Record]:
        if self.recipe.pretraining is not None and not self.checkpoint.exists():
            yield from self._pretrain(self.recipe.pretraining)
        yield from self._records(self.trainer, self.checkpoint, "records.json")

    def _pretrain(self, recipe: PretrainingRecipe) -> Iterator[Step | Record]:
        """Trains a network of the same layers for another task, and begins with what it learnt."""
        self._say("reading the tweets to pre-train on")
        seed = self.recipe.seed
        task = EmojiPrediction(recipe, self._data, self.normalizer, self.tokenizer, seed)
        torch.manual_seed(seed)
        network = self._network(classes=len(task.emoji)).to(self._device)
        self._give_initial_vectors(network)
        self._give_pairs(network)
        trainer: Trainer[Any, Any] = Trainer(network, task, recipe.training, seed)
        checkpoint = self.folder / PRETRAINING
        if checkpoint.exists():
            trainer.restore(checkpoint)
        self._say(f"pre-training on {len(task):,} tweets with {len(task.emoji)} emoji")
        yield from self._records(trainer, checkpoint, PRETRAINING_RECORDS)
        self.trainer.begin_with(trainer.kept)
        self._say("now the task itself")

    def _records(
        self, trainer: Trainer[Any, Any], checkpoint: Path, file_name: str
    ) -> Iterator[Step | Record]:
        for each in trainer.run(checkpoint=checkpoint):
            if isinstance(each, Record):
                records = [asdict(record) for record in trainer.records]
                with write_atomically(self.folder / file_name) as file:
                    file.write(json.dumps(records, indent=1).encode())
            yield each

    def finish(self, *, card: str = "") -> ModelDirectory:
        """Calibrates the network that was kept, measures it, draws the curves and saves the model.

        Args:
            card: the model card, in which `{figures}` stands for the table of measured figures.
        """
        if not self.trainer.records:
            raise StateError(f"{self.folder}: nothing has been trained yet")
        network = self.trainer.kept
        if self.recipe.training.augmentation:
            equalize(network.embedding.weight, self.tokenizer.pieces())
        for parameter in network.parameters():  # what is measured is what is stored: half precision
            parameter.copy_(parameter.half().float())
            if not parameter.isfinite().all():
                raise InputError(diverged(self.trainer.steps))
        temperature = self.task.temperature(network)
        config = ModelConfig(
            name=self.recipe.name,
            version=self.recipe.version,
            description=self.recipe.description,
            tokenizer=self.recipe.tokenizer.kind,
            network=settings_of(network),
            temperature=temperature,
        )
        path = self.folder / MODEL
        files = text_files(self.task.reader(self.normalizer), self.tokenizer)
        weights = {
            name: (each.half() if each.is_floating_point() else each).cpu()
            for name, each in network.state_dict().items()
        }
        files[registry.WEIGHTS] = to_safetensors(weights)
        registry.save(path, config, files)
        files |= self.task.files(network, temperature)
        metrics = self.task.figures(registry.load(str(path)))
        metrics["weights"] = sum(parameter.numel() for parameter in network.parameters())
        metrics["training_tweets"] = len(self.task)
        metrics["seed"] = self.recipe.seed
        if self.recipe.pretraining is not None:
            records = json.loads((self.folder / PRETRAINING_RECORDS).read_text(encoding="utf-8"))
            best = max(record["recalls"]["emoji"] for record in records)
            metrics["pretraining"] = {"emoji_macro_recall": best}
        files[registry.METRICS] = json.dumps(metrics, indent=1).encode() + b"\n"
        files[registry.CARD] = (
            (card or "# {name}\n\n{figures}\n")
            .replace("{name}", config.name)
            .replace("{figures}", self.task.figures_table(metrics))
            .encode()
        )
        registry.save(path, config, files)
        added = self.task.finished(registry.load(str(path)))
        if added:
            self._say(added)
        draw_curves(self.trainer.records, self.task.measure, self.folder / "curves.png")
        return registry.load(str(path))


def text_files(normalizer: Normalizer, tokenizer: Tokenizer) -> dict[str, bytes]:
    return {
        registry.TABLES: json.dumps(normalizer.tables, ensure_ascii=False, indent=0).encode(),
        TOKENIZERS[tokenizer.kind].file_name: tokenizer.to_bytes(),
    }


def draw_curves(records: list[Record], measure: str, path: Path) -> None:
    """Loss and the measure on the development sets by step, as a picture."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    steps = [record.step for record in records]
    left.plot(steps, [record.loss for record in records])
    left.set(title="training loss", xlabel="step")
    for name in records[0].recalls:
        right.plot(steps, [record.recalls[name] for record in records], label=name)
    right.plot(steps, [record.recall for record in records], color="black", label="mean")
    right.set(title=f"{measure} on the development sets", xlabel="step")
    right.legend(fontsize="small")
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=120)
    with write_atomically(path) as file:
        file.write(picture.getvalue())
