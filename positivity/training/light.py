"""Writes a network for the light engine: 8-bit weights in a graph of ONNX Runtime's operators.

One loop over the words runs both directions. In each step a word's vector and the state before it
lie side by side, as bytes, so that one product of integers gives the four gates. The scales are
fixed when the file is written: a tweet's scores do not depend on its company.

Processors without VNNI add the products of two neighbours in 16 bits, and stop at the largest. So
the weights of two neighbours are at most 128 together: 255 * 128 fits, and all processors agree.
"""

from typing import TypeGuard

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper, parser

from positivity.model.network import Network, SentimentNetwork

_IR, _OPERATORS, _CONTRIBUTED = 9, 20, 1  # versions that ONNX Runtime 1.18 and later read
_LARGEST_PAIR = 127  # of weights side by side, before each is rounded
_LARGEST_BYTE, _MIDDLE = 127, 128  # vectors and states are bytes around a middle
_GATES = (0, 1, 3, 2)  # input, forget, cell, output -> input, forget, output, cell

# In the forms below D stands for a direction; what has one is there once for each. The backward
# direction reads each row reversed within its own length, so that padding comes last in both: it
# changes no state before it. Reversed twice, a row is as it was.
_ENDS = """
  one_time = Shape <start = 1> (ids)
  time = Squeeze (one_time)
  places = Range (zero, time, one)
  ends = Unsqueeze (lengths, columns)
  is_word = Less (places, ends)
  penalty = Where (is_word, nothing, never)
  penalties = Unsqueeze (penalty, depth)
  rows = Shape <end = 1> (ids)
  state_shape = Concat <axis = 0> (rows, state_size)
  c_start = Expand (nothing, state_shape)
  h_start = Expand (middle, state_shape)
"""
_MIRROR = """
  last = Sub (ends, one)
  mirrored = Sub (last, places)
  order = Where (is_word, mirrored, places)
"""
_PAIRS = """
  before = Pad (ids, one_later)
  before_apart = Mul (before, vocabulary_size)
  numbers = Add (before_apart, ids)
  slots = Mod (numbers, slots_in_all)
  owners_there = Gather (owners, slots)
  is_owner = Equal (owners_there, numbers)
  pairs = Where (is_owner, slots, slots_in_all)
"""
# Numbers [batch, time] in the order of a direction, or from it back in the text's.
_IN_ORDER = {
    "onward": "ordered_X_onward = Identity (X)",
    "back": "ordered_X_back = GatherElements <axis = 1> (X, order)",
}
_WORDS = """
  word_steps_D = Transpose <perm = [1, 0]> (ordered_ids_D)
  words_D = Gather (embedding, word_steps_D)
"""
_VECTORS_OF_PAIRS = """
  pair_steps_D = Transpose <perm = [1, 0]> (ordered_pairs_D)
  pairs_D = Gather (pair_embedding, pair_steps_D)
"""
_STEP = """
  inputs_D = Concat <axis = 1> (VECTORS, h_bytes_D)
  gates_D = com.microsoft.MatMulIntegerToFloat (
    inputs_D, weights_D, unit, scales_D, middle, no_offset, bias_D)
  i_in_D, f_in_D, o_in_D, g_in_D = Split <axis = 1, num_outputs = 4> (gates_D)
  i_D = Sigmoid (i_in_D)
  f_D = Sigmoid (f_in_D)
  o_D = Sigmoid (o_in_D)
  g_D = Tanh (g_in_D)
  added_D = Mul (i_D, g_D)
  kept_D = Mul (f_D, c_D)
  c_next_D = Add (added_D, kept_D)
  c_bounded_D = Tanh (c_next_D)
  h_D = Mul (o_D, c_bounded_D)
  h_bytes_next_D = QuantizeLinear (h_D, state_scale, middle)
"""
_SCORES = """
  column_D = MatMul (states_D, attention_D)
  scores_D = Squeeze (column_D, depth)
"""
_ATTENTION = """
  row_D = Unsqueeze (ordered_shares_D, columns)
  weighted_D = MatMul (row_D, states_D)
  attention_pooled_D = Squeeze (weighted_D, columns)
"""
_MAX = """
  only_words_D = Add (states_D, penalties)
  max_pooled_D = ReduceMax <keepdims = 0> (only_words_D, columns)
"""


