"""What people see: terminal text, JSON records, the site, mails and chat messages; values in, values out."""
