"""Reading a call's minutes: Markdown to values and suggestions; values in, values out."""
