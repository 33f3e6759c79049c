"""What `archc sweep` and `archc solve` show and write."""
