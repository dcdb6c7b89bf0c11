"""The mailbox to which answers and delivery reports come, and what a received mail says."""
