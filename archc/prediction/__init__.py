"""Images classified by a network: preprocessed as its spec says, the classes with their names.

Nothing of a framework is loaded before `predict` is called.
"""

from archc.prediction.images import read_images
from archc.prediction.labels import imagenet_labels, read_labels
from archc.prediction.predict import Guess, predict
from archc.prediction.preprocessing import Preprocessing, preprocessing_of

__all__ = [
    "Guess",
    "Preprocessing",
    "imagenet_labels",
    "predict",
    "preprocessing_of",
    "read_images",
    "read_labels",
]
