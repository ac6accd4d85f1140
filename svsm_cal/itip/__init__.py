"""iTIP (RFC 5546): what to announce and how to take an answer; values in, values out."""
