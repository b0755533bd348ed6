"""Losses and metrics as their papers' implementations compute them with K, against numpy."""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from .papers import Paper, check_at_once, check_gradients, check_in_a_function, classes, normal, uniform

MASKS, MAPS = (uniform(3, 4, 4, 1) > 0.5).astype("float32"), uniform(3, 4, 4, 1)
LABELS, CHANCES = (uniform(6, 1) > 0.5).astype("float32"), uniform(6, 1)


def dice(K: Any, y_true: Any, y_pred: Any) -> Any:
    intersection = K.sum(y_true * y_pred, axis=[1, 2, 3])
    union = K.sum(y_true, axis=[1, 2, 3]) + K.sum(y_pred, axis=[1, 2, 3])
    return 1 - K.mean((2.0 * intersection + 1) / (union + 1), axis=0)


def numpy_dice(y_true: Any, y_pred: Any) -> Any:
    union = y_true.sum((1, 2, 3)) + y_pred.sum((1, 2, 3))
    return 1 - np.mean((2 * (y_true * y_pred).sum((1, 2, 3)) + 1) / (union + 1))


def jaccard(K: Any, y_true: Any, y_pred: Any, smooth: float = 100) -> Any:
    intersection = K.sum(K.abs(y_true * y_pred), axis=-1)
    sum_ = K.sum(K.abs(y_true) + K.abs(y_pred), axis=-1)
    return (1 - (intersection + smooth) / (sum_ - intersection + smooth)) * smooth


def numpy_jaccard(y_true: Any, y_pred: Any) -> Any:
    both = (y_true * y_pred).sum(-1)
    return 100 * (1 - (both + 100) / ((y_true + y_pred).sum(-1) - both + 100))


def tversky(K: Any, y_true: Any, y_pred: Any, alpha: float = 0.7, smooth: float = 1) -> Any:
    y_true_pos, y_pred_pos = K.flatten(y_true), K.flatten(y_pred)
    true_pos = K.sum(y_true_pos * y_pred_pos)
    false_neg = K.sum(y_true_pos * (1 - y_pred_pos))
    false_pos = K.sum((1 - y_true_pos) * y_pred_pos)
    found = (true_pos + smooth) / (true_pos + alpha * false_neg + (1 - alpha) * false_pos + smooth)
    return K.pow((1 - found), 0.75)


def numpy_tversky(y_true: Any, y_pred: Any) -> Any:
    hit, missed, wrong = (np.sum(n) for n in (y_true * y_pred, y_true * (1 - y_pred), (1 - y_true) * y_pred))
    return (1 - (hit + 1) / (hit + 0.7 * missed + 0.3 * wrong + 1)) ** 0.75


def binary_focal(K: Any, y_true: Any, y_pred: Any, gamma: float = 2.0, alpha: float = 0.25) -> Any:
    y_pred = K.clip(y_pred, K.epsilon(), 1.0 - K.epsilon())
    p_t = K.switch(K.equal(y_true, 1), y_pred, 1 - y_pred)
    alpha_factor = K.ones_like(y_true) * alpha
    alpha_t = K.switch(K.equal(y_true, 1), alpha_factor, 1 - alpha_factor)
    return K.mean(K.sum(alpha_t * K.pow((1 - p_t), gamma) * -K.log(p_t), axis=1))


def numpy_binary_focal(y_true: Any, y_pred: Any) -> Any:
    chance = np.where(y_true == 1, y_pred, 1 - y_pred)
    return np.mean(np.where(y_true == 1, 0.25, 0.75) * (1 - chance) ** 2 * -np.log(chance))


def weighted_crossentropy(K: Any, y_true: Any, y_pred: Any) -> Any:
    weights = K.variable(np.array([0.5, 2.0, 10.0]))
    y_pred /= K.sum(y_pred, axis=-1, keepdims=True)
    y_pred = K.clip(y_pred, K.epsilon(), 1 - K.epsilon())
    return -K.sum(y_true * K.log(y_pred) * weights, -1)


def numpy_weighted_crossentropy(y_true: Any, y_pred: Any) -> Any:
    return -np.sum(y_true * np.log(y_pred / y_pred.sum(-1, keepdims=True)) * [0.5, 2.0, 10.0], -1)


