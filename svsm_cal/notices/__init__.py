"""Notices: what people have to be told about calls, clock changes and deadlines; values in, values out."""
