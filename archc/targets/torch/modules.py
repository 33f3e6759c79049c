"""What PyTorch lacks, as the emitted source has it. Importing this loads PyTorch.

The text of what a network needs is copied into its source, with all that it uses from here. Tensors
are (N, C, *sides): one side is a sequence, two an image, three a volume; a vector is (N, C).
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, misc"

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - the name that PyTorch's own documentation gives it
from torch import nn


def pad_same(x, kernel_size, stride, dilation=1, value=0.0):
    """Pads x so that windows give ceil(side / stride) outputs, an odd one at the end."""
    pads = []
    for axis in range(-1, 1 - x.ndim, -1):
        k, s, d = (v if isinstance(v, int) else v[axis] for v in (kernel_size, stride, dilation))
        side = x.shape[axis]
        total = max((-(-side // s) - 1) * s + (k - 1) * d + 1 - side, 0)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads, value=value)


class Conv1dSame(nn.Conv1d):
    """Conv1d with TensorFlow's "same" padding: asymmetric where the stride needs it."""

    def forward(self, x):
        return super().forward(pad_same(x, self.kernel_size, self.stride, self.dilation))


class Conv2dSame(nn.Conv2d):
    """Conv2d with TensorFlow's "same" padding: asymmetric where the stride needs it."""

    def forward(self, x):
        return super().forward(pad_same(x, self.kernel_size, self.stride, self.dilation))


class Conv3dSame(nn.Conv3d):
    """Conv3d with TensorFlow's "same" padding: asymmetric where the stride needs it."""

    def forward(self, x):
        return super().forward(pad_same(x, self.kernel_size, self.stride, self.dilation))


class MaxPool1dSame(nn.MaxPool1d):
    """MaxPool1d with TensorFlow's "same" padding: asymmetric where the stride needs it."""

    def forward(self, x):
        x = pad_same(x, self.kernel_size, self.stride, value=-torch.inf)
        return super().forward(x)


class MaxPool2dSame(nn.MaxPool2d):
    """MaxPool2d with TensorFlow's "same" padding: asymmetric where the stride needs it."""

    def forward(self, x):
        x = pad_same(x, self.kernel_size, self.stride, value=-torch.inf)
        return super().forward(x)


class MaxPool3dSame(nn.MaxPool3d):
    """MaxPool3d with TensorFlow's "same" padding: asymmetric where the stride needs it."""

    def forward(self, x):
        x = pad_same(x, self.kernel_size, self.stride, value=-torch.inf)
        return super().forward(x)


class AvgPool1dSame(nn.AvgPool1d):
    """AvgPool1d with TensorFlow's "same" padding, which is no part of a mean."""

    def forward(self, x):
        share = pad_same(torch.ones_like(x[:1, :1]), self.kernel_size, self.stride)
        x = pad_same(x, self.kernel_size, self.stride)
        return super().forward(x) / super().forward(share)


class AvgPool2dSame(nn.AvgPool2d):
    """AvgPool2d with TensorFlow's "same" padding, which is no part of a mean."""

    def forward(self, x):
        share = pad_same(torch.ones_like(x[:1, :1]), self.kernel_size, self.stride)
        x = pad_same(x, self.kernel_size, self.stride)
        return super().forward(x) / super().forward(share)


class AvgPool3dSame(nn.AvgPool3d):
    """AvgPool3d with TensorFlow's "same" padding, which is no part of a mean."""

    def forward(self, x):
        share = pad_same(torch.ones_like(x[:1, :1]), self.kernel_size, self.stride)
        x = pad_same(x, self.kernel_size, self.stride)
        return super().forward(x) / super().forward(share)


def side_pads(padding, rank):
    """F.pad's list, last side first, of n, or of n or (before, after) for each side."""
    sides = [padding] * rank if isinstance(padding, int) else padding
    pairs = [(side, side) if isinstance(side, int) else side for side in sides]
    return [pad for pair in reversed(pairs) for pad in pair]