def can_be_light(network: Network) -> TypeGuard[SentimentNetwork]:
    """Whether the light engine runs such a network: one LSTM layer, attention or max pooling, and
    an MLP."""
    if type(network) is not SentimentNetwork:
        return False
    config = network.config
    one_lstm = config.cell == "lstm" and config.layers == 1
    return one_lstm and set(config.pooling) <= {"attention", "max"} and config.mlp_size > 0


def to_light(network: SentimentNetwork) -> bytes:
    """The content of the light engine's file: a graph from padded ids [batch, time] and
    lengths [batch] to logits [batch, classes], as the network itself.

    Raises:
        ValueError: not a network that `can_be_light`.
    """
    if not can_be_light(network):
        raise ValueError("the light engine runs one LSTM layer with attention or max pooling")
    model = parser.parse_model(_graph(network))
    model.graph.initializer.extend(
        numpy_helper.from_array(np.ascontiguousarray(array), name)
        for name, array in _arrays(network).items()
    )
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()
    return content


def _directions(network: SentimentNetwork) -> tuple[str, ...]:
    return ("onward", "back") if network.config.bidirectional else ("onward",)


def _graph(network: SentimentNetwork) -> str:
    """The graph in ONNX's text form, without its arrays."""
    config, directions = network.config, _directions(network)

    def each(form: str, between: str = ", ") -> str:
        return between.join(form.replace("D", name) for name in directions)

    def ordered(vector: str) -> str:
        """A vector in the order of each direction; and one that is in it in the text's order."""
        return "\n".join(
            _IN_ORDER[name].replace("X", vector.replace("D", name)) for name in directions
        )

    state, as_bytes = (f"{kind}[batch, {config.hidden_size}]" for kind in ("float", "uint8"))
    read = {"word": f"uint8[batch, {config.embedding_size}]"}  # at each step, of each direction
    lines = [_ENDS, ordered("ids"), each(_WORDS, "\n")]
    if config.bidirectional:
        lines.insert(1, _MIRROR)
    if config.pairs:
        read["pair"] = f"uint8[batch, {config.pair_size}]"
        lines += [_PAIRS, ordered("pairs"), each(_VECTORS_OF_PAIRS, "\n")]
    inputs = [f"{kind} {name}_D" for name, kind in read.items()]
    step = _STEP.replace("VECTORS", ", ".join(f"{name}_D" for name in read))
    lines.append(f"""
      {each("h_end_D, c_end_D")}, {each("states_D")} = Scan <
        num_scan_inputs = {len(directions) * len(read)}, scan_output_axes = [{each("1")}],
        body = step ({each(f"{as_bytes} h_bytes_D, {state} c_D")}, {each(", ".join(inputs))})
          => ({each(f"{as_bytes} h_bytes_next_D, {state} c_next_D")}, {each(f"{state} h_D")})
          {{ {each(step, " ")} }}
      > ({each("h_start, c_start")}, {each(", ".join(f"{name}s_D" for name in read))})
    """)
    if "attention" in config.pooling:
        lines += [each(_SCORES, "\n"), ordered("scores_D")]
        lines.append(f"weights_in = Sum ({each('ordered_scores_D_D')}, penalty)")
        lines.append("shares = Softmax <axis = 1> (weights_in)")
        lines += [ordered("shares"), each(_ATTENTION, "\n")]
    if "max" in config.pooling:
        lines.append(each(_MAX, "\n"))
    pooled = ", ".join(each(f"{how}_pooled_D") for how in config.pooling)
    lines.append(f"""
      pooled = Concat <axis = 1> ({pooled})
      inner = Gemm (pooled, inner_weights, inner_bias)
      active = Relu (inner)
      logits = Gemm (active, outer_weights, outer_bias)
    """)
    versions = f'"" : {_OPERATORS}, "com.microsoft" : {_CONTRIBUTED}'
    body = "\n".join(lines)
    return f"""<ir_version: {_IR}, opset_import: [{versions}]>
      light (int64[batch, time] ids, int64[batch] lengths)
        => (float[batch, {config.classes}] logits) {{ {body} }}"""


