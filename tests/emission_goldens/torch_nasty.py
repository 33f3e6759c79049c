"""The plan `nasty`."""

from functools import partial

import torch
from torch import nn

BatchNorm = partial(nn.BatchNorm2d, eps=1.001e-5, momentum=0.01)


class NoneBlock(nn.Sequential):
    def __init__(self):
        super().__init__()
        self.conv1__pad = nn.ZeroPad2d((0, 1, 0, 1))
        self.conv1_ = nn.Conv2d(4, 4, 2)
        self.type_ = nn.ReLU()
        self.lambda_ = nn.ReLU()
        self.relu1_1 = nn.ReLU()
        self.conv1_2 = nn.Conv2d(4, 4, 1)
        self.batch_norm3x3 = BatchNorm(4)
        self.bn0 = BatchNorm(4)
        self.batch_norm = BatchNorm(4)
        self.x = BatchNorm(4)
        for number in range(1, 3):
            self.add_module(f"conv{number}", nn.Conv2d(4, 4, 1))


class Nn(nn.Sequential):
    """\"\""; import os; \\"""

    def __init__(self, training=True):
        super().__init__()
        self.forward_pad = nn.ZeroPad2d((0, 1, 0, 1))
        self.forward_ = nn.Conv2d(4, 4, 2)
        self.forward_2 = nn.ReLU()
        if training:
            self.training_ = BatchNorm(4)
        self.conv2 = nn.Conv2d(4, 4, 1)


class FModel(nn.Sequential):
    """Input: (batch, 4, 8, 8)."""

    def __init__(self):
        super().__init__()
        self.None0 = NoneBlock()
        self.nn1 = Nn()
        self.eval_ = Nn(training=False)


if __name__ == "__main__":
    model = FModel().eval()
    trainable = sum(p.numel() for p in model.parameters())
    # With the statistics of batch norms, as Keras counts.
    count = sum(
        tensor.numel()
        for name, tensor in model.state_dict().items()
        if not name.endswith("num_batches_tracked")
    )
    print(f"FModel: {count:,} parameters, {trainable:,} trainable")
    with torch.no_grad():
        output = model(torch.zeros(1, 4, 8, 8))
    print(f"output {tuple(output.shape)}")
