"""Builders and servers that several rooms' tests share."""