def _arrays(network: SentimentNetwork) -> dict[str, NDArray[np.generic]]:
    """What the graph refers to by name."""
    config = network.config
    weights = {name: each.float().cpu().numpy() for name, each in network.state_dict().items()}
    # Every channel of the vectors fills its byte; its scale is moved into the input weights.
    embedding, channel = _bytes_by_channel(weights["embedding.weight"])
    arrays: dict[str, NDArray[np.generic]] = {
        "embedding": embedding,
        "state_scale": np.array(1 / _LARGEST_BYTE, np.float32),
        "middle": np.array(_MIDDLE, np.uint8),
        "no_offset": np.array(0, np.int8),
        "unit": np.array(1, np.float32),
        "zero": np.array(0, np.int64),
        "one": np.array(1, np.int64),
        "columns": np.array([1]),
        "depth": np.array([2]),
        "nothing": np.array(0, np.float32),
        "never": np.array(-1e9, np.float32),
        "state_size": np.array([config.hidden_size]),
        "inner_weights": weights["mlp.1.weight"].T,
        "inner_bias": weights["mlp.1.bias"],
        "outer_weights": weights["mlp.4.weight"].T,
        "outer_bias": weights["mlp.4.bias"],
    }
    if network.pairs is not None:
        arrays["pair_embedding"], pair_channel = _bytes_by_channel(
            weights["pairs.embedding.weight"]
        )
        channel = np.concatenate([channel, pair_channel])
        arrays |= {
            "owners": network.pairs.owners.cpu().numpy(),
            "one_later": np.array([0, 1, 0, -1]),
            "vocabulary_size": np.array(config.vocabulary_size),
            "slots_in_all": np.array(config.pairs),
        }
    for i, direction in enumerate(_directions(network)):
        prefix = f"layers.0.{'forward' if direction == 'onward' else 'backward'}_cell."
        of_words = weights[f"{prefix}weight_ih_l0"] * channel  # [4 x hidden, embedding]
        of_states = weights[f"{prefix}weight_hh_l0"] / _LARGEST_BYTE  # [4 x hidden, hidden]
        both = _reordered(np.concatenate([of_words, of_states], axis=1))
        scales = np.maximum(_largest_pair(both), 1e-12) / _LARGEST_PAIR
        arrays[f"weights_{direction}"] = np.round(both / scales[:, None]).astype(np.int8).T
        arrays[f"scales_{direction}"] = scales.astype(np.float32)
        bias = weights[f"{prefix}bias_ih_l0"] + weights[f"{prefix}bias_hh_l0"]
        arrays[f"bias_{direction}"] = _reordered(bias)
        if "attention" in config.pooling:  # its bias is the same for all words: it cancels out
            part = slice(i * config.hidden_size, (i + 1) * config.hidden_size)
            arrays[f"attention_{direction}"] = weights["attention.weight"][0, part, None]
    return arrays


def _bytes_by_channel(
    vectors: NDArray[np.float32],
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Vectors [n, channels] as bytes around a middle, and the scale of each channel."""
    channel = np.maximum(abs(vectors).max(axis=0), 1e-8) / _LARGEST_BYTE
    return (np.round(vectors / channel) + _MIDDLE).astype(np.uint8), channel


def _largest_pair(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """The largest sum of the sizes of two neighbours, 0 and 1, 2 and 3, ..., in each row."""
    sizes = np.pad(abs(rows), ((0, 0), (0, rows.shape[1] % 2)))
    return np.asarray((sizes[:, ::2] + sizes[:, 1::2]).max(axis=1))


def _reordered(gates: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of [4 x hidden, ...] in the graph's order of gates."""
    parts = np.split(gates, 4)
    return np.concatenate([parts[i] for i in _GATES])
