"""The pure core: the model, occurrences, shift windows, deadlines and changes, without I/O and clock."""
