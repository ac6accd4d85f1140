"""iCalendar (RFC 5545 and RFC 5546): feeds and invites as bytes; published feeds and replies as values; lint."""
