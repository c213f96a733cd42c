"""The invigilator's console: a terminal program that speaks HTTPS (or a Unix socket) to the box."""
