"""Multiply-adds against the figures that papers and model tables give."""

from __future__ import annotations

import pytest

import archc
from archc.analyses import analyse

PUBLISHED = [
    # He et al., 2015, table 1, for the form with the stride on the first 1×1
    ("resnet50", 3.86e9, 0.005),
    ("resnet101", 7.58e9, 0.005),
    ("resnet152", 11.3e9, 0.005),
    # the table of torchvision's models, "GFLOPS", which are multiply-adds
    ("resnet18", 1.81e9, 0.005),
    ("resnet34", 3.66e9, 0.005),
    ("vgg@vgg16", 15.47e9, 0.005),
    ("vgg@vgg19", 19.63e9, 0.005),
    ("densenet@densenet121", 2.83e9, 0.005),
    ("densenet@densenet169", 3.36e9, 0.005),
    ("densenet@densenet201", 4.29e9, 0.005),
    ("inception_v3", 5.71e9, 0.005),
    ("vit@b16", 17.56e9, 0.005),
    ("convnext@tiny", 4.46e9, 0.005),
    ("convnext@small", 8.68e9, 0.005),
    ("convnext@base", 15.36e9, 0.005),
    # Sandler et al., 2018, table 4
    ("mobilenet_v2", 300e6, 0.01),
    # Howard et al., 2019, table 3
    ("mobilenet_v3@large", 219e6, 0.02),
    ("mobilenet_v3@small", 56e6, 0.05),
    # Tan and Le, 2019, table 2
    ("efficientnet@b0", 0.39e9, 0.02),
    ("efficientnet@b1", 0.70e9, 0.03),
    ("efficientnet@b4", 4.2e9, 0.06),
    # Zoph et al., 2018, table 2
    ("nasnet@large", 23.8e9, 0.005),
    ("nasnet@mobile", 564e6, 0.02),
]


@pytest.mark.parametrize(("reference", "macs", "tolerance"), PUBLISHED)
def test_macs(reference: str, macs: float, tolerance: float) -> None:
    assert analyse(archc.load(reference).graph()).total.macs == pytest.approx(macs, rel=tolerance)
