"""The plan `residual`."""

from functools import partial

import torch
import torch.nn.functional as F
from torch import nn

BatchNorm = partial(nn.BatchNorm2d, eps=1.001e-5, momentum=0.01)

# filters, blocks, stride
GROUPS = [
    (8, 2, 1),
    (16, 3, 2),
]


class Stem(nn.Sequential):
    """The first layers: "large" windows."""

    def __init__(self):
        super().__init__()
        self.conv1_conv = nn.Conv2d(3, 16, 7, stride=2, padding=3)
        self.conv1_bn = BatchNorm(16)
        self.conv1_relu = nn.ReLU()
        self.pool1_pool = nn.MaxPool2d(3, stride=2, padding=1)


class Learner(nn.Sequential):
    def __init__(self):
        super().__init__()
        channels = 16
        for number, (filters, blocks, stride) in enumerate(GROUPS, 1):
            self.add_module(f"group{number}", Group(channels, filters, blocks, stride))
            channels = 4 * filters


class Group(nn.Sequential):
    def __init__(self, in_channels, filters, blocks, stride):
        super().__init__()
        self.block1 = ProjectionBlock(in_channels, filters, stride)
        for block in range(2, blocks + 1):
            self.add_module(f"block{block}", IdentityBlock(filters))


class ProjectionBlock(nn.Module):
    def __init__(self, in_channels, filters, stride):
        super().__init__()
        self.conv_bn0 = ConvBn(
            in_channels, filters=4 * filters, kernel=1, stride=stride
        )
        self.conv_bn1 = ConvBn(in_channels, filters, kernel=1, stride=stride)
        self.conv_bn2 = ConvBn(filters, filters=4 * filters, kernel=1)

    def forward(self, x):
        shortcut = self.conv_bn0(x)
        x = F.relu(self.conv_bn1(x))
        x = self.conv_bn2(x)
        return F.relu(shortcut + x)


class ConvBn(nn.Sequential):
    def __init__(self, in_channels, filters, kernel, stride=1):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, filters, kernel, stride=stride)
        self.bn = BatchNorm(filters)


class IdentityBlock(nn.Module):
    def __init__(self, filters):
        super().__init__()
        self.conv1 = nn.Conv2d(4 * filters, filters, 1)
        self.bn1 = BatchNorm(filters)
        self.conv2 = nn.Conv2d(filters, 4 * filters, 1)
        self.bn2 = BatchNorm(4 * filters)

    def forward(self, x):
        residual = F.relu(self.bn1(self.conv1(x)))
        residual = self.bn2(self.conv2(residual))
        return F.relu(x + residual)


class Task(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.predictions = nn.Linear(64, classes)

    def forward(self, x):
        return F.softmax(self.predictions(x.mean((2, 3))), dim=1)


class SmallResnet(nn.Sequential):
    """Input: (batch, 3, 32, 32)."""

    def __init__(self, classes=10):
        super().__init__()
        self.stem = Stem()
        self.learner = Learner()
        self.task = Task(classes)


if __name__ == "__main__":
    model = SmallResnet().eval()
    trainable = sum(p.numel() for p in model.parameters())
    # With the statistics of batch norms, as Keras counts.
    count = sum(
        tensor.numel()
        for name, tensor in model.state_dict().items()
        if not name.endswith("num_batches_tracked")
    )
    print(f"SmallResnet: {count:,} parameters, {trainable:,} trainable")
    with torch.no_grad():
        output = model(torch.zeros(1, 3, 32, 32))
    print(f"output {tuple(output.shape)}")
