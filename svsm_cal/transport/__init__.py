"""Connections to the outside: SMTP, mailboxes, chats, object stores. Makes no decisions."""
