"""Linear separability: how well a plane in a latent space tells attributes of its pictures apart.

Karras et al. 2019 (sec. 4.2): exp of the summed conditional entropies H(Y | X) in nats; the reference (NVlabs/stylegan
@ 1e0d5c7, ``metrics/linear_separability.py``) takes bits and powers of 2, which is the same. There: 200,000 samples, 40
attributes of CelebA, the more confident half of the samples, a linear support vector machine.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

Rule = Callable[[Tensor, Tensor], Tensor]


def most_confident(logits: Tensor, keep: int) -> Tensor:
    """Indices (keep,) of the samples of which a classifier is surest, surest first; equals in their order.

    The classifier's probabilities are softmax([logit, -logit]), of logits (N,): those that round to 1 are equals.
    """
    surest = torch.stack([logits, -logits]).softmax(dim=0).amax(dim=0)
    return surest.argsort(descending=True, stable=True)[:keep]


def joint_table(predicted: Tensor, classes: Tensor) -> Tensor:
    """(2, 2) frequencies of two classes 0 and 1 of N samples, rows ``predicted``, columns ``classes``, in float64."""
    counts = torch.bincount(2 * predicted.long() + classes.long(), minlength=4)
    return counts.view(2, 2).double() / len(classes)


def conditional_entropy(table: Tensor) -> Tensor:
    """H(column | row) of a table of joint frequencies, in bits: () scalar, at least 0."""
    table = table / table.sum()
    given = table / table.sum(dim=1, keepdim=True)
    terms = torch.special.xlogy(table, given.where(table > 0, 1.0))
    bits: Tensor = -terms.sum() / math.log(2)
    return bits.clamp(min=0)


def support_vectors(codes: Tensor, classes: Tensor) -> Tensor:
    """Classes (N,) that scikit-learn's ``LinearSVC``, fitted with its defaults to codes (N, D), finds for them.

    Raises:
        ValueError: there is one class only.
    """
    from sklearn.svm import LinearSVC  # an extra

    machine = LinearSVC(dual="auto").fit(codes.numpy(force=True), classes.numpy(force=True))
    return torch.from_numpy(machine.predict(codes.numpy(force=True)))


def attribute_table(codes: Tensor, logits: Tensor, keep: int, rule: Rule = support_vectors) -> Tensor:
    """The table of one attribute's ``keep`` surest samples: sides of the fitted plane, and classes.

    Where ``rule`` cannot be fitted, as with one class only, the plane counts as perfect: (2, 2) / 2.
    """
    kept = most_confident(logits, keep)
    classes = (logits[kept] <= 0).long()
    try:
        predicted = rule(codes[kept], classes)
    except ValueError:
        return 0.5 * torch.eye(2, dtype=torch.float64)
    return joint_table(predicted.to(classes.device), classes)


def separability(codes: Tensor, logits: Tensor, keep: int, rule: Rule = support_vectors) -> Tensor:
    """2^(sum of the attributes' conditional entropies): () scalar, at least 1; the lower, the less entangled.

    Args:
        codes: (N, D), latents or styles of N samples.
        logits: (A, N), of A classifiers of the samples' pictures, above 0 for class 0; or labels, as 1 and -1.
        keep: samples of which a classifier is surest, half of them in the paper.
        rule: codes (K, D) and classes (K,) to the classes that fitted planes give; ``ValueError`` where it cannot.
    """
    entropies = [conditional_entropy(attribute_table(codes, row, keep, rule)) for row in logits]
    return torch.stack(entropies).sum().exp2()
