"""The Keras target. Importing it loads no Keras; building does."""

from archc.targets.keras.build import build
from archc.targets.keras.lowered import custom_layers
from archc.targets.keras.runtime import load_keras
from archc.targets.keras.save import check_target, read_provenance, save

__all__ = ["build", "check_target", "custom_layers", "load_keras", "read_provenance", "save"]
