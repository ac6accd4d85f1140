"""iTIP (RFC 5546): the messages to send and the effect of replies; values in, values out."""
