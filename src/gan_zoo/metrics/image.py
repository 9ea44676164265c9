"""How close predicted pictures are to their targets; both (N, C, H, W) in [-1, 1]."""

import torch
from torch import Tensor
from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure


def paired_scores(prediction: Tensor, target: Tensor) -> dict[str, Tensor]:
    """``l1`` (mean absolute error, of [-1, 1]), ``psnr`` (dB) and ``ssim``, each the mean over images, in float32.

    SSIM has a Gaussian window of 11 px (Wang et al. 2004); pictures with a shorter side have none.
    """
    prediction, target = prediction.float(), target.float()
    with torch.autocast(target.device.type, enabled=False):
        return _paired_scores(prediction, target)


def _paired_scores(prediction: Tensor, target: Tensor) -> dict[str, Tensor]:
    scores = {
        "l1": (prediction - target).abs().mean(),
        "psnr": peak_signal_noise_ratio(
            prediction, target, data_range=(-1.0, 1.0), reduction="elementwise_mean", dim=(1, 2, 3)
        ),
    }
    if min(target.shape[-2:]) >= 11:
        ssim = structural_similarity_index_measure(prediction, target, data_range=(-1.0, 1.0))
        scores["ssim"] = ssim[0] if isinstance(ssim, tuple) else ssim
    return scores
