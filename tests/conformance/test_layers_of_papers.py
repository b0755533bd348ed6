"""Layers as their papers' implementations compute them with K, against numpy: shapes made of `K.shape` among them."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from .papers import Paper, check_at_once, check_in_a_function, normal, uniform


def numpy_softmax(x: Any, axis: int = -1) -> Any:
    powers = np.exp(x - x.max(axis, keepdims=True))
    return powers / powers.sum(axis, keepdims=True)


def squash(K: Any, vectors: Any, axis: int = -1) -> Any:
    s_squared_norm = K.sum(K.square(vectors), axis, keepdims=True)
    scale = s_squared_norm / (1 + s_squared_norm) / K.sqrt(s_squared_norm + K.epsilon())
    return scale * vectors


def numpy_squash(vectors: Any) -> Any:
    norm = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return norm / (1 + norm**2) * vectors


def longest_capsule(K: Any, inputs: Any) -> Any:
    lengths = K.sqrt(K.sum(K.square(inputs), -1))
    mask = K.one_hot(indices=K.argmax(lengths, 1), num_classes=lengths.get_shape().as_list()[1])
    return K.batch_flatten(inputs * K.expand_dims(mask, -1))


def numpy_longest_capsule(inputs: Any) -> Any:
    chosen = np.linalg.norm(inputs, axis=-1).argmax(1)
    return (inputs * np.eye(inputs.shape[1])[chosen][..., None]).reshape(len(inputs), -1)


def word_attention(K: Any, x: Any) -> Any:
    kernel, context = K.variable(np.full((5, 3), 0.1)), K.variable(np.arange(3.0))
    scores = K.squeeze(K.dot(K.tanh(K.dot(x, kernel)), K.expand_dims(context)), axis=-1)
    a = K.exp(scores)
    a /= K.cast(K.sum(a, axis=1, keepdims=True) + K.epsilon(), K.floatx())
    return K.sum(x * K.expand_dims(a), axis=1)


def numpy_word_attention(x: Any) -> Any:
    return np.sum(x * numpy_softmax(np.tanh(x @ np.full((5, 3), 0.1)) @ np.arange(3.0))[..., None], 1)


def causal_attention(K: Any, query: Any, key: Any, value: Any) -> Any:
    e = K.batch_dot(query, key, axes=2) / K.sqrt(K.cast(K.shape(query)[-1], dtype=K.floatx()))
    indices = K.expand_dims(K.arange(0, K.shape(key)[1]), axis=0)
    upper = K.expand_dims(K.arange(0, K.shape(query)[1]), axis=-1)
    e -= 10000.0 * K.expand_dims(K.cast(indices > upper, K.floatx()), axis=0)
    e = K.exp(e - K.max(e, axis=-1, keepdims=True))
    return K.batch_dot(e / K.sum(e, axis=-1, keepdims=True), value)


def numpy_causal_attention(query: Any, key: Any, value: Any) -> Any:
    scores = query @ key.transpose(0, 2, 1) / np.sqrt(query.shape[-1])
    return numpy_softmax(scores - 1e4 * np.triu(np.ones(scores.shape[1:]), 1)) @ value


def attention_heads(K: Any, x: Any) -> Any:
    def reshape_to_batches(x: Any, head_num: int) -> Any:
        batch_size, seq_len, feature_dim = (K.shape(x)[i] for i in range(3))
        head_dim = feature_dim // head_num
        x = K.permute_dimensions(K.reshape(x, (batch_size, seq_len, head_num, head_dim)), [0, 2, 1, 3])
        return K.reshape(x, (batch_size * head_num, seq_len, head_dim))

    def reshape_from_batches(x: Any, head_num: int) -> Any:
        batch_size, seq_len, feature_dim = (K.shape(x)[i] for i in range(3))
        x = K.reshape(x, (batch_size // head_num, head_num, seq_len, feature_dim))
        return K.reshape(
            K.permute_dimensions(x, [0, 2, 1, 3]), (batch_size // head_num, seq_len, feature_dim * head_num)
        )

    heads = reshape_to_batches(x, 2)
    attention = K.softmax(K.batch_dot(heads, heads, axes=[2, 2]))
    return reshape_from_batches(K.batch_dot(attention, heads, axes=[2, 1]), 2)


def numpy_attention_heads(x: Any) -> Any:
    heads = np.split(x, 2, axis=-1)
    return np.concatenate([numpy_softmax(one @ one.transpose(0, 2, 1)) @ one for one in heads], -1)


def position_embedding(K: Any, x: Any) -> Any:
    size = 8
    position_j = K.expand_dims(1.0 / K.pow(10000.0, 2 * K.arange(size / 2, dtype="float32") / size), 0)
    position_i = K.expand_dims(K.cumsum(K.ones_like(x[:, :, 0]), 1) - 1, 2)
    position_ij = K.dot(position_i, position_j)
    return K.concatenate([K.cos(position_ij), K.sin(position_ij)], 2) + x


def numpy_position_embedding(x: Any) -> Any:
    angles = np.outer(np.arange(x.shape[1]), 10000.0 ** (-2 * np.arange(4) / 8))
    return x + np.concatenate([np.cos(angles), np.sin(angles)], 1)


def group_normalization(K: Any, inputs: Any, groups: int = 3) -> Any:
    tensor_shape = K.shape(inputs)
    lengths = [tensor_shape[i] for i in range(K.ndim(inputs))]
    group_shape = K.stack([*lengths[:-1], groups, K.int_shape(inputs)[-1] // groups])
    x = K.reshape(inputs, group_shape)
    mean, variance = (statistic(x, axis=[1, 2, 4], keepdims=True) for statistic in (K.mean, K.var))
    return K.reshape((x - mean) / K.sqrt(variance + 1e-5), tensor_shape)


def numpy_group_normalization(inputs: Any) -> Any:
    x = inputs.reshape(*inputs.shape[:-1], 3, -1)
    mean, variance = x.mean((1, 2, 4), keepdims=True), x.var((1, 2, 4), keepdims=True)
    return ((x - mean) / np.sqrt(variance + 1e-5)).reshape(inputs.shape)


def pixel_shuffle(K: Any, x: Any, scale: int = 2) -> Any:
    _, height, width, channels = K.int_shape(x)
    x = K.reshape(x, (-1, height, width, scale, scale, channels // scale**2))
    x = K.permute_dimensions(x, (0, 1, 3, 2, 4, 5))
    return K.reshape(x, (-1, height * scale, width * scale, channels // scale**2))


def numpy_pixel_shuffle(x: Any) -> Any:
    large = np.zeros((len(x), 2 * x.shape[1], 2 * x.shape[2], x.shape[3] // 4))
    for row, column in np.ndindex(2, 2):
        first = (2 * row + column) * large.shape[-1]
        large[:, row::2, column::2] = x[..., first : first + large.shape[-1]]
    return large


def yolo_boxes(K: Any, feats: Any) -> Any:
    anchors = np.array([[10.0, 13.0], [16.0, 30.0]])
    anchors_tensor = K.reshape(K.constant(anchors), [1, 1, 1, 2, 2])
    grid_shape = K.shape(feats)[1:3]  # height, width
    grid_y = K.tile(K.reshape(K.arange(0, stop=grid_shape[0]), [-1, 1, 1, 1]), [1, grid_shape[1], 1, 1])
    grid_x = K.tile(K.reshape(K.arange(0, stop=grid_shape[1]), [1, -1, 1, 1]), [grid_shape[0], 1, 1, 1])
    grid = K.cast(K.concatenate([grid_x, grid_y]), K.dtype(feats))
    feats = K.reshape(feats, [-1, grid_shape[0], grid_shape[1], 2, 5])
    box_xy = (K.sigmoid(feats[..., :2]) + grid) / K.cast(grid_shape[..., ::-1], K.dtype(feats))
    box_wh = K.exp(feats[..., 2:4]) * anchors_tensor / K.cast(grid_shape[..., ::-1] * 32, K.dtype(feats))
    return K.concatenate([box_xy, box_wh, K.sigmoid(feats[..., 4:5])])


def numpy_yolo_boxes(feats: Any) -> Any:
    _, height, width, _ = feats.shape
    feats = feats.reshape(-1, height, width, 2, 5)
    grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), -1)[:, :, None]
    chances = 1 / (1 + np.exp(-feats))
    places = (chances[..., :2] + grid) / [width, height]
    sizes = np.exp(feats[..., 2:4]) * [[10, 13], [16, 30]] / [32 * width, 32 * height]
    return np.concatenate([places, sizes, chances[..., 4:]], -1)


def spatial_transformer(K: Any, image: Any, transformation: Any) -> Any:
    batch_size, height, width, channels = (K.shape(image)[i] for i in range(4))
    x_linspace, y_linspace = K.variable(np.linspace(-1.0, 1.0, 4)), K.variable(np.linspace(-1.0, 1.0, 3))
    x_grid = K.flatten(K.tile(K.expand_dims(x_linspace, 0), [3, 1]))
    y_grid = K.flatten(K.tile(K.expand_dims(y_linspace, 1), [1, 4]))
    grid = K.flatten(K.concatenate([x_grid, y_grid, K.ones_like(x_grid)], 0))
    grids = K.reshape(K.tile(grid, K.stack([batch_size])), (batch_size, 3, 12))
    sampled = K.batch_dot(K.reshape(transformation, (batch_size, 2, 3)), grids)
    x = 0.5 * (K.flatten(sampled[:, 0:1, :]) + 1.0) * K.cast(width - 1, "float32")
    y = 0.5 * (K.flatten(sampled[:, 1:2, :]) + 1.0) * K.cast(height - 1, "float32")
    x0, y0 = K.clip(K.cast(x, "int32"), 0, K.int_shape(image)[2] - 2), K.clip(K.cast(y, "int32"), 0, height - 2)
    base = K.flatten(K.repeat_elements(K.expand_dims(K.arange(0, batch_size) * height * width), 12, axis=1))
    pixels = K.reshape(image, shape=(-1, channels))

    def corner(right: int, down: int) -> Any:
        weight = (1 - K.abs(x - K.cast(x0 + right, "float32"))) * (1 - K.abs(y - K.cast(y0 + down, "float32")))
        return K.expand_dims(weight, 1) * K.gather(pixels, base + (y0 + down) * width + x0 + right)

    interpolated = sum([corner(right, down) for right in (0, 1) for down in (0, 1)])
    return K.reshape(interpolated, (batch_size, 3, 4, channels))


def numpy_spatial_transformer(image: Any, transformation: Any) -> Any:
    rows, columns = np.meshgrid(np.linspace(-1, 1, 3), np.linspace(-1, 1, 4), indexing="ij")
    grid = np.stack([columns.ravel(), rows.ravel(), np.ones(12)])
    result = []
    for pixels, places in zip(image, transformation.reshape(-1, 2, 3) @ grid, strict=True):
        x, y = (places + 1) / 2 * np.array([[pixels.shape[1] - 1], [pixels.shape[0] - 1]])
        left, top = (np.clip(x.astype(int), 0, pixels.shape[1] - 2), np.clip(y.astype(int), 0, pixels.shape[0] - 2))
        right, down = (x - left)[:, None], (y - top)[:, None]
        upper = pixels[top, left] * (1 - right) + pixels[top, left + 1] * right
        lower = pixels[top + 1, left] * (1 - right) + pixels[top + 1, left + 1] * right
        result.append((upper * (1 - down) + lower * down).reshape(3, 4, -1))
    return np.stack(result)


TRANSITIONS = np.arange(16.0).reshape(4, 4) / 16


def crf_normalization(K: Any, inputs: Any) -> Any:
    transitions = K.variable(TRANSITIONS)

    def log_norm_step(inputs: Any, states: Any) -> Any:
        output = K.logsumexp(K.expand_dims(states[0], 2) + K.expand_dims(transitions, 0), 1)
        return output + inputs, [output + inputs]

    log_norm, _, _ = K.rnn(log_norm_step, inputs[:, 1:], [inputs[:, 0]])
    return K.logsumexp(log_norm, 1, keepdims=True)


def numpy_crf_normalization(inputs: Any) -> Any:
    state = inputs[:, 0]
    for step in range(1, inputs.shape[1]):
        state = np.log(np.exp(state[:, :, None] + TRANSITIONS).sum(1)) + inputs[:, step]
    return np.log(np.exp(state).sum(1, keepdims=True))


def deep_clusters(K: Any, inputs: Any, alpha: float = 1.0) -> Any:
    clusters = K.constant(np.linspace(-1, 1, 12).reshape(3, 4))
    q = 1.0 / (1.0 + (K.sum(K.square(K.expand_dims(inputs, axis=1) - clusters), axis=2) / alpha))
    q **= (alpha + 1.0) / 2.0
    return K.transpose(K.transpose(q) / K.sum(q, axis=1))


def numpy_deep_clusters(inputs: Any) -> Any:
    q = 1 / (1 + np.sum((inputs[:, None] - np.linspace(-1, 1, 12).reshape(3, 4)) ** 2, 2))
    return q / q.sum(1, keepdims=True)


def minibatch_deviation(K: Any, x: Any) -> Any:
    deviation = K.sqrt(K.mean(K.square(x - K.mean(x, axis=0, keepdims=True)), axis=0, keepdims=True) + 1e-8)
    shape = K.shape(x)
    return K.concatenate([x, K.tile(K.mean(deviation, keepdims=True), (shape[0], shape[1], shape[2], 1))], axis=-1)


def numpy_minibatch_deviation(x: Any) -> Any:
    return np.concatenate([x, np.full_like(x[..., :1], np.sqrt(x.var(0) + 1e-8).mean())], -1)


LAYERS = [
    Paper(squash, numpy_squash, (normal(4, 6, 5),)),
    Paper(longest_capsule, numpy_longest_capsule, (normal(4, 3, 5),)),
    Paper(word_attention, numpy_word_attention, (normal(4, 6, 5),)),
    Paper(causal_attention, numpy_causal_attention, (normal(2, 4, 3), normal(2, 4, 3) * 2, normal(2, 4, 5))),
    Paper(attention_heads, numpy_attention_heads, (normal(2, 5, 6),)),
    Paper(position_embedding, numpy_position_embedding, (normal(2, 5, 8),)),
    Paper(group_normalization, numpy_group_normalization, (normal(2, 4, 5, 6),)),
    Paper(pixel_shuffle, numpy_pixel_shuffle, (normal(2, 3, 4, 8),)),
    Paper(yolo_boxes, numpy_yolo_boxes, (normal(2, 3, 4, 10),)),
    Paper(spatial_transformer, numpy_spatial_transformer, (uniform(2, 6, 5, 2), uniform(2, 6, low=-0.4, high=0.4))),
    Paper(crf_normalization, numpy_crf_normalization, (normal(3, 5, 4),)),
    Paper(deep_clusters, numpy_deep_clusters, (normal(6, 4),)),
    Paper(minibatch_deviation, numpy_minibatch_deviation, (normal(3, 4, 4, 2),)),
]


@pytest.mark.parametrize("paper", LAYERS, ids=lambda paper: paper.name)
def test_at_once_and_in_a_function(K: ModuleType, paper: Paper) -> None:
    check_at_once(K, paper)
    check_in_a_function(K, paper)
