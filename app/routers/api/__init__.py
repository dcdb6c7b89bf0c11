"""The JSON API /api/v1: an application of its own inside the house, so that every answer of it is JSON, errors too."""
