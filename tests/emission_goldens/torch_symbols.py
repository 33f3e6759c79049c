"""The plan `symbols`."""

import torch
import torch.nn.functional as F
from torch import nn

# kernel, activation
BLOCKS = [
    (3, "relu"),
    ((1, 3), "silu"),
    (5, "gelu"),
]


def round_to(x, d=8):
    """The multiple of d nearest to x, at least d."""
    return max(d, int(x + d / 2) // d * d)


def divisible(x, d=8):
    """The multiple of d nearest to x, at least d and at least 90 % of x."""
    rounded = round_to(x, d)
    return rounded if rounded >= 0.9 * x else rounded + d


def pad_same(x, kernel_size, stride, dilation=1, value=0.0):
    """Pads x so that windows give ceil(side / stride) outputs, an odd one at the end."""
    pads = []
    for axis in range(-1, 1 - x.ndim, -1):
        k, s, d = (
            v if isinstance(v, int) else v[axis]
            for v in (kernel_size, stride, dilation)
        )
        side = x.shape[axis]
        total = max((-(-side // s) - 1) * s + (k - 1) * d + 1 - side, 0)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads, value=value)


class Conv2dSame(nn.Conv2d):
    """Conv2d with TensorFlow's "same" padding: asymmetric where the stride needs it."""

    def forward(self, x):
        return super().forward(
            pad_same(x, self.kernel_size, self.stride, self.dilation)
        )


class Activation(nn.Module):
    """An activation by its name."""

    def __init__(self, kind):
        super().__init__()
        self.function = {
            "linear": nn.Identity(),
            "relu": nn.ReLU(),
            "relu6": nn.ReLU6(),
            "selu": nn.SELU(),
            "gelu": nn.GELU(),
            "silu": nn.SiLU(),
            "hard_silu": nn.Hardswish(),
            "sigmoid": nn.Sigmoid(),
            "hard_sigmoid": nn.Hardsigmoid(),
            "tanh": nn.Tanh(),
            "softmax": nn.Softmax(dim=1),
            "mish": nn.Mish(),
            "leaky_relu": nn.LeakyReLU(),
            "elu": nn.ELU(),
        }[kind]

    def forward(self, x):
        return self.function(x)


class Learner(nn.Sequential):
    def __init__(self, width):
        super().__init__()
        channels = 3
        for index, (kernel, activation) in enumerate(BLOCKS):
            self.add_module(
                f"block{index}",
                Block(channels, width, kernel, activation, number=index),
            )
            channels = divisible(channels * width)


class Block(nn.Sequential):
    def __init__(self, channels, width, kernel, activation, number):
        super().__init__()
        self.add_module(
            f"conv{number}",
            Conv2dSame(channels, divisible(channels * width), kernel, stride=2),
        )
        self.add_module(f"conv{number}_activation", Activation(kind=activation))


class Task(nn.Module):
    def forward(self, x):
        return x.mean((2, 3))


class Symbols(nn.Sequential):
    """Input: (batch, 3, 32, 32)."""

    def __init__(self, width=4.0):
        super().__init__()
        self.learner = Learner(width)
        self.task = Task()


if __name__ == "__main__":
    model = Symbols().eval()
    trainable = sum(p.numel() for p in model.parameters())
    # With the statistics of batch norms, as Keras counts.
    count = sum(
        tensor.numel()
        for name, tensor in model.state_dict().items()
        if not name.endswith("num_batches_tracked")
    )
    print(f"Symbols: {count:,} parameters, {trainable:,} trainable")
    with torch.no_grad():
        output = model(torch.zeros(1, 3, 32, 32))
    print(f"output {tuple(output.shape)}")
