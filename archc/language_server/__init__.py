"""A language server for specs: what an editor shows while one is written.

All but `server` is pure: documents in, answers out, in offsets of the text.
"""
