"""Minutes of calls: from Markdown to values, findings and suggestions; text in, values out."""
