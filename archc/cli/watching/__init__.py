"""`archc watch`: a spec looked at anew on every save, against the last good one."""
