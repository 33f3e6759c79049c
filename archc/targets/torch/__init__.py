"""PyTorch as a target: emitted source, and the modules that it needs besides `torch.nn`."""
