"""Answers and bounces that come by mail."""
