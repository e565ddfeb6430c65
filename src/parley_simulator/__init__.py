"""A Sinch on your desk: both messaging APIs, their callbacks, and phones to play the customer on.

It shares no code with the server it tests. Facts come from `reference/sinch.md`; a comment names the section.
"""
