"""A module of mine."""
