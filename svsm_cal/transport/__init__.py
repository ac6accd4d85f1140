"""Bytes out and bytes in: SMTP, mailboxes, chat. Decides nothing."""
