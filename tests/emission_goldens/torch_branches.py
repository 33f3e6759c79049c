"""The plan `branches`."""

import torch
import torch.nn.functional as F
from torch import nn


class Block(nn.Module):
    def __init__(self, in_channels, filters, stride=1, wide=False):
        super().__init__()
        self.project = stride != 1 or in_channels != filters
        if self.project:
            self.conv0 = nn.Conv2d(in_channels, filters, 1, stride=stride)
            self.bn0 = nn.BatchNorm2d(filters, eps=1.001e-5, momentum=0.01)
        self.conv1 = nn.Conv2d(in_channels, filters, 3, stride=stride, padding=1)
        hidden = filters
        if wide:
            hidden = 2 * filters
        self.has_bn = filters > 8
        if self.has_bn:
            self.bn = nn.BatchNorm2d(filters, eps=1.001e-5, momentum=0.01)
            self.wide = wide
        self.conv2 = nn.Conv2d(filters, hidden, 1)
        self.conv3 = nn.Conv2d(hidden, filters, 1)
        self.changes_taken = stride == 1

    def forward(self, x):
        shortcut = x
        if self.project:
            shortcut = self.bn0(self.conv0(shortcut))
        x = self.conv1(x)
        if self.has_bn:
            x = self.bn(x)
            if self.wide:
                x = F.relu(x)
        x = self.conv3(self.conv2(x))
        taken = shortcut if self.changes_taken else x
        x = x + taken
        if self.changes_taken:
            x = F.relu(x)
        return x


class Tail(nn.Sequential):
    def __init__(self, channels, deep=True):
        super().__init__()
        if deep and channels > 4:
            self.conv = nn.Conv2d(channels, channels, 1)
        self.relu = nn.ReLU()


class Branches(nn.Sequential):
    """Input: (batch, 3, 32, 32)."""

    def __init__(self, deep=True):
        super().__init__()
        self.a = Block(3, filters=8)
        self.b = Block(8, filters=8, wide=True)
        self.c = Block(8, filters=16, stride=2, wide=deep)
        self.d = Tail(16, deep=deep)


if __name__ == "__main__":
    model = Branches().eval()
    trainable = sum(p.numel() for p in model.parameters())
    # With the statistics of batch norms, as Keras counts.
    count = sum(
        tensor.numel()
        for name, tensor in model.state_dict().items()
        if not name.endswith("num_batches_tracked")
    )
    print(f"Branches: {count:,} parameters, {trainable:,} trainable")
    with torch.no_grad():
        output = model(torch.zeros(1, 3, 32, 32))
    print(f"output {tuple(output.shape)}")
