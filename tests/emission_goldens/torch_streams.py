"""The plan `streams`."""

import torch
import torch.nn.functional as F
from torch import nn

# filters, cells
GROUPS = [
    (8, 2),
    (12, 3),
]


class Learner(nn.Module):
    def __init__(self):
        super().__init__()
        channels = 3
        p_channels = 3
        self.layers = nn.ModuleList()
        for number, (filters, cells) in enumerate(GROUPS, 1):
            if number > 1:
                self.layers.append(Shrink())
            self.layers.append(Group(channels, p_channels, filters, cells))
            p_channels = filters
            channels = filters

    def forward(self, x, p):
        for layer in self.layers:
            x, p = layer(x, p)
        return x, p


class Group(nn.Module):
    def __init__(self, channels, p_channels, filters, cells):
        super().__init__()
        self.cells = nn.ModuleList()
        for _number in range(cells):
            self.cells.append(Cell(channels, p_channels, filters))
            p_channels = channels
            channels = filters

    def forward(self, x, p):
        for cell in self.cells:
            x, p = cell(x, p)
        return x, p


class Cell(nn.Module):
    def __init__(self, channels, p_channels, filters):
        super().__init__()
        self.left = nn.Conv2d(channels, filters, 3, padding=1)
        self.right = nn.Conv2d(p_channels, filters, 1)

    def forward(self, x, p):
        y = self.left(x)
        p = self.right(p)
        y = y + p
        return y, x


class Shrink(nn.Module):
    def forward(self, x, p):
        x = F.max_pool2d(x, 3, stride=2, padding=1)
        p = F.max_pool2d(p, 3, stride=2, padding=1)
        return x, p


class Streams(nn.Module):
    """Input: (batch, 3, 32, 32)."""

    def __init__(self):
        super().__init__()
        self.learner = Learner()

    def forward(self, x):
        p = x
        x, p = self.learner(x, p)
        return x + p


if __name__ == "__main__":
    model = Streams().eval()
    trainable = sum(p.numel() for p in model.parameters())
    # With the statistics of batch norms, as Keras counts.
    count = sum(
        tensor.numel()
        for name, tensor in model.state_dict().items()
        if not name.endswith("num_batches_tracked")
    )
    print(f"Streams: {count:,} parameters, {trainable:,} trainable")
    with torch.no_grad():
        output = model(torch.zeros(1, 3, 32, 32))
    print(f"output {tuple(output.shape)}")