def huber(K: Any, y_true: Any, y_pred: Any, clip_delta: float = 1.0) -> Any:
    error = y_true - y_pred
    squared_loss = 0.5 * K.square(error)
    linear_loss = clip_delta * (K.abs(error) - 0.5 * clip_delta)
    return K.mean(K.switch(K.abs(error) < clip_delta, squared_loss, linear_loss))


def numpy_huber(y_true: Any, y_pred: Any) -> Any:
    error = np.abs(y_true - y_pred)
    return np.mean(np.where(error < 1, 0.5 * error**2, error - 0.5))


def wing(K: Any, landmarks: Any, labels: Any, w: float = 10.0, epsilon: float = 2.0) -> Any:
    c = w * (1.0 - math.log(1.0 + w / epsilon))
    absolute_x = K.abs(landmarks - labels)
    losses = K.switch(K.greater(w, absolute_x), w * K.log(1.0 + absolute_x / epsilon), absolute_x - c)
    return K.mean(K.sum(losses, axis=[1]), axis=0)


def numpy_wing(landmarks: Any, labels: Any) -> Any:
    x = np.abs(landmarks - labels)
    return np.mean(np.sum(np.where(x < 10, 10 * np.log(1 + x / 2), x - 10 * (1 - np.log(6))), 1))


def contrastive(K: Any, y_true: Any, y_pred: Any) -> Any:
    return K.mean(y_true * K.square(y_pred) + (1 - y_true) * K.square(K.maximum(1 - y_pred, 0)))


def numpy_contrastive(y_true: Any, y_pred: Any) -> Any:
    return np.mean(y_true * y_pred**2 + (1 - y_true) * np.maximum(1 - y_pred, 0) ** 2)


def triplet(K: Any, y_pred: Any, alpha: float = 0.2) -> Any:
    total_length = y_pred.shape.as_list()[-1]
    anchor = y_pred[:, 0 : int(total_length * 1 / 3)]
    positive = y_pred[:, int(total_length * 1 / 3) : int(total_length * 2 / 3)]
    negative = y_pred[:, int(total_length * 2 / 3) : int(total_length * 3 / 3)]
    positive_distance = K.sum(K.square(anchor - positive), axis=1)
    return K.maximum(positive_distance - K.sum(K.square(anchor - negative), axis=1) + alpha, 0.0)


def numpy_triplet(y_pred: Any) -> Any:
    anchor, positive, negative = np.split(y_pred, 3, axis=1)
    return np.maximum(np.sum((anchor - positive) ** 2, 1) - np.sum((anchor - negative) ** 2, 1) + 0.2, 0)


def mixture_density(K: Any, y_true: Any, params: Any) -> Any:
    c, m = 2, 3
    mu = K.reshape(params[:, : m * c], (-1, m, c))
    sigma, alpha = K.exp(params[:, m * c : m * c + m]), K.softmax(params[:, m * c + m :])
    distance = K.sum(K.square(K.expand_dims(y_true, 1) - mu), axis=-1)
    exponent = K.log(alpha) - 0.5 * c * np.log(2 * np.pi) - c * K.log(sigma) - distance / (2 * sigma**2)
    return -K.logsumexp(exponent, axis=1)


def numpy_mixture_density(y_true: Any, params: Any) -> Any:
    means, sigma, logits = params[:, :6].reshape(-1, 3, 2), np.exp(params[:, 6:9]), params[:, 9:]
    alpha = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    distance = np.sum((y_true[:, None] - means) ** 2, -1)
    return -np.log(np.sum(alpha / (2 * np.pi * sigma**2) * np.exp(-distance / (2 * sigma**2)), 1))


def kappa(K: Any, y_true: Any, y_pred: Any) -> Any:
    grades = K.arange(4, dtype="float32")
    weights = K.square(K.expand_dims(grades, 0) - K.expand_dims(grades, 1)) / float((4 - 1) ** 2)
    observed = K.dot(K.transpose(y_true), y_pred)
    true_histogram, pred_histogram = K.sum(y_true, axis=0), K.sum(y_pred, axis=0)
    expected = true_histogram[:, None] * pred_histogram[None, :] / K.sum(true_histogram)
    return 1 - K.sum(weights * observed) / K.sum(weights * expected)


