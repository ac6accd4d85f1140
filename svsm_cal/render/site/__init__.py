"""The site for readers: the content of its pages, their templates, style sheet and script.

Templates are Jinja2's, with all texts escaped. Each page is complete without its script, which only replaces the calendar's
clock by the reader's own. Nothing is loaded from other sites, and pages contain no scripts and styles.
"""
