"""The site that people look at: what its pages show, their templates, style sheet and script.

Templates are Jinja2's, with every text escaped; each page is complete and right without its script, which only puts the
reader's own clock in place of the calendar's. Nothing is asked of any other site, and no script or style stands in a page.
"""
