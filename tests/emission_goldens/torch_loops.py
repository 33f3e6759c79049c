"""The plan `loops`."""

import torch
import torch.nn.functional as F
from torch import nn

SCALES = [4, 6, 8]


class Learner(nn.Module):
    def __init__(self, layers=3):
        super().__init__()
        self.first = nn.Conv2d(3, 4, 1)
        self.layers = nn.Sequential()
        for number in range(2):
            self.layers.add_module(f"conv{number}", nn.Conv2d(4, 4, 1))
            self.layers.add_module(f"relu{number}", nn.ReLU())
        channels = 4
        self.layers2 = nn.ModuleList()
        for _number in range(1, layers + 1):
            self.layers2.append(DenseBlock(channels, growth=4))
            channels += 4
        self.stages = nn.ModuleList()
        for width in SCALES:
            self.stages.append(LearnerStage(width, channels))
        self.last = nn.Conv2d(4, channels, 1)

    def forward(self, x):
        first = self.first(x)
        x = self.layers(first)
        for layer in self.layers2:
            new = layer(x)
            x = torch.cat([x, new], dim=1)
        for stage in self.stages:
            x = stage(x)
        first = self.last(first)
        return x + first


class LearnerStage(nn.Module):
    def __init__(self, width, channels):
        super().__init__()
        self.in_ = nn.Conv2d(channels, width, 1)
        self.out = nn.Conv2d(width, channels, 1)
        self.has_add = width > 5
        self.has_relu = width <= 5

    def forward(self, x):
        y = self.out(self.in_(x))
        if self.has_add:
            x = x + y
        if self.has_relu:
            x = F.relu(y)
        return x


class DenseBlock(nn.Sequential):
    def __init__(self, channels, growth):
        super().__init__()
        self.conv = nn.Conv2d(channels, growth, 3, padding=1)
        self.relu = nn.ReLU()


class Loops(nn.Sequential):
    """Input: (batch, 3, 32, 32)."""

    def __init__(self):
        super().__init__()
        self.learner = Learner()


if __name__ == "__main__":
    model = Loops().eval()
    trainable = sum(p.numel() for p in model.parameters())
    # With the statistics of batch norms, as Keras counts.
    count = sum(
        tensor.numel()
        for name, tensor in model.state_dict().items()
        if not name.endswith("num_batches_tracked")
    )
    print(f"Loops: {count:,} parameters, {trainable:,} trainable")
    with torch.no_grad():
        output = model(torch.zeros(1, 3, 32, 32))
    print(f"output {tuple(output.shape)}")