def pad_window(x, kernel_size, stride, dilation, padding, value=0.0):
    """Pads x for a window: "same", "valid", "symmetric", or numbers for the sides."""
    rank = x.ndim - 2
    if padding == "same":
        return pad_same(x, kernel_size, stride, dilation, value)
    if padding == "valid":
        return x
    if padding == "symmetric":
        k, d = ([v] * rank if isinstance(v, int) else v for v in (kernel_size, dilation))
        padding = [((k[axis] - 1) * d[axis] + 1) // 2 for axis in range(rank)]
    return F.pad(x, side_pads(padding, rank), value=value)


class PaddedConv1d(nn.Conv1d):
    """Conv1d with padding "same" as TensorFlow has it, "valid", "symmetric", or numbers."""

    def __init__(self, in_channels, out_channels, kernel_size, padding="same", **options):
        super().__init__(in_channels, out_channels, kernel_size, **options)
        self.pads = padding

    def padded(self, x):
        return pad_window(x, self.kernel_size, self.stride, self.dilation, self.pads)

    def forward(self, x):
        return super().forward(self.padded(x))


class PaddedConv2d(nn.Conv2d):
    """Conv2d with padding "same" as TensorFlow has it, "valid", "symmetric", or numbers."""

    def __init__(self, in_channels, out_channels, kernel_size, padding="same", **options):
        super().__init__(in_channels, out_channels, kernel_size, **options)
        self.pads = padding

    def padded(self, x):
        return pad_window(x, self.kernel_size, self.stride, self.dilation, self.pads)

    def forward(self, x):
        return super().forward(self.padded(x))


class PaddedConv3d(nn.Conv3d):
    """Conv3d with padding "same" as TensorFlow has it, "valid", "symmetric", or numbers."""

    def __init__(self, in_channels, out_channels, kernel_size, padding="same", **options):
        super().__init__(in_channels, out_channels, kernel_size, **options)
        self.pads = padding

    def padded(self, x):
        return pad_window(x, self.kernel_size, self.stride, self.dilation, self.pads)

    def forward(self, x):
        return super().forward(self.padded(x))


def standardized(weight):
    """Filters with mean 0 and variance 1."""
    axes = tuple(range(1, weight.ndim))
    variance, mean = torch.var_mean(weight, axes, correction=0, keepdim=True)
    return (weight - mean) * torch.rsqrt(variance + 1e-6)


class StandardizedConv1d(PaddedConv1d):
    """Convolution by filters of mean 0 and variance 1 (Qiao et al., 2019, arXiv:1903.10520)."""

    def __init__(self, in_channels, out_channels, kernel_size, standardize=True, **options):
        super().__init__(in_channels, out_channels, kernel_size, **options)
        self.standardize = standardize

    def forward(self, x):
        weight = standardized(self.weight) if self.standardize else self.weight
        return self._conv_forward(self.padded(x), weight, self.bias)


class StandardizedConv2d(PaddedConv2d):
    """Convolution by filters of mean 0 and variance 1 (Qiao et al., 2019, arXiv:1903.10520)."""

    def __init__(self, in_channels, out_channels, kernel_size, standardize=True, **options):
        super().__init__(in_channels, out_channels, kernel_size, **options)
        self.standardize = standardize

    def forward(self, x):
        weight = standardized(self.weight) if self.standardize else self.weight
        return self._conv_forward(self.padded(x), weight, self.bias)


class StandardizedConv3d(PaddedConv3d):
    """Convolution by filters of mean 0 and variance 1 (Qiao et al., 2019, arXiv:1903.10520)."""

    def __init__(self, in_channels, out_channels, kernel_size, standardize=True, **options):
        super().__init__(in_channels, out_channels, kernel_size, **options)
        self.standardize = standardize

    def forward(self, x):
        weight = standardized(self.weight) if self.standardize else self.weight
        return self._conv_forward(self.padded(x), weight, self.bias)


def transposed_cut(padding, kernel_size, stride, dilation):
    """What a transposed convolution cuts off, as F.pad takes it, and what it adds at the end."""
    reach = [(k - 1) * d + 1 for k, d in zip(kernel_size, dilation, strict=True)]
    beyond = [r - s for r, s in zip(reach, stride, strict=True)]
    added = tuple(max(-b, 0) for b in beyond)
    if padding == "same":
        padding = [(b // 2, b - b // 2) if b > 0 else 0 for b in beyond]
    elif padding == "symmetric":
        padding = [r // 2 for r in reach]
    elif padding == "valid":
        padding = 0
    return [-cut for cut in side_pads(padding, len(reach))], added


class PaddedConvTranspose1d(nn.ConvTranspose1d):
    """ConvTranspose1d that cuts off "same", so that side * stride is left, or any numbers."""

    def __init__(self, in_channels, out_channels, kernel_size, padding="same", **options):
        super().__init__(in_channels, out_channels, kernel_size, **options)
        self.cut, self.output_padding = transposed_cut(
            padding, self.kernel_size, self.stride, self.dilation
        )

    def forward(self, x):
        return F.pad(super().forward(x), self.cut)


class PaddedConvTranspose2d(nn.ConvTranspose2d):
    """ConvTranspose2d that cuts off "same", so that side * stride is left, or any numbers."""

    def __init__(self, in_channels, out_channels, kernel_size, padding="same", **options):
        super().__init__(in_channels, out_channels, kernel_size, **options)
        self.cut, self.output_padding = transposed_cut(
            padding, self.kernel_size, self.stride, self.dilation
        )

    def forward(self, x):
        return F.pad(super().forward(x), self.cut)


class PaddedConvTranspose3d(nn.ConvTranspose3d):
    """ConvTranspose3d that cuts off "same", so that side * stride is left, or any numbers."""

    def __init__(self, in_channels, out_channels, kernel_size, padding="same", **options):
        super().__init__(in_channels, out_channels, kernel_size, **options)
        self.cut, self.output_padding = transposed_cut(
            padding, self.kernel_size, self.stride, self.dilation
        )

    def forward(self, x):
        return F.pad(super().forward(x), self.cut)


class PaddedMaxPool(nn.Module):
    """Max pooling with padding "same" as TensorFlow has it, "valid", "symmetric", or numbers."""

    def __init__(self, kernel_size, stride=None, padding="same"):
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding

    def forward(self, x):
        pool = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[x.ndim - 3]
        x = pad_window(x, self.kernel_size, self.stride, 1, self.padding, -torch.inf)
        return pool(x, self.kernel_size, self.stride)


class PaddedAvgPool(nn.Module):
    """Average pooling with padding "same", "valid", "symmetric", or numbers, which never counts."""

    def __init__(self, kernel_size, stride=None, padding="same"):
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding

    def forward(self, x):
        share = torch.ones_like(x[:1, :1])
        return self.pooled(x) / self.pooled(share)

    def pooled(self, x):
        pool = (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d)[x.ndim - 3]
        x = pad_window(x, self.kernel_size, self.stride, 1, self.padding)
        return pool(x, self.kernel_size, self.stride)


class GlobalAvgPool(nn.Module):
    """The mean of each channel over all positions."""

    def __init__(self, keepdims=False):
        super().__init__()
        self.keepdims = keepdims

    def forward(self, x):
        return x.mean(tuple(range(2, x.ndim)), keepdim=self.keepdims)


class GlobalMaxPool(nn.Module):
    """The largest value of each channel over all positions."""

    def __init__(self, keepdims=False):
        super().__init__()
        self.keepdims = keepdims

    def forward(self, x):
        return x.amax(tuple(range(2, x.ndim)), keepdim=self.keepdims)


class Dense(nn.Linear):
    """Linear over the channels, the same at every position."""

    def forward(self, x):
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


class BatchNorm(nn.Module):
    """Batch normalization with any number of sides, with or without a learned scale and offset."""

    def __init__(self, channels, eps=1e-5, momentum=0.1, scale=True, center=True):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.weight = nn.Parameter(torch.ones(channels)) if scale else None
        self.bias = nn.Parameter(torch.zeros(channels)) if center else None
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x):
        statistics = self.running_mean, self.running_var
        affine = self.weight, self.bias
        return F.batch_norm(x, *statistics, *affine, self.training, self.momentum, self.eps)


class LayerNorm(nn.Module):
    """Layer normalization of the channels of each position."""

    def __init__(self, channels, eps=1e-5, scale=True, center=True):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(channels)) if scale else None
        self.bias = nn.Parameter(torch.zeros(channels)) if center else None

    def forward(self, x):
        x = x.movedim(1, -1)
        x = F.layer_norm(x, x.shape[-1:], self.weight, self.bias, self.eps)
        return x.movedim(-1, 1)


class GroupNorm(nn.Module):
    """Group normalization with or without a learned scale and offset."""

    def __init__(self, groups, channels, eps=1e-5, scale=True, center=True):
        super().__init__()
        self.groups = groups
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(channels)) if scale else None
        self.bias = nn.Parameter(torch.zeros(channels)) if center else None

    def forward(self, x):
        # PyTorch cannot go backward through a bias without a weight.
        x = F.group_norm(x, self.groups, self.weight, eps=self.eps)
        return x if self.bias is None else x + self.bias.reshape(-1, *[1] * (x.ndim - 2))


class Rescale(nn.Module):
    """x * scale + offset."""

    def __init__(self, scale=1.0, offset=0.0):
        super().__init__()
        self.scale = scale
        self.offset = offset

    def forward(self, x):
        return x * self.scale + self.offset


class Normalize(nn.Module):
    """(x - mean) / sqrt(variance) of each channel, by a number for all or one for each."""

    def __init__(self, mean, variance):
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean), persistent=False)
        self.register_buffer("deviation", torch.tensor(variance).sqrt(), persistent=False)

    def forward(self, x):
        sides = [1] * (x.ndim - 2)
        return (x - self.mean.reshape(-1, *sides)) / self.deviation.reshape(-1, *sides)


