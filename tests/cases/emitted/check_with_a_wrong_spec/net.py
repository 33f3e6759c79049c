"""spec.

Emitted by archc 0.1.0: archc emit spec.yaml --to python
Spec: sha256 75aadd4c6ba6e0d4. This file: sha256 1f5f3e3a0f7a9e55."""

EDITED = True
