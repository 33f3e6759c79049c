"""The targets: what a graph becomes outside archc. One folder each."""
