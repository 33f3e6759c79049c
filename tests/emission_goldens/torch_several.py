"""The plan `several`."""

import torch
import torch.nn.functional as F
from torch import nn


class Join(nn.Module):
    def __init__(self):
        super().__init__()
        self.image = nn.Conv2d(3, 8, 3, padding=1)
        self.mask = nn.Conv2d(1, 8, 3, padding=1)

    def forward(self, image, mask):
        image = self.image(image)
        mask = self.mask(mask)
        x = torch.cat([image, mask], dim=1)
        return x, mask


class Head(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(16, 5)

    def forward(self, x):
        return F.softmax(self.dense(x.mean((2, 3))), dim=1)


class Several(nn.Module):
    """Inputs: image (batch, 3, 16, 16), mask (batch, 1, 16, 16)."""

    def __init__(self):
        super().__init__()
        self.stem = Join()
        self.task = Head()

    def forward(self, image, mask):
        x, mask = self.stem(image, mask)
        tap = F.relu(x)
        x = self.task(tap)
        return x, tap, mask


if __name__ == "__main__":
    model = Several().eval()
    trainable = sum(p.numel() for p in model.parameters())
    # With the statistics of batch norms, as Keras counts.
    count = sum(
        tensor.numel()
        for name, tensor in model.state_dict().items()
        if not name.endswith("num_batches_tracked")
    )
    print(f"Several: {count:,} parameters, {trainable:,} trainable")
    with torch.no_grad():
        outputs = model(torch.zeros(1, 3, 16, 16), torch.zeros(1, 1, 16, 16))
    print(f"outputs {', '.join(str(tuple(output.shape)) for output in outputs)}")