class LearnedNormalize(nn.Module):
    """(x - mean) / sqrt(variance) of each channel, by statistics that come with the weights."""

    def __init__(self, channels):
        super().__init__()
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("variance", torch.ones(channels))
        self.register_buffer("count", torch.tensor(0))

    def forward(self, x):
        sides = [1] * (x.ndim - 2)
        deviation = self.variance.sqrt().clamp(min=1e-7)
        return (x - self.mean.reshape(-1, *sides)) / deviation.reshape(-1, *sides)


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


class DropPath(nn.Module):
    """Leaves out the whole tensor of a sample with this probability (stochastic depth)."""

    def __init__(self, rate):
        super().__init__()
        self.rate = rate

    def forward(self, x):
        if not self.training:
            return x
        samples = x.new_ones(x.shape[0], *[1] * (x.ndim - 1))
        return x * F.dropout(samples, self.rate)


class LayerScale(nn.Module):
    """Each channel times a learned number."""

    def __init__(self, channels, init=1e-6):
        super().__init__()
        self.gamma = nn.Parameter(init * torch.ones(channels))

    def forward(self, x):
        return x * self.gamma.reshape(-1, *[1] * (x.ndim - 2))


class ZeroPad(nn.Module):
    """Zeros around the sides, n or (before, after) for each, and around the channels."""

    def __init__(self, padding=0, channels=(0, 0)):
        super().__init__()
        self.padding = padding
        self.channels = channels

    def forward(self, x):
        return F.pad(x, [*side_pads(self.padding, x.ndim - 2), *self.channels])