def numpy_kappa(y_true: Any, y_pred: Any) -> Any:
    weights = np.subtract.outer(np.arange(4), np.arange(4)) ** 2 / 9
    return 1 - np.sum(weights * (y_true.T @ y_pred)) / np.sum(
        weights * np.outer(y_true.sum(0), y_pred.sum(0)) / len(y_true)
    )


def f1(K: Any, y_true: Any, y_pred: Any) -> Any:
    true_positives = K.sum(K.round(K.clip(y_true * y_pred, 0, 1)))
    recall = true_positives / (K.sum(K.round(K.clip(y_true, 0, 1))) + K.epsilon())
    precision = true_positives / (K.sum(K.round(K.clip(y_pred, 0, 1))) + K.epsilon())
    return 2 * ((precision * recall) / (precision + recall + K.epsilon()))


def numpy_f1(y_true: Any, y_pred: Any) -> Any:
    hits = np.sum(np.round(y_true * y_pred))
    return 2 * hits / (np.sum(y_true) + np.sum(np.round(y_pred)))


def total_variation(K: Any, x: Any) -> Any:
    a = K.square(x[:, :-1, :-1, :] - x[:, 1:, :-1, :])
    b = K.square(x[:, :-1, :-1, :] - x[:, :-1, 1:, :])
    return K.sum(K.pow(a + b, 1.25))


def numpy_total_variation(x: Any) -> Any:
    down, right = np.diff(x, axis=1)[:, :, :-1], np.diff(x, axis=2)[:, :-1]
    return np.sum((down**2 + right**2) ** 1.25)


def batch_hard(K: Any, embeddings: Any, labels: Any) -> Any:
    square = K.sum(embeddings * embeddings, 1)
    distances = square[None, :] - 2.0 * K.dot(embeddings, K.transpose(embeddings)) + square[:, None]
    equal = K.cast(K.equal(labels, K.transpose(labels)), "float32")
    furthest = K.max(equal * distances, axis=1, keepdims=True)
    nearest = K.min(distances + K.max(distances, axis=1, keepdims=True) * equal, axis=1, keepdims=True)
    return K.mean(K.maximum(furthest - nearest + 0.5, 0.0))


def numpy_batch_hard(embeddings: Any, labels: Any) -> Any:
    distances = np.sum((embeddings[:, None] - embeddings[None]) ** 2, -1)
    equal = labels == labels.T
    nearest = np.where(equal, distances + distances.max(1, keepdims=True), distances).min(1)
    return np.mean(np.maximum(np.where(equal, distances, 0).max(1) - nearest + 0.5, 0))


LOSSES = [
    Paper(dice, numpy_dice, (MASKS, MAPS)),
    Paper(jaccard, numpy_jaccard, (MASKS, MAPS)),
    Paper(tversky, numpy_tversky, (MASKS, MAPS)),
    Paper(binary_focal, numpy_binary_focal, (LABELS, CHANCES)),
    Paper(weighted_crossentropy, numpy_weighted_crossentropy, (classes(5, 3), uniform(5, 3))),
    Paper(huber, numpy_huber, (normal(5, 3), normal(5, 3) * 3)),
    Paper(wing, numpy_wing, (normal(4, 6) * 20, normal(4, 6))),
    Paper(contrastive, numpy_contrastive, (LABELS, CHANCES)),
    Paper(triplet, numpy_triplet, (normal(4, 9),)),
    Paper(mixture_density, numpy_mixture_density, (normal(5, 2), normal(5, 12))),
    Paper(total_variation, numpy_total_variation, (uniform(2, 5, 6, 3),)),
]
METRICS = [
    Paper(kappa, numpy_kappa, (classes(9, 4), uniform(9, 4))),
    Paper(f1, numpy_f1, (LABELS, CHANCES)),
    Paper(batch_hard, numpy_batch_hard, (normal(6, 4), np.array([[0], [1], [2], [0], [1], [2]], "float32"))),
]


@pytest.mark.parametrize("paper", LOSSES + METRICS, ids=lambda paper: paper.name)
def test_at_once_and_in_a_function(K: ModuleType, paper: Paper) -> None:
    check_at_once(K, paper)
    check_in_a_function(K, paper)


@pytest.mark.parametrize("paper", LOSSES, ids=lambda paper: paper.name)
def test_gradient_of_the_prediction(K: ModuleType, paper: Paper) -> None:
    K.set_floatx("float64")
    check_gradients(K, paper, argument=len(paper.inputs) - 1)
