"""Files of rows in and out: import, export and sync of the records of one model."""