class Crop(nn.Module):
    """Cuts off the sides n, or n or (before, after) for each."""

    def __init__(self, cropping):
        super().__init__()
        self.cropping = cropping

    def forward(self, x):
        return F.pad(x, [-cut for cut in side_pads(self.cropping, x.ndim - 2)])


class Flatten(nn.Module):
    """All values as one vector, in the order of a tensor with the channels last."""

    def forward(self, x):
        return x.movedim(1, -1).flatten(1)


class Reshape(nn.Module):
    """Another shape, in the order of a tensor with the channels last, as the shape has them."""

    def __init__(self, shape):
        super().__init__()
        self.shape = shape

    def forward(self, x):
        return x.movedim(1, -1).reshape(x.shape[0], *self.shape).movedim(-1, 1)


class ChannelShuffle(nn.Module):
    """Deals out the channels of groups in turn."""

    def __init__(self, groups):
        super().__init__()
        self.groups = groups

    def forward(self, x):
        return x.unflatten(1, (self.groups, -1)).transpose(1, 2).flatten(1, 2)


class Slice(nn.Module):
    """A stretch of one axis."""

    def __init__(self, dim, start=0, stop=None):
        super().__init__()
        self.index = (*[slice(None)] * dim, slice(start, stop))

    def forward(self, x):
        return x[self.index]


class Chunk(nn.Module):
    """One of the equal parts of an axis."""

    def __init__(self, dim, part, of):
        super().__init__()
        self.dim = dim
        self.part = part
        self.of = of

    def forward(self, x):
        return x.chunk(self.of, self.dim)[self.part]


class Attention(nn.Module):
    """Multi-head self-attention on tokens (N, C, L)."""

    def __init__(self, channels, heads, bias=True):
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(channels, channels, bias)
        self.key = nn.Linear(channels, channels, bias)
        self.value = nn.Linear(channels, channels, bias)
        self.output = nn.Linear(channels, channels, bias)

    def forward(self, x):
        x = x.transpose(1, 2)
        query, key, value = (self.split(f(x)) for f in (self.query, self.key, self.value))
        x = F.scaled_dot_product_attention(query, key, value)
        return self.output(x.transpose(1, 2).flatten(2)).transpose(1, 2)

    def split(self, x):
        return x.unflatten(2, (self.heads, -1)).transpose(1, 2)


class ClassToken(nn.Module):
    """One learned token before all others: (N, C, L) to (N, C, L + 1)."""

    def __init__(self, channels):
        super().__init__()
        self.token = nn.Parameter(torch.zeros(channels, 1))

    def forward(self, x):
        return torch.cat([self.token.expand(x.shape[0], -1, -1), x], dim=2)


class PositionEmbedding(nn.Module):
    """Adds a learned array to tokens (N, C, L)."""

    def __init__(self, tokens, channels):
        super().__init__()
        self.embeddings = nn.Parameter(0.02 * torch.randn(tokens, channels))

    def forward(self, x):
        return x + self.embeddings.T
